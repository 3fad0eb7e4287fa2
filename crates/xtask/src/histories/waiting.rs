//! What waits before it enters, on paper: for the desk to strike, or for a curator.

use model::Tlp;
use model::circle::Curation;

use super::deeds::{Expected, Fate};
use super::paper::{Label, Paper, SECOND, Said, State, desk_of, member_of};
use super::plan::{How, MEMBERS};
use super::saying::Sent;

/// The desk lets in what came to it at whole multiples of so many seconds.
pub const DESK_INTERVAL_S: i64 = 600;
/// Among how many at least one stays without a name.
pub const DESK_MEMBERS: usize = 2;
/// Days until something should be answered.
pub const QUEUE_DAYS: u32 = 3;

/// Where something stands that was sent and did not enter at once.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Stage {
    /// A curator has to look at it.
    Held,
    /// It enters when its time has come.
    Free,
    /// It will be refused when its time has come.
    Returned,
    /// It has entered, or was refused.
    Over,
}

/// Something that was sent and did not enter at once.
#[derive(Debug, Clone)]
pub struct Waiting {
    /// What.
    pub sent: Sent,
    /// When it came.
    pub received: i64,
    /// It does not enter before.
    pub due: Option<i64>,
    /// Where it stands.
    pub stage: Stage,
    /// From AMBER on it takes two.
    pub four_eyes: bool,
    /// The token of the first of two.
    pub approved: Option<usize>,
    /// The label of each of its objects, and how strict the strictest part is.
    pub labels: Vec<(Label, Tlp)>,
    /// The places of what was refused when it came: no curator saw it, so it stays refused.
    pub unseen: Vec<usize>,
}

impl Waiting {
    /// When it should be answered.
    pub fn deadline(&self) -> i64 {
        self.received + i64::from(QUEUE_DAYS) * 86_400 * SECOND
    }
}

impl Paper {
    /// When the desk strikes next.
    pub fn desk_due(&self) -> i64 {
        let interval = DESK_INTERVAL_S * SECOND;
        (self.now.div_euclid(interval) + 1) * interval
    }

    /// Whether so many could have said something to these that nobody knows who did.
    pub fn enough_for_desk(&self, label: &Label) -> bool {
        self.could_have_said(label).count() >= DESK_MEMBERS
    }

    /// Who could have said something to these.
    pub fn could_have_said(&self, label: &Label) -> impl Iterator<Item = usize> {
        let circle = label.circle.and_then(|(at, _)| self.circles.get(at));
        (0..MEMBERS).filter(move |member| {
            let inside = circle.is_none_or(|circle| self.inside(circle).any(|one| one == *member));
            !self.gone.contains(member) && inside
        })
    }

    /// Who looks at what is said under a label.
    pub fn looks(&self, label: &Label) -> Curation {
        label.circle.and_then(|(at, _)| self.circles.get(at)).map_or(Curation::None, |circle| circle.looks)
    }

    /// Who looks at something before it enters.
    pub fn curation(&self, sent: &Sent) -> Curation {
        let through = sent.collection.and_then(|at| self.collection(at)).map(|one| one.looks);
        through.unwrap_or_default().max(self.looks(&sent.label))
    }

    /// The objects of which a member's word without its name is held.
    pub fn unnamed_by(&self, member: usize) -> impl Iterator<Item = usize> {
        let of = move |one: &&Said| one.key.2 == desk_of(member) && one.state != State::Erased;
        self.said.iter().filter(of).map(|one| one.key.0)
    }

    /// Something that a curator has to look at, whose sender is still there.
    pub fn is_held(&self, waiting: &Waiting) -> bool {
        waiting.stage == Stage::Held && self.writer(waiting.sent.token).is_some()
    }

