//! Whether an object is taken from the one who sends it, and under which label. The light half of judging: it needs
//! the directory and what is held of markings, and is done again when those change.

use model::{Audience, CollectionId, Label, MemberId, Origin, Timestamp, Tlp};
use store::record::{Index, NewStatement, ObjectKey};

use super::audience::{Within, attributed, fits};
use super::filter::{Facts, Predicate, shown_source};
use super::marking::{Marked, Restriction};
use super::parts;
use super::reading::Reading;
use super::unnamed::Unnamed;

/// How far in the future a version may lie, in seconds: a day, for clocks and time zones.
const AHEAD_S: i64 = 86_400;

/// A collection as far as judging goes.
#[derive(Debug, Clone, Copy)]
pub struct Through<'a> {
    /// Its id.
    pub id: CollectionId,
    /// Its title, for messages.
    pub title: &'a str,
    /// Its filter as written, for messages.
    pub filter: &'a str,
    /// What is in it.
    pub predicate: &'a Predicate,
    /// Nothing above this label is in it.
    pub ceiling: Tlp,
}

/// All that a decision looks at beside the object.
pub struct Context<'a> {
    /// Whose statement it is; the alias of the member where it is said without a name.
    pub source: MemberId,
    /// It is said without a name, on these terms.
    pub unnamed: Option<&'a Unnamed>,
    /// Under what is kept that the member says without its name.
    pub alias: Option<MemberId>,
    /// The time.
    pub now: Timestamp,
    /// The label of what brings no TLP.
    pub default_label: Tlp,
    /// The highest label that the sender may write.
    pub ceiling: Tlp,
    /// Only sightings and observations are taken from him.
    pub observations_only: bool,
    /// The collection that he sends it through.
    pub through: Option<Through<'a>>,
    /// Every collection with a filter.
    pub filtered: &'a [(CollectionId, &'a Predicate)],
    /// The member that a STIX identity is bound to.
    pub bound_to: &'a dyn Fn(&str) -> Option<MemberId>,
    /// Whom it is for beside its TLP.
    pub audience: &'a Audience,
    /// The circles among those.
    pub circles: &'a [Within],
    /// Among those that it names, in person or in a circle too, is a client that is no member in its own right.
    pub names_clients: bool,
    /// Under which labels others said something under this id, as far as the sender sees it, and the member itself without its
    /// name where this is by name; circles as they are now.
    pub said: &'a dyn Fn(&ObjectKey) -> &'a [Label],
    /// Whether this takes back what the source said to these circles, and says nothing else; asked where a policy is against it.
    pub takes_back: &'a dyn Fn(&Reading) -> bool,
    /// What a marking definition asks for, if the source said it before.
    pub held: &'a dyn Fn(&str) -> Option<Restriction>,
}

/// What an object is, for the one who sends it.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Its label.
    pub marked: Marked,
    /// Other members that its id, or its author, is bound to: for them it speaks, and it is a claim. None where it is the
    /// source's, or nobody's.
    pub speaks_for: Vec<MemberId>,
    /// The source is bound to its author.
    pub bound: bool,
    /// The filtered collections that it belongs to.
    pub collections: Vec<CollectionId>,
}

impl Context<'_> {
    /// The label of what is marked so.
    #[must_use]
    pub fn label(&self, marked: &Marked) -> Label {
        let label = marked.label(self.source).to(self.audience.clone());
        match self.unnamed {
            Some(unnamed) => Label { origin: Origin::Withheld, sector: unnamed.sector.clone(), ..label },
            None => label,
        }
    }
}

/// The TLP that an object has in this context.
#[must_use]
pub fn label(reading: &Reading, context: &Context<'_>) -> Marked {
    let marked = reading.markings.amount_to(context.default_label, context.held);
    if reading.markings.carried_named && context.audience.is_everybody() {
        // Where it comes from it was for some by name, who are not known here.
        return Marked { tlp: Tlp::Red, parts: None, by_default: false, ..marked };
    }
    marked
}

