//! Objects: found, opened, spoken about, taken back.

use http::Method;
use node::{Annotation, Asked, Claims, Relabel, Saying, SearchQuery};

use super::content::{self, Fields};
use super::transfer::embargo;
use super::{JSON, created, named, no_query, query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome, ValueKind};
use crate::{Answer, Failure, Request, Route, blocking};

pub fn routes() -> Vec<Route> {
    let mut routes = vec![search_route(), claims_route()];
    routes.extend(object_routes());
    routes.extend(annotation_routes());
    routes
}

fn search_route() -> Route {
    row(
        Method::GET,
        "/api/v1/objects",
        "searchObjects",
        "Objects by text, type, source, label, tag, time, relation, external id or alias, newest first.",
        Access::Needs(Need::Read),
        search,
    )
    .query("text", ValueKind::Text, "Words that must all occur.")
    .query("type", ValueKind::Repeated, "Only these types.")
    .query("source", ValueKind::Repeated, "Only what these members said, by name or id.")
    .query("label", ValueKind::Repeated, "Only under these TLP labels.")
    .query("tag", ValueKind::Text, "Only with this tag.")
    .query("external_id", ValueKind::Text, "Only with this external id, such as `T1059`.")
    .query("alias", ValueKind::Text, "Only with this name or alias, whole, in any case.")
    .query("related_to", ValueKind::Text, "Only what is one step from the object of this id.")
    .query("added_after", ValueKind::Time, "Only what was added after this time.")
    .query("added_before", ValueKind::Time, "Only what was added before this time.")
    .query("facets", ValueKind::Flag, "Count types, sources, labels and tags too.")
    .query("limit", ValueKind::Count, "At most this many.")
    .query("next", ValueKind::Text, "The cursor of a page before.")
    .gives(200, "A page of objects.", JSON, named("ObjectPage"))
}

fn claims_route() -> Route {
    row(
        Method::GET,
        "/api/v1/claims",
        "listClaims",
        "What other members say under the ids of the caller's member or in its name, newest first.",
        Access::Needs(Need::Read),
        claims,
    )
    .query("mine", ValueKind::Flag, "What the caller's member says under the ids of others instead.")
    .query("type", ValueKind::Repeated, "Only these types.")
    .query("source", ValueKind::Repeated, "Only what these members said, by name or id.")
    .query("added_after", ValueKind::Time, "Only what was added after this time.")
    .query("added_before", ValueKind::Time, "Only what was added before this time.")
    .query("limit", ValueKind::Count, "At most this many.")
    .query("next", ValueKind::Text, "The cursor of a page before.")
    .gives(200, "A page of claims, of each claimant the last version.", JSON, named("ObjectPage"))
}

fn object_routes() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            "/api/v1/objects/{id}",
            "showObject",
            "One object: its versions, what others claim, and one step around it.",
            Access::Needs(Need::Read),
            show,
        )
        .query("version", ValueKind::Text, "This version instead of the last.")
        .gives(200, "The object.", JSON, named("ObjectView")),
        row(
            Method::DELETE,
            "/api/v1/objects/{id}",
            "withdrawObject",
            "Takes an object back, or some of its versions: it is gone on every road, its history stays.",
            Access::Needs(Need::Withdraw),
            withdraw,
        )
        .query("version", ValueKind::Repeated, "Only these versions.")
        .gives(200, "How many versions were taken back.", JSON, named("Withdrawn")),
        row(
            Method::GET,
            "/api/v1/objects/{id}/trace",
            "traceObject",
            "Who sees what the caller's member said, since when and why; and whom which rule keeps it from.",
            Access::Needs(Need::Read),
            trace,
        )
        .gives(
            200,
            "Those that the caller may know by name, the others by number.",
            JSON,
            named("Preview"),
        ),
        row(
            Method::GET,
            "/api/v1/objects/{id}/ledger",
            "showLedger",
            "Who knew what, when, of what is or was RED or under embargo: for those who may see it, and for auditors.",
            Access::Needs(Need::Read),
            ledger,
        )
        .query("audit", ValueKind::Flag, "As an administrator of the node, who is told who was given it, and not what it is.")
        .query("limit", ValueKind::Count, "At most this many rows, up to 1,000.")
        .query("next", ValueKind::Text, "The cursor of a page before.")
        .gives(200, "A page of rows, the oldest first.", JSON, named("Ledger")),
        row(
            Method::POST,
            "/api/v1/preview",
            "previewLabel",
            "Who would see what the caller says under a label, and why.",
            Access::Needs(Need::Submit),
            preview,
        )
        .takes(JSON, named("PreviewRequest"))
        .gives(
            200,
            "Those that the caller may know by name, the others by number.",
            JSON,
            named("Preview"),
        ),
        row(
            Method::POST,
            "/api/v1/objects/{id}/relabel",
            "relabelObject",
            "Gives what the caller's member said another label: new entries for whoever sees it then.",
            Access::Needs(Need::Submit),
            relabel,
        )
        .takes(JSON, named("RelabelRequest"))
        .gives(200, "How many versions entered again.", JSON, named("Relabelled")),
        row(
            Method::POST,
            "/api/v1/objects/{id}/erase",
            "eraseObject",
            "Removes the bytes of an object for good.",
            Access::Needs(Need::Erase),
            erase,
        )
        .takes(JSON, named("EraseRequest"))
        .gives(200, "How many versions were erased.", JSON, named("Erased")),
        row(
            Method::POST,
            "/api/v1/objects/{id}/origin",
            "tellOrigin",
            "Who said an object without a name; the audit keeps who asked, and why.",
            Access::Needs(Need::Erase),
            origin,
        )
        .takes(JSON, named("OriginRequest"))
        .gives(200, "The members.", JSON, named("Origins")),
    ]
}

