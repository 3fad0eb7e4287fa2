//! What acts at a member's sensors: what indicators say by themselves, as far as the reader sees it, judged by the member's policy.
//! The rule is [`model::protect::judge`]'s; here is what it goes by.

mod facts;
mod feed;
mod policy;
mod record;
mod stream;
mod why;
mod why_id;

pub(crate) use facts::{Judged, Judging};
pub(crate) use feed::Feeds;
pub use feed::{Feed, FeedQuery};
pub(crate) use policy::policy_of;
pub(crate) use stream::{At, Listener, Open};
pub use stream::{Stream, StreamEvent, StreamQuery, Told, ValuesQuery};
