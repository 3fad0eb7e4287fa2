//! What a submitter is told of an object, in the reply and whenever the status is asked for: the same words both times.

use store::read::OutcomeState;
use store::record::{Held, HeldLabel};

use crate::views;

const CLAIM: &str = "the id is another member's, so this is taken as a claim";
const EQUIVOCATION: &str =
    "something else was said under this id and version before; both are kept, the first is served";

/// Puts what became of an object into its outcome. What was said of it before stays where there is nothing more to say.
pub(crate) fn tell(outcome: &mut views::Outcome, state: OutcomeState) {
    outcome.state = name(state);
    match state {
        OutcomeState::New | OutcomeState::Rejected => {}
        OutcomeState::Claim => outcome.message = Some(CLAIM.to_owned()),
        OutcomeState::Duplicate(held) => outcome.message = held_otherwise(held),
        OutcomeState::Equivocation => outcome.message = Some(EQUIVOCATION.to_owned()),
    }
}

fn name(state: OutcomeState) -> &'static str {
    match state {
        OutcomeState::New => "new",
        OutcomeState::Claim => "claim",
        OutcomeState::Duplicate(_) => "duplicate",
        OutcomeState::Equivocation => "equivocation",
        OutcomeState::Rejected => "rejected",
    }
}

// Saying something again changes nothing of it: whoever expects another label, or to find it in another collection, has
// to hear that.
fn held_otherwise(held: Held) -> Option<String> {
    let label = match held.label {
        HeldLabel::AsAsked => None,
        HeldLabel::Tlp(tlp) => Some(format!("it is held as {tlp} and was not relabelled")),
        HeldLabel::Unseen => {
            Some("it is held under a label that this token does not see and was not relabelled".to_owned())
        }
    };
    let outside =
        held.outside.then(|| "it is held outside this collection and was not added to it".to_owned());
    let said: Vec<String> = label.into_iter().chain(outside).collect();
    let what_helps = "send a new version, or withdraw it and send it again";
    (!said.is_empty()).then(|| format!("{}: {what_helps}", said.join("; ")))
}