fn annotation_routes() -> Vec<Route> {
    let access = Access::Needs(Need::Annotate);
    let rows = [
        row(
            Method::POST,
            "/api/v1/objects/{id}/notes",
            "addNote",
            "Says something about an object.",
            access,
            note,
        )
        .takes(JSON, named("NoteRequest")),
        row(
            Method::POST,
            "/api/v1/objects/{id}/opinions",
            "addOpinion",
            "Says how far one agrees with an object.",
            access,
            opinion,
        )
        .takes(JSON, named("OpinionRequest")),
        row(Method::POST, "/api/v1/objects/{id}/tags", "addTags", "Tags an object.", access, tags)
            .takes(JSON, named("TagsRequest")),
        row(
            Method::POST,
            "/api/v1/objects/{id}/revoke",
            "revokeObject",
            "Revokes an object: one's own gets a new version, on another's one says so.",
            access,
            revoke,
        )
        .takes(JSON, named("RevokeRequest")),
    ];
    let gives = |row: Route| row.gives(201, "What was recorded.", JSON, named("Outcome"));
    rows.into_iter().map(gives).collect()
}

async fn search(request: Request) -> Outcome {
    let query = &request.query;
    query.only(&[
        "text",
        "type",
        "source",
        "label",
        "tag",
        "external_id",
        "alias",
        "related_to",
        "added_after",
        "added_before",
        "facets",
        "limit",
        "next",
    ])?;
    let label = |text: String| text.parse().map_err(|error| Failure::invalid(format!("`label`: {error}")));
    let search = SearchQuery {
        text: query::text(query, "text")?,
        types: query::texts(query, "type")?,
        sources: query::texts(query, "source")?,
        labels: query::texts(query, "label")?.into_iter().map(label).collect::<Result<_, Failure>>()?,
        tag: query::text(query, "tag")?,
        external_id: query::text(query, "external_id")?,
        alias: query::text(query, "alias")?,
        related_to: query::text(query, "related_to")?,
        added_after: query::time(query, "added_after")?,
        added_before: query::time(query, "added_before")?,
        facets: query::flag(query, "facets")?,
        limit: query::count(query, "limit")?,
        next: query::text(query, "next")?,
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.search(&caller, &search)).await
}

async fn claims(request: Request) -> Outcome {
    let query = &request.query;
    query.only(&["mine", "type", "source", "added_after", "added_before", "limit", "next"])?;
    let claims = if query::flag(query, "mine")? { Claims::ByOwn } else { Claims::UnderOwn };
    let search = SearchQuery {
        types: query::texts(query, "type")?,
        sources: query::texts(query, "source")?,
        added_after: query::time(query, "added_after")?,
        added_before: query::time(query, "added_before")?,
        limit: query::count(query, "limit")?,
        next: query::text(query, "next")?,
        ..SearchQuery::default()
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.claims(&caller, claims, &search)).await
}