/// Decides on an object that conforms.
///
/// # Errors
/// Why it is not taken, in words for the one who sent it.
pub fn decide(reading: &Reading, context: &Context<'_>) -> Result<Decision, String> {
    if context.observations_only && !reading.observation {
        return Err(format!(
            "a sensor says sightings, observed data and observables, not `{}`",
            reading.object.kind
        ));
    }
    if reading.version.is_some_and(|version| version > context.now.plus_seconds(AHEAD_S)) {
        let text = reading.version_text.as_deref().unwrap_or_default();
        return Err(format!("its version `{text}` lies more than a day in the future"));
    }
    if let Some(name) = context.unnamed.and_then(|unnamed| unnamed.named_in(reading)) {
        return Err(format!("it names `{name}`, and is to be said without that name"));
    }
    let marked = label(reading, context);
    if marked.strictest() > context.ceiling {
        return Err(format!(
            "{} above {}, the highest label that this token writes",
            why(&marked, context.ceiling),
            context.ceiling
        ));
    }
    let own = context.label(&marked);
    let said = (context.said)(&reading.object);
    if reading.version.is_some() && said.iter().any(|label| context.alias == Some(label.author)) {
        return Err(
            "this member said something under its id without its name, and would be known by this".to_owned()
        );
    }
    // An observable has the id that anybody gives it who knows of it by himself.
    if reading.version.is_some()
        && let Some(why) = said_for_fewer(said, &own, context.names_clients)
    {
        return Err(why);
    }
    let tags = reading.index.tags.iter().map(String::as_str);
    fits(&marked, tags, context.audience, context.circles)?;
    // It is said as what it takes back was, whatever a policy says by now.
    if let Err(why) = attributed(context.circles, own.origin)
        && !(context.takes_back)(reading)
    {
        return Err(why);
    }
    let facts = Facts {
        kind: &reading.object.kind,
        source: shown_source(&own),
        author: reading.author.as_deref(),
        pattern_type: reading.pattern_type.as_deref(),
        tlp: marked.tlp,
        via: context.through.map(|through| through.id),
    };
    if let Some(through) = context.through {
        if marked.strictest() > through.ceiling {
            let (why, ceiling) = (why(&marked, through.ceiling), through.ceiling);
            return Err(format!("{why} above {ceiling}, the ceiling of the collection `{}`", through.title));
        }
        if !through.predicate.matches(&facts) {
            return Err(format!(
                "the collection `{}` holds only what its filter lets through: {}",
                through.title, through.filter
            ));
        }
    }
    let inside = context.filtered.iter().filter(|(_, predicate)| predicate.matches(&facts));
    let collections = inside.map(|(id, _)| *id).collect();
    let (speaks_for, bound) = ownership(reading, context);
    Ok(Decision { speaks_for, bound, marked, collections })
}

// For which other members it speaks, and whether the source is bound to its author. An identity that is bound to a member is
// that member's, whoever its author is said to be.
fn ownership(reading: &Reading, context: &Context<'_>) -> (Vec<MemberId>, bool) {
    let own_id = (reading.object.kind == "identity").then(|| reading.object.to_string());
    let mut said: Vec<MemberId> = [own_id.as_deref(), reading.author.as_deref()]
        .into_iter()
        .flatten()
        .filter_map(|identity| (context.bound_to)(identity))
        .collect();
    let is_said = !said.is_empty();
    said.retain(|member| *member != context.source);
    let bound = is_said && said.is_empty();
    (said, bound)
}

/// Why something is not said under a label: others said it for fewer, as the one who says it sees. Of several the strictest
/// is told, since their order comes from what they said first.
pub fn said_for_fewer(said: &[Label], own: &Label, names_clients: bool) -> Option<String> {
    let is_wider = |label: &&Label| !is_for_no_more(own, names_clients, label);
    let wide = said.iter().filter(is_wider).max_by_key(|label| label.tlp)?;
    let tlp = wide.tlp;
    Some(format!("another member said it under {tlp}, as this token sees, for fewer than this would be for"))
}

/// Whether nobody sees what is under a label who does not see what is under another. What names nobody is for members in their own
/// right, so what names a client beside them ([`Context::names_clients`]) is not within it.
pub fn is_for_no_more(own: &Label, names_clients: bool, other: &Label) -> bool {
    let is_beyond = names_clients && other.recipients.is_empty() && other.tlp != Tlp::Clear;
    !is_beyond && own.is_within(other)
}

