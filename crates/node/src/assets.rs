//! What members declare as their own: networks, addresses, domains, mail domains. It tells who would be a victim, so it is for
//! each member's people alone: the operator sees the node's own, and no check tells anybody but curators of the node itself that
//! a value is somebody else's.

use model::gate::{AssetsOf, Declare};
use model::observable::Observable;
use model::{Action, AssetId};
use store::directory::{Asset, Change};

use crate::core::assets::asset;
use crate::core::checks::{Check, Found};
use crate::core::offered::is_reserved;
use crate::directory::{not_found, signed_in};
use crate::roster::Roster;
use crate::{Caller, Error, Kind, Node, random, views};

/// Declarations of one member, at most: they are held in memory and looked through with each submission.
const MOST: usize = 10_000;

impl Node {
    /// What the caller's member declares as its own, in the order in which it was declared.
    ///
    /// # Errors
    /// [`Kind::Unauthenticated`]; [`Kind::Forbidden`].
    pub fn assets(&self, caller: &Caller) -> Result<Vec<views::Asset>, Error> {
        let own = signed_in(caller)?;
        Node::allowed(caller, &Action::SeeAssets)?;
        let roster = self.roster();
        let assets = roster.directory().assets.iter().filter(|asset| asset.member == own);
        Ok(assets.map(view).collect())
    }

    /// Declares what is the caller's member's own, all of it or none; what is declared already stays. Answers those that
    /// were named.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::Invalid`] for what is no network, address, domain or mail domain;
    /// [`Kind::Conflict`] for too many.
    pub fn declare_assets(&self, caller: &Caller, texts: &[String]) -> Result<Vec<views::Asset>, Error> {
        let mut normal = Vec::with_capacity(texts.len());
        for text in texts {
            let text = asset(text).map_err(|why| {
                Error::new(Kind::Invalid, why).hint(
                    "such as 203.0.113.0/24, example.com, or @mail.example.com for email addresses alone",
                )
            })?;
            if !normal.contains(&text) {
                normal.push(text);
            }
        }
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let by = Node::authorized(roster, caller, Declare, AssetsOf { member: own })?;
            let held: Vec<&Asset> =
                roster.directory().assets.iter().filter(|asset| asset.member == own).collect();
            let (mut named, mut changes) = (Vec::new(), Vec::new());
            for text in &normal {
                if let Some(held) = held.iter().find(|asset| asset.text == *text) {
                    named.push(view(held));
                    continue;
                }
                let id = AssetId(random::uuid()?);
                let asset = Asset { id, member: own, text: text.clone(), added: self.now() };
                named.push(view(&asset));
                changes.push(Change::Asset(asset));
            }
            if held.len() + changes.len() > MOST {
                let message = format!("a member declares at most {MOST}");
                return Err(Error::new(Kind::Conflict, message)
                    .hint("declare networks and domains as a whole")
                    .into());
            }
            if !changes.is_empty() {
                // The audit says how many, and not what: it is read by others.
                self.change(by, caller, ("asset.add", changes.len().to_string()), &changes)?;
            }
            Ok(named)
        })
    }

    /// Takes a declaration back, by its id. Nothing is kept of it.
    ///
    /// # Errors
    /// [`Kind::Forbidden`]; [`Kind::NotFound`].
    pub fn remove_asset(&self, caller: &Caller, which: &str) -> Result<views::Asset, Error> {
        self.judged(caller, |roster, caller| {
            let own = signed_in(caller)?;
            let by = Node::authorized(roster, caller, Declare, AssetsOf { member: own })?;
            let is_meant = |asset: &&Asset| asset.member == own && asset.id.to_string() == which;
            let found = roster.directory().assets.iter().find(is_meant);
            let found = found.ok_or_else(|| not_found("asset", which))?;
            self.change(by, caller, ("asset.remove", "1".to_owned()), &[Change::NoAsset(found.id, own)])?;
            Ok(view(found))
        })
    }
}

/// What a curator is told of the values of something that waits: that one is his own member's; and, where he curates for the node
/// itself, that one is some member's, never whose.
pub(crate) fn for_curator(
    roster: &Roster,
    caller: &Caller,
    object: &str,
    value: &Observable,
) -> Option<Found> {
    let member = caller.principal.reader.member?;
    let text = value.text();
    let found = |message| Some(Found::of(Check::OwnAsset, object.to_owned(), message));
    if let Some(declared) = roster.assets_of(member).hit(value) {
        return found(format!("`{text}` is your own: `{declared}` is declared"));
    }
    // What leads nowhere outside is everybody's.
    let is_ones = || !is_reserved(value) && roster.assets().any(|assets| assets.hit(value).is_some());
    match member == roster.own() && is_ones() {
        true => found(format!("`{text}` is an own asset of a member")),
        false => None,
    }
}

fn view(asset: &Asset) -> views::Asset {
    views::Asset { id: asset.id.to_string(), asset: asset.text.clone(), added: asset.added.to_string() }
}
