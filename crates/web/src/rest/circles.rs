//! Circles: made, joined, left, moderated.

use http::{Method, StatusCode};
use model::circle::{Admits, Charter, Curation, Leavers, Moderation, Shows};
use model::iep::Demand;
use model::{Iep, PermittedActions};
use node::{NewCircle, Node};

use super::content::{self, Fields};
use super::query::read_duration_s;
use super::{JSON, created, json_of_path, listed, named, no_query, row};
use crate::answer::json_of;
use crate::routes::{Access, Need, Outcome};
use crate::{Answer, Failure, Request, Route, auth, blocking};

const CHARTER: &[&str] = &[
    "formal",
    "ceiling",
    "admits",
    "shows",
    "moderation",
    "leavers",
    "curation",
    "retention_days",
    "vocabulary",
    "iep",
    "agreement",
];
// The members of a policy (IEP 2.0 JSON Specification); `external_reference` is the framework's own word for one.
const IEP: &[&str] = &[
    "id",
    "name",
    "description",
    "iep_version",
    "start_date",
    "end_date",
    "encrypt_in_transit",
    "permitted_actions",
    "affected_party_notifications",
    "tlp",
    "attribution",
    "unmodified_resale",
    "external_references",
    "external_reference",
];

pub fn routes() -> Vec<Route> {
    let mut routes = circle_routes();
    routes.extend(member_routes());
    routes.extend(invitation_routes());
    routes
}

fn circle_routes() -> Vec<Route> {
    let (see, act) = (Access::Needs(Need::SeeCircles), Access::Needs(Need::ActInCircles));
    vec![
        row(
            Method::GET,
            "/api/v1/circles",
            "listCircles",
            "The circles that the caller's member is in.",
            see,
            list,
        )
        .gives(200, "All of them.", JSON, named("Circles")),
        row(
            Method::POST,
            "/api/v1/circles",
            "addCircle",
            "Makes a circle: an informal one, or one with a charter, which needs an administrator.",
            act,
            add,
        )
        .takes(JSON, named("NewCircleRequest"))
        .gives(201, "The circle.", JSON, named("Circle")),
        row(
            Method::GET,
            "/api/v1/circles/{name}",
            "showCircle",
            "One of them, by name or id, with what was done in it.",
            see,
            show,
        )
        .gives(200, "The circle.", JSON, named("Circle")),
        row(
            Method::DELETE,
            "/api/v1/circles/{name}",
            "revokeCircle",
            "Ends a circle, for who moderates it.",
            act,
            revoke,
        )
        .gives(200, "The circle.", JSON, named("Named")),
        row(
            Method::POST,
            "/api/v1/circles/{name}/charter",
            "upgradeCircle",
            "Gives a circle another charter, for an administrator of the member that owns it.",
            act,
            upgrade,
        )
        .takes(JSON, named("UpgradeRequest"))
        .gives(200, "The circle.", JSON, named("Circle")),
    ]
}

fn member_routes() -> Vec<Route> {
    let act = Access::Needs(Need::ActInCircles);
    vec![
        row(
            Method::POST,
            "/api/v1/join",
            "joinCircle",
            "Joins the circle that a secret invites to; a formal one by the digest of what is agreed to.",
            act,
            join,
        )
        .takes(JSON, named("JoinRequest"))
        .gives(200, "The circle: joined, or shown to be agreed to.", JSON, named("Joined")),
        row(
            Method::POST,
            "/api/v1/circles/{name}/agreement",
            "agreeToCircle",
            "Agrees for the caller's member to what a circle of its says by now, by the digest of that.",
            act,
            agree,
        )
        .takes(JSON, named("AgreementRequest"))
        .gives(200, "The circle.", JSON, named("Circle")),
        row(
            Method::POST,
            "/api/v1/circles/{name}/leave",
            "leaveCircle",
            "Takes the caller's member out of a circle.",
            act,
            leave,
        )
        .gives(200, "The circle that was left.", JSON, named("Named")),
        row(
            Method::DELETE,
            "/api/v1/circles/{name}/members/{member}",
            "expelFromCircle",
            "Takes another member out of a circle, for who moderates it.",
            act,
            expel,
        )
        .gives(200, "The circle.", JSON, named("Named")),
    ]
}

fn invitation_routes() -> Vec<Route> {
    let act = Access::Needs(Need::ActInCircles);
    vec![
        row(
            Method::POST,
            "/api/v1/circles/{name}/invitations",
            "inviteToCircle",
            "Makes an invitation to a circle, good once.",
            act,
            invite,
        )
        .takes(JSON, named("InvitationRequest"))
        .gives(201, "The invitation; its secret is told this once.", JSON, named("NewInvitation")),
        row(
            Method::POST,
            "/api/v1/circles/{name}/invitations/{id}",
            "confirmInvitation",
            "Confirms another member's invitation, where the charter asks for two administrators.",
            act,
            confirm,
        )
        .gives(200, "The invitation.", JSON, named("Invitation")),
        row(
            Method::DELETE,
            "/api/v1/circles/{name}/invitations/{id}",
            "revokeInvitation",
            "Takes an invitation back.",
            act,
            uninvite,
        )
        .gives(200, "The invitation.", JSON, named("Invitation")),
    ]
}

async fn list(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("circles", &blocking::brief(|| request.node.circles(caller))?)
}

async fn show(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, name) = (request.caller()?, request.param("name"));
    Answer::json(&blocking::brief(|| request.node.circle(caller, name))?)
}

async fn add(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["name", "charter", "expire", "owner"])?;
    let new = NewCircle {
        name: fields.required("name")?,
        charter: charter(&fields)?,
        expire_s: span(&fields)?,
        owner: fields.text("owner")?,
    };
    let caller = request.caller()?.clone();
    created(move || request.node.add_circle(&caller, &new)).await
}

