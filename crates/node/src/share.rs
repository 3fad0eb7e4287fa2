//! Sharing: whatever somebody has is understood, looked at before it leaves, and told to whom it would go.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use model::observable::{Kind as ValueKind, Observable};
use model::{MemberId, Origin, Tlp};
use store::find::Keys;

use crate::core::assets::Assets;
use crate::core::offered::{Context, Format, Offered, is_everybodys, is_suffix, offered};
use crate::core::sensitive::{Class, veiled};
use crate::directory::signed_in;
use crate::{Caller, Error, ImportEvent, ImportOptions, Kind, Node, Share, views};

/// Values that are told.
const TOLD: usize = 10_000;
/// Values of which it is looked up who said them.
const LOOKED_UP: usize = 1_000;
/// Statements of one value that are looked at.
const MOST: usize = 100;
/// Values that an alarm names.
const NAMED: usize = 20;
/// Labels of which it is told who would see what bears them.
const LABELS: usize = 20;
/// Refused objects that are told.
const REFUSED: usize = 20;

/// What is said of the values already.
#[derive(Debug, Default)]
struct Already {
    said: views::SaidAlready,
    revoked: BTreeSet<String>,
    /// Under a stricter label than is asked for.
    stricter: BTreeMap<String, Tlp>,
}

impl Node {
    /// Shares what somebody has: STIX, CSV, a list, or running text with values in it. What others said of it already, what
    /// to look at before it leaves, who would see it and what the import makes of it are told; with `dry_run` that is
    /// all. Nothing of it changes what others said: each value is the caller's member's own word.
    ///
    /// # Errors
    /// As [`Node::preview`] and [`Node::import`]; [`Kind::Invalid`] for what has no value in it, and for values without a word
    /// about what they are.
    pub fn share(&self, caller: &Caller, asked: &Share, input: &[u8]) -> Result<views::Shared, Error> {
        let own = signed_in(caller)?;
        let preview = self.preview(caller, &asked.label)?;
        let context = Context {
            description: asked.description.as_deref(),
            about: &asked.about,
            reference: asked.reference.as_deref(),
        };
        let found = offered(input, context).map_err(|why| Error::new(Kind::Invalid, why))?;
        if found.bare > 0 && found.format != Format::Stix {
            let error = Error::new(Kind::Invalid, "values need a word about what they are");
            return Err(error.hint(
                "say how they are known with `--description`, and what they are about with `--about`",
            ));
        }
        let tlp = asked.label.tlp.unwrap_or(self.settings().default_label);
        let already = self.said_already(caller, own, tlp, &found.values)?;
        let alarms = self.alarms(&found, &already, tlp, self.roster().assets_of(own));
        let labels = self.by_label(caller, own, asked, &found)?;
        let (summary, refused) = self.import_offered(caller, asked, &found)?;
        // What is known of these objects says more than what is of the label.
        let preview = views::Preview { waiting: None, ..preview };
        Ok(views::Shared {
            dry_run: asked.dry_run,
            format: found.format.name(),
            values: found.values.iter().take(TOLD).map(|value| value.text().to_owned()).collect(),
            said: already.said,
            alarms,
            preview,
            labels,
            summary,
            refused,
        })
    }

    fn import_offered(
        &self,
        caller: &Caller,
        asked: &Share,
        found: &Offered,
    ) -> Result<(views::ImportSummary, Vec<views::Outcome>), Error> {
        let options = options(asked, found);
        let mut refused = Vec::new();
        let summary =
            self.import(caller, &options, &mut found.bytes.as_slice(), &mut |event| match event {
                ImportEvent::Outcome(outcome) if outcome.state == "rejected" && refused.len() < REFUSED => {
                    refused.push(outcome);
                }
                _ => {}
            })?;
        Ok((summary, refused))
    }

    // Objects carry markings of their own: who would see each is told by label before it leaves, where there are others than the
    // one that is asked for.
    fn by_label(
        &self,
        caller: &Caller,
        own: MemberId,
        asked: &Share,
        found: &Offered,
    ) -> Result<Vec<views::SharedLabel>, Error> {
        if !asked.dry_run || found.format != Format::Stix {
            return Ok(Vec::new());
        }
        let labels = self.labels_of(caller, &options(asked, found), &found.bytes)?;
        let tlp = asked.label.tlp.unwrap_or(self.settings().default_label);
        if labels.keys().all(|label| label.tlp == tlp) {
            return Ok(Vec::new());
        }
        let told = labels.into_iter().take(LABELS).map(|(label, objects)| views::SharedLabel {
            objects,
            preview: self.preview_of(caller, own, &label),
        });
        Ok(told.collect())
    }

