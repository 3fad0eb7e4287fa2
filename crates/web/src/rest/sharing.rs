//! Sharing what somebody has, after a look.

use http::Method;
use node::{Asked, Share};

use super::transfer::embargo;
use super::{JSON, named, query, row};
use crate::answer::json_of;
use crate::body::RequestBody;
use crate::routes::{Access, Need, Outcome, Schema, ValueKind};
use crate::{Request, Route};

/// The longest input, in bytes: an import takes longer ones.
const MAX_BYTES: usize = 8 << 20;

pub fn routes() -> Vec<Route> {
    let route = row(
        Method::POST,
        "/api/v1/share",
        "share",
        "Shares STIX, CSV, a list, or running text with values in it; tells what to look at before it leaves, and who would see it.",
        Access::Needs(Need::Submit),
        share,
    )
    .query("tlp", ValueKind::Text, "The label of what brings none.")
    .query("to", ValueKind::Repeated, "For these only: `circle:NAME`, `member:NAME`, `person:MEMBER/NAME`.")
    .query("embargo", ValueKind::Text, "Hold it back from everybody but those; what it is about.")
    .query("until", ValueKind::Time, "The embargo is not lifted before.")
    .query("description", ValueKind::Text, "What the values are and how they are known.")
    .query("about", ValueKind::Repeated, "What they are about, a tag each.")
    .query("reference", ValueKind::Text, "Where more is written.")
    .query("expire", ValueKind::Text, "Values are valid for this long, such as `30d`.")
    .query("dry_run", ValueKind::Flag, "Tell, share nothing.")
    .takes("application/octet-stream", Schema::Bytes)
    .gives(200, "What was found, and what became of it.", JSON, named("Shared"));
    vec![route]
}

async fn share(mut request: Request) -> Outcome {
    let asked = &request.query;
    asked.only(&[
        "tlp",
        "to",
        "embargo",
        "until",
        "description",
        "about",
        "reference",
        "expire",
        "dry_run",
    ])?;
    let share = Share {
        label: Asked {
            tlp: query::parsed(asked, "tlp")?,
            to: query::texts(asked, "to")?,
            embargo: embargo(query::text(asked, "embargo")?, query::time(asked, "until")?)?,
            without_name: false,
        },
        description: query::text(asked, "description")?,
        about: query::texts(asked, "about")?,
        reference: query::text(asked, "reference")?,
        expire_s: query::duration_s(asked, "expire")?,
        dry_run: query::flag(asked, "dry_run")?,
    };
    let body = std::mem::replace(&mut request.body, RequestBody::full(bytes::Bytes::new()));
    let input = body.bytes(MAX_BYTES).await?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.share(&caller, &share, &input)).await
}
