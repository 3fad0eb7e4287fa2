//! Who is whose client: what TLP:AMBER lets a member hand on to its clients reaches them, and what is AMBER+STRICT does not.

use std::collections::BTreeSet;

use model::gate::Put;
use model::{Action, ClientId, MemberId, Reader};
use store::directory::{Change, Client, Member};

use crate::directory::{member_view, not_found};
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node, random, views};

/// Members whose client one can be.
const PROVIDERS: usize = 100;

impl Node {
    /// Says whose client a member is, by names or ids, in place of what was said before; `only` where it is no member in its own
    /// right. What becomes visible to it is new to it; what does not any more is gone at once.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`]; [`Kind::Invalid`] for one that would be its own client, or the client of a client.
    pub fn set_providers(
        &self,
        caller: &Caller,
        name: &str,
        providers: &[String],
        only: bool,
    ) -> Result<views::Member, Error> {
        let id = self.judged(caller, |roster, caller| {
            Node::allowed(caller, &Action::ManageMembers)?;
            let now = self.now();
            let live = |name: &str| {
                let member = roster.member_named(name).filter(|member| member.revoked.is_none());
                member.ok_or_else(|| not_found("member", name))
            };
            let member = live(name)?;
            if member.own && only {
                let message = "the node's own member is one in its own right";
                return Err(Error::new(Kind::Invalid, message).into());
            }
            let named = providers.iter().map(|name| Ok(live(name)?.id));
            let named = named.collect::<Result<BTreeSet<MemberId>, Error>>()?;
            checked(roster, member, &named, only)?;
            let mut changes = Vec::new();
            if member.client_only != only {
                changes.push(Change::Member(Member { client_only: only, ..member.clone() }));
            }
            let his = roster.directory().clients.iter();
            let his: Vec<&Client> =
                his.filter(|one| one.member == member.id && one.revoked.is_none()).collect();
            let ended = his.iter().filter(|one| !named.contains(&one.provider));
            changes.extend(ended.map(|one| Change::Client(Client { revoked: Some(now), ..(*one).clone() })));
            for provider in named.iter().filter(|id| !his.iter().any(|one| one.provider == **id)) {
                let id = ClientId(random::uuid()?);
                let client = Client { id, member: member.id, provider: *provider, since: now, revoked: None };
                changes.push(Change::Client(client));
            }
            if changes.is_empty() {
                return Ok(member.id);
            }
            let named: Vec<MemberId> = named.into_iter().collect();
            let after = |before: Reader| {
                let after = Reader { provider: named.clone(), client_only: only, ..before.clone() };
                (before, after)
            };
            let readers: Vec<_> = roster.readers_of(member.id, now).into_iter().map(after).collect();
            changes.extend(self.openings(&readers)?);
            let by = Node::authorized(roster, caller, Put, member.id)?;
            self.change(by, caller, ("member.client", member.id.to_string()), &changes)?;
            Ok(member.id)
        })?;
        let roster = self.roster();
        let member = roster.member(id).ok_or_else(|| not_found("member", name))?;
        Ok(member_view(&roster, member))
    }
}

fn checked(roster: &Roster, member: &Member, named: &BTreeSet<MemberId>, only: bool) -> Result<(), Error> {
    let invalid = |message: String| Err(Error::new(Kind::Invalid, message));
    if named.len() > PROVIDERS {
        return invalid(format!("a member is the client of at most {PROVIDERS}"));
    }
    if named.contains(&member.id) {
        return invalid(format!("`{}` cannot be its own client", member.name));
    }
    if only && named.is_empty() && !member.client_only {
        return invalid(format!("whose client is `{}`, if it is nothing else", member.name));
    }
    // AMBER goes to a recipient's clients, and not to theirs.
    let client_only = |id: &&MemberId| roster.member(**id).is_some_and(|one| one.client_only);
    match named.iter().find(client_only) {
        Some(id) => invalid(format!("`{}` is a client itself", roster.named(*id).name)),
        None if only && roster.clients(member.id).next().is_some() => {
            invalid(format!("`{}` has clients itself", member.name))
        }
        None => Ok(()),
    }
}
