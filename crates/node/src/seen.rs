//! How widely something was seen at the caller's own member of late; for the rules that say what may block, how widely it was
//! seen at any one; and erasing what was seen.

use model::gate::{AssetsOf, Declare};
use model::matching::Mode;
use model::observable::{Keys, Kind as ValueKind, asked, is_public_suffix};
use model::{Action, MemberId};
use store::find;
use store::seen::{Day, Forget, Host, Sightings};

use crate::core::sought::{looks, of_value};
use crate::directory::signed_in;
use crate::{Caller, Error, ForgetSeen, Kind, Node, views};

/// Values of one call.
const VALUES: usize = 100;
/// Hosts told of each value.
pub(crate) const HOSTS: usize = 10;

impl Node {
    /// How widely values were seen at the caller's own member, on which days, and on some of which hosts.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`]; [`Kind::TooLarge`] for more than 100 values.
    pub fn seen(&self, caller: &Caller, values: &[String]) -> Result<Vec<views::SeenAnswer>, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::SeeObserved)?;
        if values.len() > VALUES {
            return Err(Error::new(Kind::TooLarge, format!("at most {VALUES} values are asked for at once")));
        }
        values.iter().map(|value| self.seen_one(own, value)).collect()
    }

    fn seen_one(&self, own: MemberId, query: &str) -> Result<views::SeenAnswer, Error> {
        let from = self.seen_from();
        let value = asked(query);
        let found = match &value {
            Ok(value) => self.inner.seen.sightings(own, &lent(&of_value(value)), from, HOSTS)?,
            Err(_) => Sightings::default(),
        };
        let below = match &value {
            Ok(value) if value.kind() == ValueKind::Domain && !is_public_suffix(value.text()) => {
                Some(self.prevalence(own, value.key(), Mode::Subdomains)?)
            }
            _ => None,
        };
        Ok(views::SeenAnswer {
            query: query.to_owned(),
            kind: value.as_ref().ok().map(|value| value.kind().name().to_owned()),
            value: value.as_ref().ok().map(|value| value.text().to_owned()),
            error: value.as_ref().err().map(ToString::to_string),
            prevalence: prevalence(&found.whole),
            with_below: below.as_ref().map(prevalence),
            days: found.days.iter().map(|(day, (hosts, events))| self::day(*day, *hosts, *events)).collect(),
            on: hosts(found.hosts),
        })
    }

    /// Erases what was seen at the caller's own member: all of it, what is of earlier days, or what happened on a host. It is
    /// gone from the file. Days that are sent again count again; the events of a host that is erased stay known by their prints, and do
    /// not.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`]; [`Kind::Unavailable`] when nothing can be written: some of it may
    /// be gone then.
    pub fn forget_seen(&self, caller: &Caller, what: &ForgetSeen) -> Result<views::Forgotten, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::ForgetObserved)?;
        let what = match what {
            ForgetSeen::Host(host) => Forget::Host(host.trim().trim_end_matches('.').to_lowercase()),
            ForgetSeen::Before(time) => Forget::Before(Day::of(*time)),
            ForgetSeen::All => Forget::All,
        };
        let rows = self.inner.seen.forget(own, &what)?;
        self.judged(caller, |roster, caller| {
            let by = Node::authorized(roster, caller, Declare, AssetsOf { member: own })?;
            // How much, and not of whom: it is read by others.
            self.change(by, caller, ("seen.forget", rows.to_string()), &[])
        })?;
        Ok(views::Forgotten { rows })
    }

    /// The first day of which anything is told.
    pub(crate) fn seen_from(&self) -> Day {
        self.seen_bounds().map_or(Day(i64::MAX), |bounds| bounds.from)
    }

    /// How widely what an indicator stands for was seen at a member, by the key that it stands under and its mode. A few seeks for
    /// each day; for very many ask [`may_be_common`](crate::core::sought::may_be_common) first.
    ///
    /// # Errors
    /// [`Kind::Internal`] when the index cannot be read.
    pub(crate) fn prevalence(
        &self,
        member: MemberId,
        key: &[u8],
        mode: Mode,
    ) -> Result<store::seen::Prevalence, Error> {
        Ok(self.inner.seen.prevalence(member, &lent(&looks(key, mode)), self.seen_from())?)
    }
}

/// As the store takes them.
pub(crate) fn lent(keys: &[Keys]) -> Vec<find::Keys<'_>> {
    fn one(key: &Keys) -> find::Keys<'_> {
        match key {
            Keys::One(key) => find::Keys::One(key),
            Keys::Range { start, end } => find::Keys::Range(start, end),
        }
    }
    keys.iter().map(one).collect()
}

pub(crate) fn prevalence(of: &store::seen::Prevalence) -> views::Prevalence {
    views::Prevalence {
        hosts: of.hosts,
        of_hosts: of.of_hosts,
        events: of.events,
        at_least: of.at_least,
        since: of.since.map(date),
        first: of.first.map(|time| time.to_string()),
        last: of.last.map(|time| time.to_string()),
    }
}

pub(crate) fn hosts(hosts: Vec<Host>) -> Vec<views::SeenHost> {
    let shown = |host: Host| views::SeenHost {
        host: host.name,
        events: host.events,
        first: host.first.to_string(),
        last: host.last.to_string(),
        event: host.event,
    };
    hosts.into_iter().map(shown).collect()
}

fn day(day: Day, hosts: u64, events: u64) -> views::SeenDay {
    views::SeenDay { day: date(day), hosts, events }
}

fn date(day: Day) -> String {
    day.begins().to_string().chars().take(10).collect()
}