    // What is on a warning list is said by everybody, and is told as that alone. Whoever shares and may not read is told nothing.
    fn said_already(
        &self,
        caller: &Caller,
        own: MemberId,
        tlp: Tlp,
        values: &[Observable],
    ) -> Result<Already, Error> {
        let mut already = Already::default();
        if Node::allowed(caller, &model::Action::Read).is_err() {
            return Ok(already);
        }
        let reading = self.reading(caller)?;
        let visible = &reading.sight.visible;
        let mut by: BTreeMap<Option<MemberId>, u64> = BTreeMap::new();
        let lists = self.warning_lists();
        for value in values.iter().take(LOOKED_UP) {
            already.said.of += 1;
            if !lists.of(value).is_empty() {
                continue;
            }
            let mut positions = Vec::new();
            reading.snapshot.mentions(visible, Keys::One(value.key()), &mut |_, hit| {
                positions.push((hit.position, hit.revoked));
                if positions.len() < MOST { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
            })?;
            let mut sources = BTreeSet::new();
            for (position, revoked) in positions {
                reading.snapshot.entry(visible, position, &mut |entry| {
                    let Some(label) = reading.sight.label(entry.label) else { return };
                    reading.lends(entry);
                    let told = label.origin == Origin::Shown || label.author == own;
                    sources.insert(told.then_some(entry.source));
                    if revoked {
                        already.revoked.insert(value.text().to_owned());
                    } else if label.tlp > tlp {
                        let stricter = already.stricter.entry(value.text().to_owned()).or_insert(label.tlp);
                        *stricter = label.tlp.max(*stricter);
                    }
                })?;
            }
            already.said.by_oneself += u64::from(sources.remove(&Some(own)));
            already.said.by_others += u64::from(!sources.is_empty());
            sources.into_iter().for_each(|source| *by.entry(source).or_default() += 1);
        }
        let by = by.into_iter().map(|(source, values)| views::SaidBy {
            source: source.map(|member| reading.roster.named(member)),
            values,
        });
        already.said.by = by.collect();
        self.lent(caller, "lookup", None, reading)?;
        Ok(already)
    }

    fn alarms(&self, found: &Offered, already: &Already, tlp: Tlp, own: &Assets) -> Vec<views::Alarm> {
        let texts = |of: fn(&Observable) -> bool| -> Vec<String> {
            let values = found.values.iter().filter(|value| of(value));
            values.map(|value| value.text().to_owned()).collect()
        };
        let lists = self.warning_lists();
        let on_list = |value: &Observable| {
            let names = lists.of(value).join(", ");
            (!names.is_empty()).then(|| format!("{} ({names})", value.text()))
        };
        let mut mails =
            texts(|value| matches!(value.kind(), ValueKind::Email | ValueKind::Phone | ValueKind::Iban));
        let of = |class: Class| {
            let of_class = found.sensitive.iter().filter(move |(rule, _)| rule.class == class);
            of_class.map(move |(rule, text)| match class {
                // What is told is kept: on terminals, in logs of clients.
                Class::Secret => format!("{} ({})", veiled(text), rule.name),
                _ => text.clone(),
            })
        };
        mails.extend(of(Class::Personal));
        let is_own = |value: &&Observable| own.hit(value).is_some();
        let owned = found.values.iter().filter(is_own).map(|value| value.text().to_owned());
        let stricter = already.stricter.iter().map(|(value, stands)| format!("{value} ({stands})"));
        let bare = vec![String::new(); if found.format == Format::Stix { found.bare } else { 0 }];
        let all = [
            ("own", owned.collect(), OWN.to_owned()),
            ("secret", of(Class::Secret).collect(), SECRET.to_owned()),
            ("reserved", texts(is_everybodys), RESERVED.to_owned()),
            ("public-suffix", texts(is_suffix), SUFFIX.to_owned()),
            ("warning-list", found.values.iter().filter_map(on_list).collect(), LISTED.to_owned()),
            ("personal-data", mails, PERSONAL.to_owned()),
            ("inside", of(Class::Inside).collect(), INSIDE.to_owned()),
            ("no-context", bare, BARE.to_owned()),
            ("revoked", already.revoked.iter().cloned().collect(), REVOKED.to_owned()),
            ("lower-label", stricter.collect(), format!("{tlp} is lower than what stands of these values")),
        ];
        let alarm = |(what, values, why): (&'static str, Vec<String>, String)| {
            let count = values.len() as u64;
            let named = values.into_iter().filter(|value| !value.is_empty()).take(NAMED);
            (count > 0).then(|| views::Alarm { what, count, why, values: named.collect() })
        };
        all.into_iter().filter_map(alarm).collect()
    }
}

fn options(asked: &Share, found: &Offered) -> ImportOptions {
    let format = if found.format == Format::Stix { "stix" } else { "csv" };
    ImportOptions {
        tlp: asked.label.tlp,
        to: asked.label.to.clone(),
        embargo: asked.label.embargo.clone(),
        format: Some(format.to_owned()),
        columns: found.columns.clone(),
        expire_s: asked.expire_s,
        dry_run: asked.dry_run,
        ..ImportOptions::default()
    }
}

const OWN: &str = "this is yours: your organisation declared it as its own";
const SECRET: &str = "keys, tokens, passwords: whoever reads them can use them";
const INSIDE: &str = "folders of users, names of hosts, private addresses: they tell of your inside";
const RESERVED: &str = "addresses and names that lead nowhere outside (private, reserved, for documentation; perhaps your own), or are everybody's";
const SUFFIX: &str = "names under which others' names stand: whoever blocks one blocks all of them";
const LISTED: &str = "on warning lists of this node: everybody's traffic has them";
const PERSONAL: &str =
    "about persons: addresses, phone numbers, numbers of accounts, cards and registers, names";
const BARE: &str =
    "indicators that say nothing of themselves and stand in no relation: readers cannot act on them";
const REVOKED: &str = "somebody said these and has revoked it";
