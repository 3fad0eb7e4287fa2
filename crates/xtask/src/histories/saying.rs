//! What becomes of what is said, on paper: at once, or when it enters.

use std::collections::BTreeSet;

use model::Tlp;
use model::circle::Curation;

use super::deeds::{Expected, Fate, Told, of_version};
use super::paper::{
    Key, Label, Paper, Said, State, Who, desk_of, is_in, marked, member_of, owner, part, strictest,
};
use super::plan::{Step, Word};
use super::waiting::{Stage, Waiting};

/// Something that is to be said: by whom, under what, through what, for whom.
#[derive(Debug, Clone)]
pub struct Sent {
    /// By which token.
    pub token: usize,
    /// Under what: the member, or its desk.
    pub source: usize,
    /// What.
    pub said: Vec<Word>,
    /// For whom, of what brings no TLP.
    pub label: Label,
    /// Through a collection.
    pub collection: Option<usize>,
}

impl Sent {
    fn key(&self, (object, version, wording): Word) -> Key {
        (object, version, self.source, wording)
    }

    // Of one object.
    fn label_of(&self, (object, version, _): Word) -> Label {
        Label { tlp: marked(object, version).unwrap_or(self.label.tlp), ..self.label.clone() }
    }
}

impl Paper {
    /// What a step asks to say, where it can be said at all.
    pub fn sent(&self, step: &Step) -> Option<Sent> {
        let Step::Say { token, unnamed, said, asked, collection } = step else { return None };
        let member = self.writer(*token)?.member;
        let label = self.label(member, asked.tlp, &asked.to, asked.embargo)?;
        let source = if *unnamed { desk_of(member) } else { member };
        let (token, said, collection) = (*token, said.clone(), *collection);
        let sent = Sent { token, source, said, label, collection };
        self.can_be_sent(&sent).then_some(sent)
    }

    /// Whether it can be said by now: through what is there, by who may, and without a name where enough could have.
    pub fn can_be_sent(&self, sent: &Sent) -> bool {
        let there = sent.collection.is_none_or(|at| self.collection(at).is_some());
        let by_name = sent.source == member_of(sent.source);
        self.writer(sent.token).is_some() && there && (by_name || self.enough_for_desk(&sent.label))
    }

    /// What saying something should come to.
    pub fn saying(&self, step: &Step) -> Expected {
        let Some(sent) = self.sent(step) else { return Expected::Refused };
        let member = member_of(sent.source);
        let curated = self.curation(&sent) != Curation::None;
        let fates = self.fates(&sent);
        let or_refused = fates.iter().any(|(_, or_refused)| *or_refused);
        if sent.source == member {
            return match curated {
                // What curators are shown of it is not known then.
                true if or_refused => Expected::Nothing,
                true => Expected::Waits,
                false => Expected::Fates(fates),
            };
        }
        // Without a name it is taken whole or not at all, and nothing that bears it.
        let named = sent.said.iter().any(|(object, ..)| owner(*object) == Some(member));
        if named || fates.iter().any(|(fate, _)| *fate == Fate::Refused) {
            return Expected::Refused;
        }
        match (curated, or_refused) {
            (true, true) => Expected::Nothing,
            (false, true) => Expected::WaitsOrRefused,
            (_, false) => Expected::Waits,
        }
    }

    /// Writes down what saying something came to.
    pub fn say(&mut self, step: &Step, told: &Told) {
        let Some(sent) = self.sent(step) else { return };
        match told {
            Told::Fates(fates) => self.enter(&sent, fates),
            Told::Waits => self.keep(sent),
            _ => {}
        }
    }

    /// Writes down what was taken of something.
    pub fn enter(&mut self, sent: &Sent, fates: &[Fate]) {
        let enters = fates.iter().any(|fate| matches!(fate, Fate::Taken | Fate::Aside));
        let added = if enters { self.seal() } else { self.sealed };
        for (word, fate) in sent.said.iter().zip(fates) {
            let state = match fate {
                Fate::Taken => State::Stands,
                Fate::Aside => State::Aside,
                Fate::Known | Fate::Refused => continue,
            };
            let (key, label) = (sent.key(*word), sent.label_of(*word));
            let member = member_of(sent.source);
            let sector = if sent.source == member { None } else { self.sector(member, &label) };
            let label = Label { sector, ..label };
            let (marked, entered) = (marked(key.0, key.1), self.tick);
            self.said.push(Said { key, label, marked, added, entered, state });
        }
    }

    fn keep(&mut self, sent: Sent) {
        let curation = self.curation(&sent);
        let taken = sent.said.iter().filter(|word| self.is_ruled_out(&sent, **word) == Some(false));
        let labels: Vec<(Label, Tlp)> = taken
            .map(|word| (sent.label_of(*word), strictest(word.0, word.1, sent.label_of(*word).tlp)))
            .collect();
        let unnamed = sent.source != member_of(sent.source);
        // Where nothing of it would enter there is nothing to look at.
        let held = curation != Curation::None && !labels.is_empty();
        let is_out = |word: &Word| self.is_ruled_out(&sent, *word) != Some(false);
        let unseen = sent.said.iter().enumerate().filter(|(_, word)| held && is_out(word));
        let unseen = unseen.map(|(at, _)| at).collect();
        self.waiting.push(Waiting {
            received: self.now,
            due: unnamed.then(|| self.desk_due()),
            stage: if held { Stage::Held } else { Stage::Free },
            four_eyes: curation == Curation::FourEyes,
            approved: None,
            labels,
            unseen,
            sent,
        });
    }