    /// Whether somebody works the queue and would see all of something.
    pub fn curates(&self, token: usize, waiting: &Waiting) -> bool {
        let curates = self.writer(token).is_some_and(|token| token.curates);
        let Some(who) = self.who(Some(token)).filter(|_| curates) else { return false };
        let source = waiting.sent.source;
        let sees = |(label, strictest): &(Label, Tlp)| {
            // It will be for the circle as that is then.
            let now = Label { circle: label.circle.map(|(at, _)| (at, self.as_of(at))), ..label.clone() };
            self.is_for(&who, source, &now) && self.sees_part(&who, source, (&now, *strictest))
        };
        waiting.labels.iter().all(sees)
    }

    // Since when something is to a circle that is to it now. Who leaves last leaves nobody behind, and is as one who was in it
    // when it ended.
    fn as_of(&self, at: usize) -> u32 {
        let stays = self.circles.get(at).map(|circle| circle.stays.as_slice()).unwrap_or_default();
        let left: Option<Vec<u32>> = stays.iter().map(|stay| Some(stay.left?.0)).collect();
        left.and_then(|left| left.into_iter().max()).map_or(self.tick, |last| last.saturating_sub(1))
    }

    /// Whether it is told to somebody as what his member sent.
    pub fn sent_by(&self, token: usize, waiting: &Waiting) -> bool {
        let (Some(own), Some(by)) = (self.token(token), self.tokens.get(waiting.sent.token)) else {
            return false;
        };
        let reads = match (&own.only, waiting.sent.collection) {
            (None, _) => true,
            (Some(only), Some(collection)) => only.contains(&collection),
            (Some(_), None) => false,
        };
        token == waiting.sent.token || own.member == by.new.member && by.new.ceiling <= own.ceiling && reads
    }

    /// What a curator's answer should come to.
    pub fn answering(&self, token: usize, at: usize, how: How) -> Expected {
        let Some(waiting) = self.waiting.get(at) else { return Expected::Nothing };
        if !self.is_held(waiting) || !self.curates(token, waiting) {
            return Expected::Refused;
        }
        let may = match how {
            How::Take | How::Return => true,
            How::Release => self.releases(token, waiting).is_some(),
            How::Merge(object) => {
                let both = self.who(Some(token)).zip(self.who(Some(waiting.sent.token)));
                both.is_some_and(|(one, other)| self.both_see(&one, &other, object))
            }
        };
        if may { Expected::Done } else { Expected::Refused }
    }

    // Whether a curator's letting it in lets it in, or is the first of two; `None` where it is not his.
    fn releases(&self, token: usize, waiting: &Waiting) -> Option<bool> {
        let of = |at: usize| self.tokens.get(at).map(|token| &token.new);
        let is = |other: usize| {
            let person = of(token).and_then(|token| token.person);
            token == other || person.is_some() && person == of(other).and_then(|other| other.person)
        };
        if is(waiting.sent.token) {
            return None;
        }
        let strict = waiting.labels.iter().any(|(_, strictest)| *strictest >= Tlp::Amber);
        if !waiting.four_eyes || !strict {
            return Some(true);
        }
        let of_sender = of(token).map(|token| token.member) == Some(member_of(waiting.sent.source));
        match waiting.approved {
            _ if of_sender => None,
            None => Some(false),
            Some(first) if is(first) => None,
            Some(_) => Some(true),
        }
    }

    /// Writes down a curator's answer.
    pub fn answer(&mut self, token: usize, at: usize, how: How) {
        let whole = self.waiting.get(at).and_then(|waiting| self.releases(token, waiting));
        let desk = self.desk_due();
        let Some(waiting) = self.waiting.get_mut(at) else { return };
        match how {
            How::Take => {}
            How::Release if whole == Some(false) => waiting.approved = Some(token),
            How::Release => {
                waiting.stage = Stage::Free;
                waiting.due = waiting.due.map(|_| desk);
            }
            How::Return | How::Merge(_) => waiting.stage = Stage::Returned,
        }
    }

