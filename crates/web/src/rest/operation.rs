//! The node itself: its quarantine, retention, figures, copies and views.

use http::Method;
use node::{AuditQuery, NewRetention, Node};

use super::content::{self, Fields};
use super::transfer::LINES;
use super::watched::watched;
use super::{JSON, created, json_of_path, listed, named, no_query, query, row};
use crate::answer::json_of;
use crate::request::Road;
use crate::routes::{Access, Need, Outcome, ValueKind};
use crate::{Failure, Request, Route, blocking};

const PROGRESS: &str = "Tell how far it is, one document a line.";
const IN_LINES: &str =
    "With `progress`: one event a line; the last is the answer, or the problem that ended it.";

pub fn routes() -> Vec<Route> {
    let mut routes = quarantine_routes();
    routes.push(audit_route());
    routes.push(reads_route());
    routes.extend(retention_routes());
    routes.extend(upkeep_routes());
    routes
}

fn quarantine_routes() -> Vec<Route> {
    vec![
        row(
            Method::GET,
            "/api/v1/quarantine",
            "listQuarantine",
            "Refused arrivals that are still kept: one's own member's, and for curators that there are others.",
            Access::Bearer,
            quarantine,
        )
        .gives(200, "The newest first.", JSON, named("Quarantine")),
        row(
            Method::GET,
            "/api/v1/quarantine/{id}",
            "showQuarantined",
            "One of them, with its bytes.",
            Access::Bearer,
            quarantined,
        )
        .gives(200, "What was refused.", JSON, named("Quarantined")),
    ]
}

fn audit_route() -> Route {
    row(
        Method::GET,
        "/api/v1/audit",
        "listAudit",
        "What was done, when and by which token.",
        Access::Needs(Need::Operate),
        audit,
    )
    .query("after", ValueKind::Text, "Only rows after this id, the oldest first; 0 is before all.")
    .query("before", ValueKind::Text, "Only rows before this id, the newest first.")
    .query("limit", ValueKind::Count, "At most so many, up to 1,000.")
    .gives(200, "The newest first, or with `after` the oldest.", JSON, named("Audit"))
}

fn reads_route() -> Route {
    row(
        Method::GET,
        "/api/v1/reads",
        "listReads",
        "Who read how much, and when: for one's own member by token and person, of others by member alone, for administrators.",
        Access::Needs(Need::ManagePersons),
        reads,
    )
    .query("before", ValueKind::Time, "Only answers before this time, such as that of the last row.")
    .query("limit", ValueKind::Count, "At most so many, up to 1,000.")
    .gives(200, "The newest first.", JSON, named("Reads"))
}

fn retention_routes() -> Vec<Route> {
    let operate = Access::Needs(Need::Operate);
    vec![
        row(Method::GET, "/api/v1/retention", "listRetention", "How long what is kept.", operate, retention)
            .gives(200, "The rules.", JSON, named("RetentionRules")),
        row(
            Method::POST,
            "/api/v1/retention",
            "addRetention",
            "Adds a rule: statements of this type, of this source, are erased so many days after they were added.",
            operate,
            add_retention,
        )
        .takes(JSON, named("NewRetentionRequest"))
        .gives(201, "The rule.", JSON, named("RetentionRule")),
        row(
            Method::DELETE,
            "/api/v1/retention/{id}",
            "removeRetention",
            "Removes a rule; what it erased stays erased.",
            operate,
            remove_retention,
        )
        .gives(200, "The rule.", JSON, named("RetentionRule")),
        row(
            Method::POST,
            "/api/v1/retention/run",
            "runRetention",
            "Runs the rules now instead of within the hour.",
            operate,
            run_retention,
        )
        .query("dry_run", ValueKind::Flag, "Count, erase nothing.")
        .gives(200, "What they reached.", JSON, named("RetentionRun")),
    ]
}