async fn show(request: Request) -> Outcome {
    request.query.only(&["version"])?;
    let version = query::text(&request.query, "version")?;
    let (caller, id) = (request.caller()?, request.param("id"));
    Answer::json(&blocking::brief(|| request.node.object(caller, id, version.as_deref()))?)
}

#[derive(serde::Serialize)]
struct Withdrawn {
    withdrawn: u64,
}

async fn withdraw(request: Request) -> Outcome {
    request.query.only(&["version"])?;
    let versions = query::texts(&request.query, "version")?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || {
        let withdrawn = request.node.withdraw(&caller, None, &id, &versions)?;
        Ok(Withdrawn { withdrawn })
    })
    .await
}

async fn trace(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, id) = (request.caller()?, request.param("id"));
    Answer::json(&blocking::brief(|| request.node.trace(caller, id))?)
}

async fn ledger(request: Request) -> Outcome {
    request.query.only(&["audit", "limit", "next"])?;
    let (limit, next) = (query::count(&request.query, "limit")?, query::text(&request.query, "next")?);
    let audits = query::flag(&request.query, "audit")?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || request.node.ledger(&caller, &id, audits, (next.as_deref(), limit))).await
}

async fn preview(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["tlp", "to", "embargo", "until", "without_name"])?;
    let asked = Asked {
        tlp: fields.tlp("tlp")?,
        to: fields.texts("to")?,
        embargo: embargo(fields.text("embargo")?, fields.time("until")?)?,
        without_name: fields.flag("without_name")?.unwrap_or(false),
    };
    let caller = request.caller()?;
    Answer::json(&blocking::brief(|| request.node.preview(caller, &asked))?)
}

#[derive(serde::Serialize)]
struct Relabelled {
    relabelled: u64,
}

async fn relabel(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["tlp", "to", "embargo", "until", "lift"])?;
    let asked = Relabel {
        tlp: fields.tlp("tlp")?,
        to: if fields.has("to") { Some(fields.texts("to")?) } else { None },
        embargo: embargo(fields.text("embargo")?, fields.time("until")?)?,
        lift: fields.flag("lift")?.unwrap_or(false),
    };
    if asked.lift && asked.embargo.is_some() {
        return Err(Failure::invalid("`lift` and `embargo` contradict each other"));
    }
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || {
        let relabelled = request.node.relabel(&caller, &id, &asked)?;
        Ok(Relabelled { relabelled })
    })
    .await
}

#[derive(serde::Serialize)]
struct Erased {
    erased: u64,
}

async fn erase(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let reason = Fields::read(&bytes, &["reason"])?.required("reason")?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || {
        let erased = request.node.erase(&caller, &id, &reason)?;
        Ok(Erased { erased })
    })
    .await
}

async fn origin(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let reason = Fields::read(&bytes, &["reason"])?.required("reason")?;
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    json_of(move || request.node.desk_origin(&caller, &id, &reason)).await
}

async fn note(request: Request) -> Outcome {
    annotate(request, &["text", "tlp", "without_name"], |fields| {
        Ok(Annotation::Note(fields.required("text")?))
    })
    .await
}

async fn opinion(request: Request) -> Outcome {
    annotate(request, &["opinion", "explanation", "tlp", "without_name"], |fields| {
        Ok(Annotation::Opinion(fields.required("opinion")?, fields.text("explanation")?))
    })
    .await
}

async fn tags(request: Request) -> Outcome {
    annotate(request, &["tags", "tlp", "without_name"], |fields| {
        Ok(Annotation::Tags(fields.required_texts("tags")?))
    })
    .await
}

async fn revoke(request: Request) -> Outcome {
    annotate(request, &["tlp", "without_name"], |_| Ok(Annotation::Revoke)).await
}

async fn annotate(
    mut request: Request,
    known: &[&str],
    read: fn(&Fields<'_>) -> Result<Annotation, Failure>,
) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, known)?;
    let annotation = read(&fields)?;
    let without_name = fields.flag("without_name")?.unwrap_or(false);
    let saying = Saying { tlp: fields.tlp("tlp")?, without_name };
    let (caller, id) = (request.caller()?.clone(), request.param("id").to_owned());
    created(move || request.node.annotate(&caller, &id, &annotation, saying)).await
}
