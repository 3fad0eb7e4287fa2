//! Who takes part: members, persons, tokens, collections.

use http::{Method, StatusCode};
use model::circle::Curation;
use node::{NewCollection, NewMember, NewToken, Node, views};

use super::content::{self, Fields};
use super::query::read_duration_s;
use super::{JSON, created, json_of_path, listed, named, no_query, row};
use crate::answer::json_of;
use crate::profile::{PROFILES, Profile};
use crate::routes::{Access, Need, Outcome};
use crate::{Answer, Failure, Request, Route, blocking};

pub fn routes() -> Vec<Route> {
    let mut routes = member_routes();
    routes.extend(person_routes());
    routes.extend(token_routes());
    routes.extend(collection_routes());
    routes
}

fn member_routes() -> Vec<Route> {
    let access = Access::Needs(Need::ManageMembers);
    vec![
        row(
            Method::GET,
            "/api/v1/members",
            "listMembers",
            "The members that the caller may know of.",
            Access::Bearer,
            list_members,
        )
        .gives(200, "All of them.", JSON, named("Members")),
        row(Method::POST, "/api/v1/members", "addMember", "Adds a member.", access, add_member)
            .takes(JSON, named("NewMemberRequest"))
            .gives(201, "The member.", JSON, named("Member")),
        row(
            Method::GET,
            "/api/v1/members/{name}",
            "showMember",
            "A member that the caller may know of, by name or id.",
            Access::Bearer,
            show_member,
        )
        .gives(200, "The member.", JSON, named("Member")),
        row(
            Method::POST,
            "/api/v1/members/{name}/sector",
            "setSector",
            "Says of which sector a member is, which is vouched for where it submits without its name.",
            access,
            set_sector,
        )
        .takes(JSON, named("SectorRequest"))
        .gives(200, "The member.", JSON, named("Member")),
        row(
            Method::POST,
            "/api/v1/members/{name}/providers",
            "setProviders",
            "Says whose client a member is: what TLP:AMBER lets these hand on reaches it.",
            access,
            set_providers,
        )
        .takes(JSON, named("ProvidersRequest"))
        .gives(200, "The member.", JSON, named("Member")),
        row(
            Method::DELETE,
            "/api/v1/members/{name}",
            "revokeMember",
            "Revokes a member: its tokens do nothing from then on, its statements stay.",
            access,
            revoke_member,
        )
        .gives(200, "The member.", JSON, named("Member")),
    ]
}

fn person_routes() -> Vec<Route> {
    let access = Access::Needs(Need::ManagePersons);
    vec![
        row(
            Method::GET,
            "/api/v1/persons",
            "listPersons",
            "The persons that the caller may know of.",
            Access::Bearer,
            list_persons,
        )
        .gives(200, "All of them.", JSON, named("Persons")),
        row(Method::POST, "/api/v1/persons", "addPerson", "Adds a person to a member.", access, add_person)
            .takes(JSON, named("NewPersonRequest"))
            .gives(201, "The person.", JSON, named("Person")),
        row(
            Method::GET,
            "/api/v1/persons/{name}",
            "showPerson",
            "A person that the caller may know of, by id, by `member/name`, or by name.",
            Access::Bearer,
            show_person,
        )
        .gives(200, "The person.", JSON, named("Person")),
        row(
            Method::DELETE,
            "/api/v1/persons/{name}",
            "revokePerson",
            "Revokes a person.",
            access,
            revoke_person,
        )
        .gives(200, "The person.", JSON, named("Person")),
    ]
}

fn token_routes() -> Vec<Route> {
    let access = Access::Needs(Need::ManageTokens);
    vec![
        row(
            Method::GET,
            "/api/v1/tokens",
            "listTokens",
            "The tokens that the caller administers, and his own, without their secrets.",
            Access::Bearer,
            list_tokens,
        )
        .gives(200, "All of them.", JSON, named("Tokens")),
        row(Method::POST, "/api/v1/tokens", "addToken", "Adds a token.", access, add_token)
            .takes(JSON, named("NewTokenRequest"))
            .gives(201, "The token; its secret is told this once.", JSON, named("NewToken")),
        row(
            Method::GET,
            "/api/v1/tokens/{id}",
            "showToken",
            "One of them, by id or by a name of its own.",
            Access::Bearer,
            show_token,
        )
        .gives(200, "The token, without its secret.", JSON, named("Token")),
        row(
            Method::DELETE,
            "/api/v1/tokens/{id}",
            "revokeToken",
            "Revokes one of them.",
            Access::Bearer,
            revoke_token,
        )
        .gives(200, "The token, without its secret.", JSON, named("Token")),
    ]
}

