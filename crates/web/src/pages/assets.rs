//! The one style sheet, under a name that changes with its content, so that browsers may keep it for good.

use std::sync::LazyLock;

use http::{HeaderValue, header};

use crate::routes::Outcome;
use crate::{Answer, Failure, Request};

const STYLE: &str = include_str!("../../static/style.css");

/// The name of the style sheet's file.
pub(super) fn style_name() -> &'static str {
    static NAME: LazyLock<String> = LazyLock::new(|| {
        // FNV-1a: a name for content that is compiled in, not a secret.
        let hash = STYLE.bytes().fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
        });
        format!("style-{hash:016x}.css")
    });
    &NAME
}

/// Serves it.
pub(super) async fn file(request: Request) -> Outcome {
    if request.param("name") != style_name() {
        return Err(Failure::not_found());
    }
    let forever = HeaderValue::from_static("public, max-age=31536000, immutable");
    Ok(Answer::bytes("text/css; charset=utf-8", STYLE).header(header::CACHE_CONTROL, forever))
}