    // Whether an object is not taken, whatever was said of it before; `None` without a token that writes.
    fn is_ruled_out(&self, sent: &Sent, word: Word) -> Option<bool> {
        let (object, version, _) = word;
        let by = self.writer(sent.token)?;
        let label = sent.label_of(word);
        let strictest = strictest(object, version, label.tlp);
        let outside = sent.collection.and_then(|at| self.collection(at)).is_some_and(|one| {
            let (key, label) = (sent.key(word), label.clone());
            let said =
                Said { key, label, marked: None, added: (0, 0), entered: self.tick, state: State::Stands };
            strictest > one.ceiling || !is_in(one.holds, &said)
        });
        // What a member said without its name it does not speak of by it.
        let seen = self.who(Some(sent.token)).map(|who| self.seen(&who, Tlp::Red)).unwrap_or_default();
        let desk = desk_of(by.member);
        let known_by_it =
            sent.source != desk && seen.iter().any(|one| (one.key.0, one.key.2) == (object, desk));
        // Everybody knows whose it is.
        let tells = sent.source == desk && self.is_asset(by.member, word);
        Some(strictest > by.ceiling || outside || !self.fits(&label, strictest) || known_by_it || tells)
    }

    /// What becomes of each object of something that is said now; with whether it may also be refused, since another said
    /// the same for fewer.
    pub fn fates(&self, sent: &Sent) -> Vec<(Fate, bool)> {
        let member = member_of(sent.source);
        let seen = self.who(Some(sent.token)).map(|who| self.seen(&who, Tlp::Red)).unwrap_or_default();
        // What stands or is kept beside by then, this included.
        let mut stands: BTreeSet<(usize, usize, usize)> = BTreeSet::new();
        let mut kept: BTreeSet<Key> = BTreeSet::new();
        for one in &self.said {
            if one.state == State::Stands {
                stands.insert(of_version(one.key));
            }
            if matches!(one.state, State::Stands | State::Aside) {
                kept.insert(one.key);
            }
        }
        let fates = sent.said.iter().map(|word| {
            if self.is_ruled_out(sent, *word) != Some(false) {
                return (Fate::Refused, false);
            }
            let bounds = |one: &&&Said| {
                one.key.0 == word.0
                    && member_of(one.key.2) != member
                    && (one.label.tlp != Tlp::Clear
                        || one.label.embargo.is_some()
                        || part(one.key.0, one.key.1).is_some())
            };
            let or_refused = seen.iter().any(|one| bounds(&one));
            let key = sent.key(*word);
            let version_stands = stands.contains(&of_version(key));
            let fate = if version_stands && kept.contains(&key) {
                Fate::Known
            } else if self.refused.contains(&key) {
                Fate::Refused
            } else {
                stands.insert(of_version(key));
                kept.insert(key);
                if version_stands { Fate::Aside } else { Fate::Taken }
            };
            (fate, or_refused)
        });
        fates.collect()
    }

    /// Which objects would be said to somebody for whom it is not that another said, as the one who says it sees.
    pub fn widened(&self, sent: &Sent) -> Vec<bool> {
        let Some(who) = self.who(Some(sent.token)) else { return Vec::new() };
        let widens = |word: &Word| self.is_wider(&who, (word.0, sent.source), &sent.label_of(*word));
        sent.said.iter().map(widens).collect()
    }

    /// Whether a label lets somebody see what is said of an object under a source, to whom others say it not, as somebody
    /// sees it.
    pub fn is_wider(&self, who: &Who, (object, source): (usize, usize), label: &Label) -> bool {
        let seen = self.seen(who, Tlp::Red);
        let readers: Vec<Who> = (0..self.tokens.len()).filter_map(|at| self.who(Some(at))).collect();
        let member = member_of(source);
        // What counts of somebody is what he says last.
        let last = self.voices(who, object);
        let others = seen.iter().filter(|one| last.contains(&one.key) && member_of(one.key.2) != member);
        others.into_iter().any(|one| {
            let is_wider = |who: &&Who| {
                let of_author = who.member == Some(member) || who.member == Some(member_of(one.key.2));
                !of_author && self.is_for(who, source, label) && !self.is_for(who, one.key.2, &one.label)
            };
            readers.iter().any(|who| is_wider(&who))
        })
    }

    /// Whether somebody sees that others say something of an object, or his own member without its name.
    pub fn others_say(&self, token: usize, object: usize) -> bool {
        let (Some(by), Some(who)) = (self.writer(token), self.who(Some(token))) else { return false };
        self.seen(&who, Tlp::Red).iter().any(|one| one.key.0 == object && one.key.2 != by.member)
    }
}