async fn upgrade(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["charter", "expire"])?;
    let missing = || Failure::invalid("`/charter` is missing or empty");
    let (charter, expire_s) = (charter(&fields)?.ok_or_else(missing)?, span(&fields)?);
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    json_of(move || request.node.upgrade_circle(&caller, &name, &charter, expire_s)).await
}

async fn revoke(request: Request) -> Outcome {
    json_of_path(request, "name", Node::revoke_circle).await
}

async fn join(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["secret", "agree"])?;
    let (secret, agree) = (fields.required("secret")?, fields.text("agree")?);
    let (caller, shared, client) = (request.caller()?.clone(), request.shared, request.client);
    let by = caller.clone();
    let joined = json_of(move || request.node.join_circle(&caller, &secret, agree.as_deref())).await;
    joined.map_err(|failure| match failure.status {
        StatusCode::NOT_FOUND => auth::counted_attempt(failure, &shared, client, &by),
        _ => failure,
    })
}

async fn agree(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let digest = Fields::read(&bytes, &["digest"])?.required("digest")?;
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    json_of(move || request.node.agree_to_circle(&caller, &name, &digest)).await
}

async fn leave(request: Request) -> Outcome {
    json_of_path(request, "name", Node::leave_circle).await
}

async fn expel(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    let member = request.param("member").to_owned();
    json_of(move || request.node.expel(&caller, &name, &member)).await
}

async fn invite(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let expire_s = span(&Fields::read(&bytes, &["expire"])?)?;
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    created(move || request.node.invite(&caller, &name, expire_s)).await
}

async fn confirm(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    let id = request.param("id").to_owned();
    json_of(move || request.node.confirm_invitation(&caller, &name, &id)).await
}

async fn uninvite(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    let id = request.param("id").to_owned();
    json_of(move || request.node.uninvite(&caller, &name, &id)).await
}

fn span(fields: &Fields<'_>) -> Result<Option<u64>, Failure> {
    fields.text("expire")?.map(|text| read_duration_s("/expire", &text)).transpose()
}

// A charter is formal unless it says otherwise.
fn charter(fields: &Fields<'_>) -> Result<Option<Charter>, Failure> {
    let Some(of) = fields.document("charter", CHARTER)? else { return Ok(None) };
    let days = of.count("retention_days")?;
    let days = days.map(|days| u32::try_from(days).unwrap_or(u32::MAX));
    let iep = of.document("iep", IEP)?;
    let defaults = Charter::default();
    let ceiling = of.tlp("ceiling")?;
    let of_policy = iep.as_ref().map_or(Ok(None), |iep| iep.tlp("tlp"))?;
    if let (Some(ceiling), Some(of_policy)) = (ceiling, of_policy)
        && ceiling != of_policy
    {
        let failure =
            Failure::invalid(format!("`/tlp` of the policy is {of_policy}, and `/ceiling` {ceiling}"));
        return Err(failure.hint("they are one and the same: leave one of them out"));
    }
    Ok(Some(Charter {
        formal: of.flag("formal")?.unwrap_or(true),
        ceiling: ceiling.or(of_policy).unwrap_or(defaults.ceiling),
        admits: word(&of, "admits", Admits::named, Admits::ALL, Admits::name)?,
        shows: word(&of, "shows", Shows::named, Shows::ALL, Shows::name)?,
        moderation: word(&of, "moderation", Moderation::named, Moderation::ALL, Moderation::name)?,
        curation: word(&of, "curation", Curation::named, Curation::ALL, Curation::name)?,
        leavers: word(&of, "leavers", Leavers::named, Leavers::ALL, Leavers::name)?,
        retention_days: days,
        vocabulary: of.texts("vocabulary")?,
        iep: iep.map_or(Ok(defaults.iep), |iep| read_iep(&iep))?,
        agreement: of.text("agreement")?.unwrap_or_default(),
    }))
}

fn read_iep(of: &Fields<'_>) -> Result<Iep, Failure> {
    let demand = |name| word(of, name, Demand::named, Demand::ALL, Demand::name);
    let all = &PermittedActions::ALL;
    if of.number("iep_version")?.is_some_and(|version| version != 2.0) {
        return Err(Failure::invalid("`/iep_version` is not 2.0, the only version that is understood"));
    }
    let id = of.text("id")?.map(|text| {
        text.parse().map_err(|_| Failure::invalid(format!("`/id` is `{text}`, expected a UUID")))
    });
    let mut external_references = of.texts("external_references")?;
    external_references.extend(of.text("external_reference")?);
    external_references.retain(|one| !one.is_empty());
    Ok(Iep {
        id: id.transpose()?,
        name: of.text("name")?.unwrap_or_default(),
        description: of.text("description")?.unwrap_or_default(),
        start_date: of.time("start_date")?,
        end_date: of.time("end_date")?,
        encrypt_in_transit: demand("encrypt_in_transit")?,
        permitted_actions: word(
            of,
            "permitted_actions",
            PermittedActions::named,
            all,
            PermittedActions::name,
        )?,
        affected_party_notifications: demand("affected_party_notifications")?,
        attribution: demand("attribution")?,
        unmodified_resale: demand("unmodified_resale")?,
        external_references,
    })
}

pub(super) fn word<T: Copy + Default>(
    of: &Fields<'_>,
    name: &str,
    named: impl Fn(&str) -> Option<T>,
    all: &[T],
    word: impl Fn(T) -> &'static str,
) -> Result<T, Failure> {
    let words: Vec<&str> = all.iter().map(|one| word(*one)).collect();
    Ok(of.word(name, named, &words)?.unwrap_or_default())
}