fn collection_routes() -> Vec<Route> {
    let manage = Access::Needs(Need::ManageCollections);
    vec![
        row(
            Method::GET,
            "/api/v1/collections",
            "listCollections",
            "The collections that the caller reads, writes or manages.",
            Access::Visitor,
            list_collections,
        )
        .gives(200, "In stable order.", JSON, named("Collections")),
        row(
            Method::POST,
            "/api/v1/collections",
            "addCollection",
            "Adds a collection.",
            manage,
            add_collection,
        )
        .takes(JSON, named("NewCollectionRequest"))
        .gives(201, "The collection.", JSON, named("Collection")),
        row(
            Method::GET,
            "/api/v1/collections/{name}",
            "showCollection",
            "A collection, by title, alias or id.",
            Access::Visitor,
            show_collection,
        )
        .gives(200, "The collection.", JSON, named("Collection")),
        row(
            Method::DELETE,
            "/api/v1/collections/{name}",
            "revokeCollection",
            "Revokes a collection: its address is gone, what was in it stays in the record.",
            manage,
            revoke_collection,
        )
        .gives(200, "The collection.", JSON, named("Collection")),
    ]
}

/// How a name fits one of several, the best first. A name may be given again once what had it is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Fit {
    Id,
    Name,
    NameOfRevoked,
}

impl Fit {
    fn of(is_id: bool, is_name: bool, revoked: bool) -> Option<Fit> {
        match (is_id, is_name) {
            (true, _) => Some(Fit::Id),
            (false, true) if revoked => Some(Fit::NameOfRevoked),
            (false, true) => Some(Fit::Name),
            (false, false) => None,
        }
    }
}

/// The one of these that is meant: of those that the name fits best. A name that several have means none of them.
fn the_one<T>(items: Vec<T>, kind: &str, name: &str, fit: impl Fn(&T) -> Option<Fit>) -> Result<T, Failure> {
    let best = items.iter().filter_map(&fit).min();
    let mut found = items.into_iter().filter(|item| best.is_some() && fit(item) == best);
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (Some(_), Some(_)) => {
            Err(Failure::invalid(format!("there is more than one {kind} `{name}`")).hint("name it by its id"))
        }
        (None, _) => {
            Err(Failure::new(StatusCode::NOT_FOUND, "not-found", format!("there is no {kind} `{name}`")))
        }
    }
}

async fn list_members(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("members", &blocking::brief(|| request.node.members(caller))?)
}

async fn show_member(request: Request) -> Outcome {
    no_query(&request)?;
    let (caller, name) = (request.caller()?, request.param("name"));
    let members = blocking::brief(|| request.node.members(caller))?;
    Answer::json(&the_one(members, "member", name, |member| {
        Fit::of(member.id == name, member.name == name, member.revoked.is_some())
    })?)
}

async fn add_member(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["name", "identity", "objects_per_hour", "bytes_per_hour", "sector"])?;
    let new = NewMember {
        name: fields.required("name")?,
        identity: fields.text("identity")?,
        objects_per_hour: fields.count("objects_per_hour")?,
        bytes_per_hour: fields.count("bytes_per_hour")?,
        sector: fields.text("sector")?,
    };
    let caller = request.caller()?.clone();
    created(move || request.node.add_member(&caller, &new)).await
}

async fn revoke_member(request: Request) -> Outcome {
    json_of_path(request, "name", Node::revoke_member).await
}

async fn set_sector(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let sector = Fields::read(&bytes, &["sector"])?.text("sector")?.unwrap_or_default();
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    json_of(move || request.node.set_sector(&caller, &name, &sector)).await
}

async fn set_providers(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["providers", "only"])?;
    let (providers, only) = (fields.texts("providers")?, fields.flag("only")?.unwrap_or_default());
    let (caller, name) = (request.caller()?.clone(), request.param("name").to_owned());
    json_of(move || request.node.set_providers(&caller, &name, &providers, only)).await
}

async fn list_persons(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("persons", &blocking::brief(|| request.node.persons(caller))?)
}

async fn show_person(request: Request) -> Outcome {
    no_query(&request)?;
    Answer::json(&person(&request)?)
}

fn person(request: &Request) -> Result<views::Person, Failure> {
    let (caller, name) = (request.caller()?, request.param("name"));
    let persons = blocking::brief(|| request.node.persons(caller))?;
    the_one(persons, "person", name, |person| {
        let whole = name
            .split_once('/')
            .is_some_and(|(member, own)| person.member.name == member && person.name == own);
        Fit::of(person.id == name, person.name == name || whole, person.revoked.is_some())
    })
}