    /// The jobs end circles that are over, and send back what nobody answered in time.
    pub fn keep_house(&mut self) {
        self.end_over();
        let now = self.now;
        for waiting in &mut self.waiting {
            if waiting.stage == Stage::Held && waiting.deadline() <= now {
                waiting.stage = Stage::Returned;
            }
        }
    }

    /// What enters or is refused by now, by its places.
    pub fn entering(&self) -> Vec<usize> {
        let is_due = |waiting: &Waiting| {
            matches!(waiting.stage, Stage::Free | Stage::Returned)
                && waiting.due.is_none_or(|due| due <= self.now)
        };
        let all = self.waiting.iter().enumerate();
        all.filter(|(_, waiting)| is_due(waiting)).map(|(at, _)| at).collect()
    }

    /// What becomes of it when it enters now: to whom it is as they are now, and what becomes of each object. `None` where
    /// nothing of it can be said any more.
    fn entry(&self, at: usize) -> Option<(Sent, Vec<(Fate, bool)>)> {
        let waiting = self.waiting.get(at).filter(|waiting| waiting.stage == Stage::Free)?;
        let label = self.renewed(member_of(waiting.sent.source), &waiting.sent.label)?;
        // It enters behind the step that let it in, and before the next: who leaves with that has seen it.
        let circle = label.circle.map(|(at, since)| (at, since.saturating_sub(1)));
        let label = Label { circle, ..label };
        let sent = Sent { label, ..waiting.sent.clone() };
        let mut fates = self.can_be_sent(&sent).then(|| self.fates(&sent))?;
        for (_, fate) in fates.iter_mut().enumerate().filter(|(at, _)| waiting.unseen.contains(at)) {
            *fate = (Fate::Refused, false);
        }
        Some((sent, fates))
    }

    /// Writes down what entered, if it can have come to this; in what order is nobody's to know. What became of those is not
    /// told of which nobody is left who may ask.
    ///
    /// # Errors
    /// What one of them should have come to.
    pub fn enter_in_some_order(&mut self, told: &[(usize, Option<Vec<Fate>>)]) -> Result<(), String> {
        let Some((first, _)) = told.first() else { return Ok(()) };
        let mut wrong = format!("{:?} should become {:?}", first, self.entry(*first));
        for n in 0..told.len() {
            let mut rest = told.to_vec();
            let (at, fates) = rest.remove(n);
            let mut after = self.clone();
            match after.enter_one(at, fates.as_deref()).and_then(|()| after.enter_in_some_order(&rest)) {
                Ok(()) => {
                    *self = after;
                    return Ok(());
                }
                Err(other) => wrong = other,
            }
        }
        Err(wrong)
    }

    fn enter_one(&mut self, at: usize, told: Option<&[Fate]>) -> Result<(), String> {
        let entry = self.entry(at);
        let Some(waiting) = self.waiting.get_mut(at) else { return Ok(()) };
        waiting.stage = Stage::Over;
        let count = waiting.sent.said.len();
        let Some((sent, fates)) = entry else {
            let refused = told.is_none_or(|told| told == vec![Fate::Refused; count]);
            return if refused { Ok(()) } else { Err(format!("{at} should be refused, and is {told:?}")) };
        };
        let told = match told {
            Some(told) => told.to_vec(),
            None => fates.iter().map(|(fate, _)| *fate).collect(),
        };
        let widened = self.widened(&sent);
        if told.iter().zip(&widened).any(|(fate, widens)| *fate == Fate::Taken && *widens) {
            return Err(format!("{at} entered for more than another says it to: {told:?}"));
        }
        if !Expected::Fates(fates.clone()).is(&super::deeds::Told::Fates(told.clone())) {
            return Err(format!("{at} became {told:?}, and should become {fates:?}"));
        }
        self.enter(&sent, &told);
        Ok(())
    }

    /// The same where nobody told anything: each as it should.
    pub fn enter_as_expected(&mut self) {
        for at in self.entering() {
            // What should become of it is what becomes of it then.
            let _ = self.enter_one(at, None);
        }
    }
}
