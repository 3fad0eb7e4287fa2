//! Claims: what others say under the ids of one's own member, and what it says under those of others.

use std::ops::ControlFlow;

use model::MemberId;
use store::find::Hit;
use store::record::ObjectKey;
use strictjson::Limits;

use crate::core::cursor::Purpose;
use crate::directory::signed_in;
use crate::reading::Reading;
use crate::search::Among;
use crate::{Caller, Claims, Error, Node, SearchQuery, views};

impl Node {
    /// The claims that stand under the ids of the caller's member or in its name, or those that it makes, the newest first: of each
    /// member the last version, as far as the caller sees it, and is told on the object's page that it is a claim. What of a
    /// query is about text, names, tags and relations is not looked at.
    ///
    /// A page costs what it shows and a look at each claim that it passes over: those that the caller sees, and not that they
    /// are claims, since what the owner says there is not for him. A page that ended sooner because of them would be short, with
    /// more to come, and tell that they are there; so none does.
    ///
    /// # Errors
    /// [`crate::Kind::Unauthenticated`] for visitors; as [`Node::search`].
    pub fn claims(
        &self,
        caller: &Caller,
        claims: Claims,
        query: &SearchQuery,
    ) -> Result<views::ObjectPage, Error> {
        let own = signed_in(caller)?;
        let query = SearchQuery {
            text: None,
            tag: None,
            external_id: None,
            alias: None,
            related_to: None,
            facets: false,
            ..query.clone()
        };
        let (among, purpose) = match claims {
            Claims::UnderOwn => (Among::ClaimsUnder(own), Purpose::Claims),
            Claims::ByOwn => {
                let alias = caller.principal.reader.alias;
                (Among::ClaimsBy([Some(own), alias].into_iter().flatten().collect()), Purpose::OwnClaims)
            }
        };
        self.found(caller, &query, (among, purpose, "claims"))
    }
}

/// Whether a reader sees that a claim is made on this member: that it names one of its identities, or that the id was the
/// member's before as far as he sees. Without that, its place in the list would tell him of what he does not see.
pub(crate) fn is_seen_under(reading: &Reading, owner: MemberId, hit: &Hit<'_>) -> Result<bool, Error> {
    let visible = &reading.sight.visible;
    let object = ObjectKey { kind: hit.kind.to_owned(), uuid: hit.uuid };
    let is_his = |identity: &str| reading.roster.bound_to(identity) == Some(owner);
    let mut seen = is_his(&object.to_string());
    reading.snapshot.versions(visible, &object, &mut |other| {
        let is_owners = other.source == owner && other.owned && other.bound;
        seen |= is_owners && other.position < hit.position;
        if seen { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    })?;
    if seen {
        return Ok(true);
    }
    reading.snapshot.entry(visible, hit.position, &mut |entry| {
        let parsed = strictjson::parse(entry.wire, &Limits::default());
        seen |= parsed.is_ok_and(|object| {
            object.get("created_by_ref").and_then(strictjson::Node::as_str).is_some_and(is_his)
        });
    })?;
    Ok(seen)
}
