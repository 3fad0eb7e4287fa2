//! Notes, opinions, tags, revocation.

use std::ops::ControlFlow;

use model::{Action, Label, MemberId, Tlp, may_act, may_see};
use store::record::ObjectKey;
use strictjson::Limits;

use crate::addressed::Addressed;
use crate::core::annotation::{Speaker, Subject, statement};
use crate::core::list_query::{id_text, object_key};
use crate::directory::{not_found, signed_in};
use crate::intake::{About, Intake};
use crate::reading::Reading;
use crate::submit::cut;
use crate::{Annotation, Caller, Error, ImportOptions, Kind, Node, Saying, random, views};

/// The object spoken of.
struct Spoken {
    source: MemberId,
    wire: Vec<u8>,
    label: Label,
    own: bool,
}

impl Node {
    /// Says something about an object, as the caller's member: a STIX object of its own, or a new version of what is
    /// the member's. Its label is the one that is asked for, else the object's; it is never lower than the object's.
    /// Without a name it waits at the desk, like everything that is said so.
    ///
    /// # Errors
    /// [`Kind::NotFound`] for an object that is not there, or not for this caller; [`Kind::Invalid`] for a label that
    /// is too low, and for what cannot be said; [`Kind::Conflict`] for what is said already; what the caller may not.
    pub fn annotate(
        &self,
        caller: &Caller,
        id: &str,
        annotation: &Annotation,
        saying: impl Into<Saying>,
    ) -> Result<views::Outcome, Error> {
        let saying = saying.into();
        let key = object_key(id)?;
        let id = &id_text(&key);
        may_act(&caller.principal, &Action::Annotate)?;
        let member = signed_in(caller)?;
        self.judged(caller, |roster, caller| {
            let (bytes, options, about) = self.said(caller, member, (&key, id), annotation, saying)?;
            let mut intake = Intake::begin(self, caller, &options, "submit")?;
            intake.about = Some(about);
            let missing = || Error::new(Kind::Internal, "a submission of one object has no outcome");
            let chunks = cut(&bytes)?;
            if intake.is_kept() {
                let due = intake.is_unnamed().then(|| self.desk_due());
                let kept = self.keep(intake, &chunks, (&bytes, String::new()), due)?;
                let why = kept.waiting.map_or_else(|| "it enters later".to_owned(), |waiting| waiting.why);
                return Ok(views::Outcome::pending(&format!("it is accepted: {why}")));
            }
            let chunk = chunks.first().ok_or_else(missing)?;
            let outcomes = intake.sequence_judged(roster, caller, chunk)?;
            Ok(outcomes.into_iter().next().ok_or_else(missing)?)
        })
    }

    // The statement that says it, for whom it is, and what it rests on: what stands of the object, and how far that was
    // looked at.
    fn said(
        &self,
        caller: &Caller,
        member: MemberId,
        (key, id): (&ObjectKey, &str),
        annotation: &Annotation,
        saying: Saying,
    ) -> Result<(Vec<u8>, ImportOptions, About), Error> {
        let reading = self.reading(caller)?;
        let upto = reading.snapshot.end();
        let Saying { tlp, without_name } = saying;
        let speaker = if without_name { reading.alias } else { reading.reader };
        let spoken = spoken_of(&reading, key, speaker)?.ok_or_else(|| not_found("object", id))?;
        if !without_name && reading.alias == Some(spoken.label.author) {
            let error = Error::new(Kind::Conflict, "your organisation said this without its name");
            return Err(
                error.hint("what you say of it now would be by your name: say it with `--without-name`")
            );
        }
        if !is_told(&reading, member, &spoken.label) {
            let error = Error::new(Kind::Conflict, "it is for you in person, and not for your organisation");
            return Err(error.hint(
                "what you said of it here would be for all of your organisation: answer who said it outside of the node",
            ));
        }
        let addressed = addressed_of(&reading, caller, member, &spoken.label);
        let tlp = label_of(&spoken.label, addressed.is_some(), tlp)?;
        let identity = reading.roster.identities(member).into_iter().next();
        if identity.is_none() && !without_name {
            let error = Error::new(Kind::Conflict, "no STIX identity is bound to this member");
            return Err(error.hint("bind one to it, so that others see who speaks"));
        }
        let identity = identity.as_deref().filter(|_| !without_name);
        let object = strictjson::parse(&spoken.wire, &Limits::default())
            .map_err(|error| Error::new(Kind::Internal, format!("`{id}` is stored damaged: {error}")))?;
        let speaker = Speaker { identity, now: reading.now, uuid: random::uuid()?, tlp };
        let bytes = statement(annotation, Subject { id, object: &object, own: spoken.own }, speaker)?;
        let Addressed { to, embargo } = addressed.unwrap_or_default();
        let options = ImportOptions { tlp: Some(tlp), to, embargo, without_name, ..ImportOptions::default() };
        Ok((bytes, options, About { object: key.clone(), source: spoken.source, upto }))
    }
}