async fn add_person(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(&bytes, &["name", "member"])?;
    let (name, member) = (fields.required("name")?, fields.required("member")?);
    let caller = request.caller()?.clone();
    created(move || request.node.add_person(&caller, &member, &name)).await
}

async fn revoke_person(request: Request) -> Outcome {
    no_query(&request)?;
    let id = person(&request)?.id;
    let caller = request.caller()?.clone();
    json_of(move || request.node.revoke_person(&caller, &id)).await
}

async fn list_tokens(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("tokens", &blocking::brief(|| request.node.tokens(caller))?)
}

async fn show_token(request: Request) -> Outcome {
    no_query(&request)?;
    Answer::json(&token(&request)?)
}

fn token(request: &Request) -> Result<views::Token, Failure> {
    let (caller, id) = (request.caller()?, request.param("id"));
    let tokens = blocking::brief(|| request.node.tokens(caller))?;
    the_one(tokens, "token", id, |token| Fit::of(token.id == id, token.name == id, token.revoked.is_some()))
}

async fn add_token(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(
        &bytes,
        &[
            "member",
            "person",
            "name",
            "roles",
            "verbs",
            "read",
            "write",
            "ceiling",
            "networks",
            "expire",
            "profile",
            "certificate",
        ],
    )?;
    let expire = fields.text("expire")?;
    let new = NewToken {
        member: fields.required("member")?,
        person: fields.text("person")?,
        name: fields.text("name")?,
        roles: fields.required_texts("roles")?,
        verbs: fields.texts("verbs")?,
        read: fields.texts("read")?,
        write: fields.texts("write")?,
        ceiling: fields.tlp("ceiling")?,
        networks: fields.texts("networks")?,
        expire_s: expire.map(|text| read_duration_s("/expire", &text)).transpose()?,
        profile: fields.text("profile")?.map(known_profile).transpose()?,
        certificate: fields.text("certificate")?,
    };
    let caller = request.caller()?.clone();
    created(move || request.node.add_token(&caller, &new)).await
}

// A misspelt profile would show only when the client fails.
fn known_profile(name: String) -> Result<String, Failure> {
    if Profile::named(&name).is_some() {
        return Ok(name);
    }
    let names: Vec<&str> = PROFILES.iter().map(|profile| profile.name).collect();
    Err(Failure::invalid(format!("/profile: `{name}` is no client profile"))
        .hint(format!("it is one of {}", names.join(", "))))
}

async fn revoke_token(request: Request) -> Outcome {
    no_query(&request)?;
    let id = token(&request)?.id;
    let caller = request.caller()?.clone();
    json_of(move || request.node.revoke_token(&caller, &id)).await
}

async fn list_collections(request: Request) -> Outcome {
    no_query(&request)?;
    let caller = request.caller()?;
    listed("collections", &blocking::brief(|| request.node.collections(caller)))
}

async fn show_collection(request: Request) -> Outcome {
    no_query(&request)?;
    Answer::json(&collection(&request)?)
}

fn collection(request: &Request) -> Result<views::Collection, Failure> {
    let (caller, name) = (request.caller()?, request.param("name"));
    let collections = blocking::brief(|| request.node.collections(caller));
    the_one(collections, "collection", name, |collection| {
        let named = collection.name == name || collection.alias.as_deref() == Some(name);
        Fit::of(collection.id == name, named, false)
    })
}

async fn add_collection(mut request: Request) -> Outcome {
    no_query(&request)?;
    let bytes = content::bytes(&mut request).await?;
    let fields = Fields::read(
        &bytes,
        &[
            "title",
            "description",
            "alias",
            "filter",
            "ceiling",
            "default_label",
            "curation",
            "without_name",
            "to",
        ],
    )?;
    let new = NewCollection {
        title: fields.required("title")?,
        description: fields.text("description")?.unwrap_or_default(),
        alias: fields.text("alias")?,
        filter: fields.text("filter")?.unwrap_or_default(),
        ceiling: fields.tlp("ceiling")?,
        default_label: fields.tlp("default_label")?,
        desk: fields.flag("without_name")?.unwrap_or(false),
        to: fields.texts("to")?,
        curation: super::circles::word(&fields, "curation", Curation::named, Curation::ALL, Curation::name)?,
    };
    let caller = request.caller()?.clone();
    created(move || request.node.add_collection(&caller, &new)).await
}

async fn revoke_collection(request: Request) -> Outcome {
    json_of_path(request, "name", Node::revoke_collection).await
}
