//! §4.3, §5.5 and §5.7, adding and withdrawing.

use std::borrow::Cow;

use http::{HeaderValue, StatusCode, header};
use node::{ImportOptions, ListQuery, views};
use serde::Serialize;

use super::MEDIA_TYPE;
use super::filter::{SPEC_VERSION, VERSION, read_fields};
use super::information::resource;
use super::objects::no_object;
use crate::routes::Outcome;
use crate::{Answer, Failure, Request, blocking, media};

/// §4.3.1
#[derive(Debug, Serialize)]
struct Status<'a> {
    id: &'a str,
    status: &'static str,
    request_timestamp: &'a str,
    total_count: u64,
    success_count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    successes: Vec<Details<'a>>,
    failure_count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Details<'a>>,
    pending_count: u64,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pendings: Vec<Details<'a>>,
}

/// §4.3.1, status-details.
#[derive(Debug, Serialize)]
struct Details<'a> {
    id: Cow<'a, str>,
    version: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
}

/// §4.3
pub(super) async fn status(request: Request) -> Outcome {
    let caller = request.caller()?;
    let view = blocking::brief(|| request.node.status(caller, request.param("status")))?;
    resource(&Status::from(&view))
}

/// §5.5
pub(super) async fn add(mut request: Request) -> Outcome {
    let checked = check_addable(&request);
    if let Err(failure) = checked {
        request.body.discard().await;
        return Err(failure);
    }
    let content = request.content().await?;
    let caller = request.caller()?.clone();
    let node = request.node.clone();
    let options = ImportOptions {
        collection: Some(request.param("collection").to_owned()),
        ..ImportOptions::default()
    };
    let view =
        blocking::long(move || node.submit(&caller, &options, &content)).await?.map_err(unprocessable)?;
    Ok(resource(&Status::from(&view))?.status(StatusCode::ACCEPTED))
}

// What can be said before the content is read. The node judges again when it writes.
fn check_addable(request: &Request) -> Result<(), Failure> {
    let caller = request.caller()?;
    // §5.5: without can_write "MUST return an HTTP 403 (Forbidden) or HTTP 404 (Not Found)".
    let collection = request.node.collection(caller, request.param("collection"))?;
    if !collection.can_write {
        return Err(forbidden("this client does not write to this collection"));
    }
    // §3.1: a Content-Type that is defined "MUST NOT result in an HTTP 415".
    let offered = media::content_type(&request.headers);
    let is_taxii = offered.as_ref().is_some_and(|media| {
        media.kind == "application"
            && media.subtype == "taxii+json"
            && media.parameter("version").is_none_or(|version| version == "2.1")
    });
    if is_taxii {
        return Ok(());
    }
    let detail = "content of this media type is not taken";
    Err(Failure::new(StatusCode::UNSUPPORTED_MEDIA_TYPE, "media-type", detail)
        .hint(format!("send `Content-Type: {MEDIA_TYPE}`"))
        .header(header::ACCEPT, HeaderValue::from_static(MEDIA_TYPE)))
}

// §5.5: 422 for "a malformed body, or other unprocessable content".
fn unprocessable(error: node::Error) -> Failure {
    let mut failure = Failure::from(error);
    if failure.status == StatusCode::BAD_REQUEST {
        failure.status = StatusCode::UNPROCESSABLE_ENTITY;
    }
    failure
}

/// §5.7
///
/// | can_read | can_write | |
/// |---|---|---|
/// | false | false | 404, for the collection is not known to this client |
/// | true | false | 403 |
/// | false | true | 403 |
/// | true | true | 200, 404 for an object that this client does not see, 403 for one that is not his to withdraw |
pub(super) async fn delete(request: Request) -> Outcome {
    let mut matched = ListQuery::default();
    read_fields(&request.query, &[VERSION, SPEC_VERSION], &mut matched)?;
    let caller = request.caller()?.clone();
    let node = request.node.clone();
    let name = request.param("collection").to_owned();
    let object = request.param("object").to_owned();
    let count = blocking::long(move || -> Result<u64, Failure> {
        let collection = node.collection(&caller, &name)?;
        if !(collection.can_read && collection.can_write) {
            return Err(forbidden("to withdraw objects a client must read and write the collection"));
        }
        // Everything here is STIX 2.1: another version of it matches nothing.
        let versions = &matched.spec_versions;
        if !versions.is_empty() && !versions.iter().any(|version| version == "2.1") {
            return Ok(0);
        }
        Ok(node.withdraw(&caller, Some(&name), &object, &matched.versions)?)
    })
    .await??;
    if count == 0 {
        return Err(no_object(&request));
    }
    Ok(Answer::empty(StatusCode::OK).header(header::CONTENT_TYPE, HeaderValue::from_static(MEDIA_TYPE)))
}

fn forbidden(detail: &str) -> Failure {
    Failure::new(StatusCode::FORBIDDEN, "forbidden", detail)
}

impl<'a> From<&'a views::Status> for Status<'a> {
    fn from(view: &'a views::Status) -> Status<'a> {
        let (mut successes, mut failures, mut pendings) = (Vec::new(), Vec::new(), Vec::new());
        for outcome in &view.outcomes {
            let list = match outcome.state {
                "rejected" => &mut failures,
                "pending" => &mut pendings,
                _ => &mut successes,
            };
            // Both are required. What has no id that could be read is named by its place, and the time stands for a version.
            let id = match outcome.id.as_str() {
                "" => Cow::Owned(format!("/objects/{}", outcome.ordinal)),
                id => Cow::Borrowed(id),
            };
            let version = if outcome.version.is_empty() { &view.received } else { &outcome.version };
            list.push(Details { id, version, message: message(outcome) });
        }
        // Clients refuse a list that is not as long as its count says; the lists are optional, the counts are not.
        let whole = |list: Vec<Details<'a>>, count: u64| {
            if list.len() as u64 == count { list } else { Vec::new() }
        };
        Status {
            id: &view.id,
            status: if view.complete { "complete" } else { "pending" },
            request_timestamp: &view.received,
            total_count: view.total,
            success_count: view.success,
            successes: whole(successes, view.success),
            failure_count: view.failure,
            failures: whole(failures, view.failure),
            pending_count: view.pending,
            pendings: whole(pendings, view.pending),
        }
    }
}

// Why an object was refused, or what is to be said of one that was taken. Of several findings the message is the first.
fn message(outcome: &views::Outcome) -> Option<String> {
    let first = outcome.findings.iter().find(|finding| finding.severity == "must");
    let of_finding = |finding: &views::Finding| {
        format!("{} at `{}` ({})", finding.message, finding.pointer, finding.clause)
    };
    outcome.message.clone().or_else(|| first.map(of_finding))
}