// What the speaker's own member said of it; else what he is shown of it.
fn spoken_of(reading: &Reading, key: &ObjectKey, speaker: Option<MemberId>) -> Result<Option<Spoken>, Error> {
    let mut found: Option<(u64, bool)> = None;
    reading.snapshot.standing(&reading.sight.visible, key, &mut |hit| {
        let own = Some(hit.source) == speaker;
        if own || found.is_none() {
            found = Some((hit.position, own));
        }
        if own { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    let Some((position, own)) = found else { return Ok(None) };
    let mut spoken = None;
    reading.snapshot.entry(&reading.sight.visible, position, &mut |entry| {
        let label = reading.sight.label(entry.label).cloned();
        // A next version made of what he sees would be without the parts that he does not see.
        let own = own && reading.sight.visible.hidden_parts(entry.label).is_none();
        let source = entry.source;
        spoken = label.map(|label| Spoken { source, wire: entry.wire.to_vec(), label, own });
    })?;
    Ok(spoken)
}

// Whom what is said is for: those the object is for, where the speaker may name them all. The author's own member may, and
// whoever sees it in circles of his alone.
pub(crate) fn addressed_of(
    reading: &Reading,
    caller: &Caller,
    own: MemberId,
    object: &Label,
) -> Option<Addressed> {
    let to = &object.recipients;
    let in_circles = object.embargo.is_none() && to.members.is_empty() && to.persons.is_empty();
    if object.author != own && !in_circles {
        return None;
    }
    let addressed = Addressed::of(&reading.roster, object);
    addressed.find(&reading.roster, caller, own, reading.now).is_ok().then_some(addressed)
}

// Whether a member is told of an object, and not some of its persons alone. What a person says is all of his member's to see, so of
// what is for him by name he says nothing here: TLP:RED goes no further than whom it names, nor does that there is such a thing.
pub(crate) fn is_told(reading: &Reading, member: MemberId, object: &Label) -> bool {
    may_see(&reading.roster.reader(member, reading.now), object, reading.now)
}

// What is said about an object whose recipients the speaker cannot name stays with the one who says it.
pub(crate) fn label_of(object: &Label, named: bool, asked: Option<Tlp>) -> Result<Tlp, Error> {
    let least = match named || (object.recipients.is_empty() && object.embargo.is_none()) {
        true => object.tlp,
        false => Tlp::Red,
    };
    match asked {
        Some(asked) if asked < least => Err(Error::new(
            Kind::Invalid,
            format!("{asked} is lower than {least}, which the object asks for"),
        )),
        Some(asked) => Ok(asked),
        None => Ok(least),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use model::Recipients;
    use uuid::Uuid;

    #[test]
    fn what_is_said_is_never_labelled_lower_than_what_it_is_about() {
        let label = Label::new(MemberId(Uuid::nil()), Tlp::Amber);
        assert_eq!(label_of(&label, false, None).unwrap(), Tlp::Amber);
        assert_eq!(label_of(&label, false, Some(Tlp::Red)).unwrap(), Tlp::Red);
        assert_eq!(label_of(&label, false, Some(Tlp::Green)).unwrap_err().kind, Kind::Invalid);
        let to = Recipients { members: vec![MemberId(Uuid::nil())], ..Recipients::default() };
        let named = Label { recipients: to, ..label };
        assert_eq!(label_of(&named, false, None).unwrap(), Tlp::Red);
        assert_eq!(label_of(&named, false, Some(Tlp::AmberStrict)).unwrap_err().kind, Kind::Invalid);
        assert_eq!(label_of(&named, true, None).unwrap(), Tlp::Amber);
    }
}