fn why(marked: &Marked, ceiling: Tlp) -> String {
    match (&marked.missing, marked.by_default) {
        (Some(id), _) if marked.tlp <= ceiling => format!(
            "parts of it refer to `{id}`, which is not held here and counts as {} until it arrives,",
            Tlp::Red
        ),
        (None, _) if marked.tlp <= ceiling => format!("parts of it are {},", marked.strictest()),
        (Some(id), _) => format!(
            "it refers to `{id}`, which is not held here and counts as {} until it arrives,",
            marked.tlp
        ),
        (None, true) => format!("it brings no TLP and would be {},", marked.tlp),
        (None, false) => format!("it is {},", marked.tlp),
    }
}

/// Makes the statement that is sequenced.
#[must_use]
pub fn statement(mut reading: Reading, decision: Decision, context: &Context<'_>) -> NewStatement {
    let label = context.label(&decision.marked);
    NewStatement {
        index: index(&mut reading, &label),
        object: reading.object,
        version: reading.version,
        version_text: reading.version_text,
        author: reading.author,
        owned: decision.speaks_for.is_empty(),
        speaks_for: decision.speaks_for,
        bound: decision.bound,
        pattern_type: reading.pattern_type,
        revoked: reading.revoked,
        label,
        media: reading.media,
        body: reading.body,
        wire: reading.wire,
        collections: decision.collections,
        waits_for: match &decision.marked.missing {
            Some(_) => reading.markings.to_look_for().filter_map(ObjectKey::parse).collect(),
            None => Vec::new(),
        },
    }
}

