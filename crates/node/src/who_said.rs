//! Who else said a value, and when: from the inverted index, read through the gate, so that nothing is stored in pairs. What is
//! on a warning list is said by everybody and means nothing: it never leads from one to another.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;

use model::observable::Observable;
use model::{MemberId, Timestamp};
use store::find::Keys;
use store::record::ObjectKey;
use strictjson::Limits;

use crate::core::observables::observables;
use crate::reading::Reading;
use crate::{Error, Node, views};

/// Statements that are looked at for one value, the newest; that there are more is said.
const MOST: usize = 100;
/// Values of one object that are looked at.
const VALUES: usize = 20;

/// Whose statements, and what of them.
#[derive(Debug, Default)]
struct Said {
    objects: BTreeSet<String>,
    first: Option<Timestamp>,
    last: Option<Timestamp>,
}

/// What is told of it beside.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Beside<'k> {
    /// Nothing.
    Nothing,
    /// This object, which is left out.
    Object(&'k ObjectKey),
    /// All of it, which is counted as lent already.
    All,
}

impl Node {
    /// Who said a value, as far as this reader sees: each source with the number of its objects and the times of the first and the
    /// last, as he was told of them.
    pub(crate) fn who_said(
        &self,
        reading: &Reading,
        value: &Observable,
        beside: Beside<'_>,
    ) -> Result<views::WhoSaid, Error> {
        let lists = self.warning_lists().of(value);
        if !lists.is_empty() {
            let warning_lists = lists.into_iter().map(str::to_owned).collect();
            return Ok(views::WhoSaid { warning_lists, ..views::WhoSaid::default() });
        }
        let (mut positions, mut more) = (Vec::new(), false);
        reading.snapshot.mentions(&reading.sight.visible, Keys::One(value.key()), &mut |_, hit| {
            if matches!(beside, Beside::Object(key) if key.uuid == hit.uuid && key.kind == hit.kind) {
                return ControlFlow::Continue(());
            }
            if positions.len() == MOST {
                more = true;
                return ControlFlow::Break(());
            }
            positions.push(hit.position);
            ControlFlow::Continue(())
        })?;
        let mut by: BTreeMap<Option<MemberId>, Said> = BTreeMap::new();
        for position in positions {
            reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
                let Some(label) = reading.sight.label(entry.label) else { return };
                if !matches!(beside, Beside::All) {
                    reading.lends(entry);
                }
                let said = by.entry(reading.told(label)).or_default();
                said.objects.insert(format!("{}--{}", entry.kind, entry.uuid.hyphenated()));
                said.first = said.first.map_or(Some(entry.date_added), |at| Some(at.min(entry.date_added)));
                said.last = said.last.max(Some(entry.date_added));
            })?;
        }
        let mut said: Vec<(Option<MemberId>, Said)> = by.into_iter().collect();
        said.sort_by_key(|(_, said)| said.first);
        let time = |at: Option<Timestamp>| at.map(|at| at.to_string()).unwrap_or_default();
        let said = said.into_iter().map(|(source, said)| views::Saying {
            source: source.map(|member| reading.roster.named(member)),
            objects: said.objects.len() as u64,
            first: time(said.first),
            last: time(said.last),
        });
        Ok(views::WhoSaid { said: said.collect(), more, warning_lists: Vec::new() })
    }

    /// The same for each value that an object says, as far as anybody else says it or it is on a list.
    pub(crate) fn values_said_elsewhere(
        &self,
        reading: &Reading,
        key: &ObjectKey,
        wire: &[u8],
    ) -> Result<(Vec<views::ValueSaid>, bool), Error> {
        let Ok(object) = strictjson::parse(wire, &Limits::default()) else { return Ok((Vec::new(), false)) };
        let mentioned = observables(&object).observables;
        let mut told = Vec::new();
        for mention in mentioned.iter().take(VALUES) {
            let who = self.who_said(reading, &mention.observable, Beside::Object(key))?;
            if !who.said.is_empty() || !who.warning_lists.is_empty() {
                told.push(views::ValueSaid {
                    kind: mention.observable.kind().name().to_owned(),
                    value: mention.observable.text().to_owned(),
                    who,
                });
            }
        }
        Ok((told, mentioned.len() > VALUES))
    }
}