fn upkeep_routes() -> Vec<Route> {
    let operate = Access::Needs(Need::Operate);
    vec![
        row(
            Method::GET,
            "/api/v1/statistics",
            "statistics",
            "Figures: what the caller may see, and the node's own for those who operate it.",
            Access::Visitor,
            statistics,
        )
        .gives(200, "The figures.", JSON, named("Document")),
        row(
            Method::POST,
            "/api/v1/backup",
            "backup",
            "Copies the node's record to a folder on its machine. Through the folder's own socket only.",
            operate,
            backup,
        )
        .query("progress", ValueKind::Flag, PROGRESS)
        .takes(JSON, named("BackupRequest"))
        .gives(200, IN_LINES, LINES, named("UpkeepEvent"))
        .gives(201, "What was copied.", JSON, named("BackupMade")),
        row(
            Method::POST,
            "/api/v1/rebuild",
            "rebuild",
            "Drops the views and makes them again from the record.",
            operate,
            rebuild,
        )
        .query("progress", ValueKind::Flag, PROGRESS)
        .gives(200, "Whether they are the same.", JSON, named("Rebuilt"))
        .gives(200, IN_LINES, LINES, named("UpkeepEvent")),
        row(
            Method::POST,
            "/api/v1/check",
            "check",
            "Checks everything that is kept: the engine's own check, positions, commitments to the bytes.",
            operate,
            check,
        )
        .query("progress", ValueKind::Flag, PROGRESS)
        .gives(200, "What was found.", JSON, named("Checked"))
        .gives(200, IN_LINES, LINES, named("UpkeepEvent")),
    ]
}

async fn quarantine(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.quarantine(&caller)).await
}

async fn quarantined(request: Request) -> Outcome {
    json_of_path(request, "id", Node::quarantined).await
}

async fn audit(request: Request) -> Outcome {
    request.query.only(&["after", "before", "limit"])?;
    let asked = AuditQuery {
        after: query::parsed(&request.query, "after")?,
        before: query::parsed(&request.query, "before")?,
        limit: query::count(&request.query, "limit")?,
    };
    let caller = request.caller()?.clone();
    json_of(move || request.node.audit(&caller, &asked)).await
}

async fn reads(request: Request) -> Outcome {
    request.query.only(&["before", "limit"])?;
    let before = query::time(&request.query, "before")?;
    let limit = query::count(&request.query, "limit")?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.reads(&caller, before, limit)).await
}

async fn retention(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("rules", &blocking::brief(|| request.node.retention(caller))?)
}

async fn add_retention(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["type", "source", "days"])?;
    let days = fields.count("days")?.ok_or_else(|| Failure::invalid("`/days` is missing"))?;
    let days = u32::try_from(days).map_err(|_| Failure::invalid("`/days` is too many"))?;
    let new = NewRetention { kind: fields.text("type")?, source: fields.text("source")?, days };
    let caller = request.caller()?.clone();
    created(move || request.node.add_retention(&caller, &new)).await
}

async fn remove_retention(request: Request) -> Outcome {
    json_of_path(request, "id", Node::remove_retention).await
}

async fn run_retention(request: Request) -> Outcome {
    request.query.only(&["dry_run"])?;
    let dry_run = query::flag(&request.query, "dry_run")?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.run_retention(&caller, dry_run)).await
}

async fn check(request: Request) -> Outcome {
    let in_lines = in_lines(&request)?;
    let caller = request.caller()?.clone();
    let node = request.node;
    watched(in_lines, http::StatusCode::OK, move |progress| node.verify(&caller, progress)).await
}

async fn statistics(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?.clone();
    json_of(move || request.node.statistics(&caller)).await
}

// Whether it is to be told as it goes on.
fn in_lines(request: &Request) -> Result<bool, Failure> {
    request.query.only(&["progress"])?;
    query::flag(&request.query, "progress")
}

async fn backup(mut request: Request) -> Outcome {
    let in_lines = in_lines(&request)?;
    // It names a path on this machine, so it is for those who have one here.
    if !matches!(request.arrival.road, Road::AdminSocket | Road::InProcess(_)) {
        let failure =
            Failure::new(http::StatusCode::FORBIDDEN, "forbidden", "a backup is made on the node's machine");
        return Err(failure.hint("run `accord backup TO --data DIR` there"));
    }
    let bytes = content::bytes(&mut request).await?;
    let to = Fields::read(&bytes, &["to"])?.required("to")?;
    let to = std::path::PathBuf::from(to);
    if !to.is_absolute() {
        return Err(Failure::invalid("`/to` is no absolute path"));
    }
    let caller = request.caller()?.clone();
    let (node, created) = (request.node, http::StatusCode::CREATED);
    watched(in_lines, created, move |progress| node.backup(&caller, &to, progress)).await
}

async fn rebuild(request: Request) -> Outcome {
    let in_lines = in_lines(&request)?;
    let caller = request.caller()?.clone();
    let node = request.node;
    watched(in_lines, http::StatusCode::OK, move |progress| node.rebuild(&caller, progress)).await
}