fn index(reading: &mut Reading, label: &Label) -> Index {
    if label.parts.is_none() {
        return std::mem::take(&mut reading.index);
    }
    let served = reading.wire.as_deref().unwrap_or(&reading.body);
    let object = strictjson::parse(served, &strictjson::Limits::default());
    object.map(|object| parts::index_of(served, &object, label)).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::core::filter;
    use crate::core::reading::read;
    use uuid::Uuid;

    const NOW: &str = "2026-09-01T00:00:00Z";
    const US: MemberId = MemberId(Uuid::from_u128(1));
    const THEM: MemberId = MemberId(Uuid::from_u128(2));
    const OURS: &str = "identity--00000000-0000-4000-8000-000000000001";
    const THEIRS: &str = "identity--00000000-0000-4000-8000-000000000002";
    const RED: &str =
        ",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"]";
    const TERMS: &str =
        ",\"object_marking_refs\":[\"marking-definition--00000000-0000-4000-8000-000000000009\"]";

    fn reading(kind: &str, modified: &str, rest: &str) -> Reading {
        let text = format!(
            "{{\"type\":\"{kind}\",\"spec_version\":\"2.1\",\"id\":\"{kind}--00000000-0000-4000-8000-000000000001\",\
             \"created\":\"2020-01-01T00:00:00.000Z\",\"modified\":\"{modified}\",\"name\":\"n\"{rest}}}"
        );
        read(text.as_bytes(), None).unwrap().remove(0)
    }

    // What is decided: the label, whether it is owned and bound, and in how many of two collections it is.
    fn decided(
        reading: &Reading,
        filter: &str,
        change: impl FnOnce(&mut Context<'_>),
    ) -> Result<String, String> {
        let id = |n| CollectionId(Uuid::from_u128(n));
        let predicate = |filter: &str, n| filter::parse(filter).unwrap().compile(id(n), |_| None).unwrap();
        let (tools, reds, own) =
            (predicate("type = tool", 7), predicate("label = red", 8), predicate(filter, 9));
        let filtered = [(id(7), &tools), (id(8), &reds)];
        let bound_to = |identity: &str| match identity {
            OURS => Some(US),
            THEIRS => Some(THEM),
            _ => None,
        };
        let mut context = Context {
            source: US,
            unnamed: None,
            alias: None,
            now: NOW.parse().unwrap(),
            default_label: Tlp::Amber,
            ceiling: Tlp::Red,
            observations_only: false,
            through: None,
            filtered: &filtered,
            bound_to: &bound_to,
            audience: &Audience::default(),
            circles: &[],
            said: &|_| &[],
            names_clients: false,
            takes_back: &|_| false,
            held: &|_| None,
        };
        if !filter.is_empty() {
            context.through =
                Some(Through { id: id(9), title: "Nine", filter, predicate: &own, ceiling: Tlp::Green });
        }
        change(&mut context);
        decide(reading, &context).map(|decision| {
            let flags = (decision.speaks_for.is_empty(), decision.bound, decision.collections.len());
            format!("{} {flags:?}", decision.marked.tlp)
        })
    }

    #[test]
    fn decisions() {
        let old = "2026-01-01T00:00:00.000Z";
        let by = |identity: &str| format!(",\"created_by_ref\":\"{identity}\"");
        let nothing = |_: &mut Context<'_>| {};
        for (kind, modified, rest, filter, expected) in [
            ("tool", old, "", "", "TLP:AMBER (true, false, 1)"),
            ("tool", old, RED, "", "TLP:RED (true, false, 2)"),
            ("tool", old, TERMS, "", "TLP:RED (true, false, 2)"),
            ("tool", old, &*by(OURS), "", "TLP:AMBER (true, true, 1)"),
            ("tool", old, &*by(THEIRS), "", "TLP:AMBER (false, false, 1)"),
            ("tool", old, &*by(&OURS.replace("01", "77")), "", "TLP:AMBER (true, false, 1)"),
            ("identity", old, "", "", "TLP:AMBER (true, true, 0)"),
            ("identity", old, &*by(THEIRS), "", "TLP:AMBER (false, false, 0)"),
            ("tool", "2026-09-02T00:00:00.000Z", "", "", "TLP:AMBER (true, false, 1)"),
            ("tool", "2026-09-02T00:00:00.000001Z", "", "", "more than a day in the future"),
            (
                "tool",
                old,
                "",
                "type = tool",
                "would be TLP:AMBER, above TLP:GREEN, the ceiling of the collection",
            ),
            ("tool", old, TERMS, "type = tool", "counts as TLP:RED until it arrives, above"),
        ] {
            let found = decided(&reading(kind, modified, rest), filter, nothing).unwrap_or_else(|why| why);
            assert!(found.contains(expected), "{kind} {rest} {filter}: {found}");
        }
    }

    #[test]
    fn of_what_others_said_for_fewer_the_strictest_is_told() {
        let tool = reading("tool", "2026-01-01T00:00:00.000Z", "");
        let label = |tlp| {
            let recipients = model::Recipients { members: vec![US], ..model::Recipients::default() };
            Label { recipients, ..Label::new(THEM, tlp) }
        };
        for (one, other) in [(Tlp::Green, Tlp::Amber), (Tlp::Amber, Tlp::Green)] {
            // A context may borrow from anywhere, so from here it borrows for good.
            let said: &'static [Label] = Box::leak(Box::new([label(one), label(other)]));
            let why = decided(&tool, "", |context| {
                context.default_label = Tlp::Clear;
                context.said = Box::leak(Box::new(move |_: &ObjectKey| said));
            });
            assert!(why.unwrap_err().contains("under TLP:AMBER"));
        }
    }

    #[test]
    fn decisions_on_who_sends_and_through_what() {
        let tool = reading("tool", "2026-01-01T00:00:00.000Z", "");
        let why =
            |filter: &str, change: &dyn Fn(&mut Context<'_>)| decided(&tool, filter, change).unwrap_err();
        assert!(why("", &|context| context.observations_only = true).contains("a sensor says"));
        assert!(
            why("", &|context| context.ceiling = Tlp::Green).contains("the highest label that this token")
        );
        let green = |context: &mut Context<'_>| context.default_label = Tlp::Green;
        assert!(why("type = malware", &green).contains("lets through: type = malware"));
        assert_eq!(decided(&tool, "via = this", green), Ok("TLP:GREEN (true, false, 1)".to_owned()));
    }
}
