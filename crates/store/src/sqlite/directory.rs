//! The directory in tables.

use std::net::IpAddr;

use model::circle::Curation;
use model::{
    AssetId, ClientId, CollectionId, Facts, MemberId, PersonId, Roles, Timestamp, Tlp, TokenId, Verb,
};
use rusqlite::{Connection, ErrorCode, OptionalExtension, Row, ToSql, params};
use uuid::Uuid;

use super::arrivals::{self, tlp};
use super::circles;
use super::kept;
use super::row::{damaged, uuid};
use super::sequencer::Sequencer;
use super::small;
use super::views::COLLECTIONS;
use crate::authority;
use crate::directory::{
    Asset, Change, Client, Collection, Directory, Epoch, Mark, Member, Opening, Person, Policy, Token,
};
use crate::record::Audit;
use crate::{Error, Kind};

/// The list of a filtered collection.
pub(crate) fn list(conn: &Connection, collection: CollectionId) -> Result<i64, Error> {
    let num: Option<i64> = conn
        .prepare_cached("SELECT num FROM collection WHERE id = ?1")?
        .query_row([collection.0.as_bytes()], |row| row.get(0))
        .optional()?;
    num.map(|num| COLLECTIONS + num).ok_or_else(|| not_found("collection", &collection))
}

/// The list of a collection, `None` when it holds everything.
pub(crate) fn list_if_filtered(conn: &Connection, collection: CollectionId) -> Result<Option<i64>, Error> {
    let found: Option<(i64, bool)> = conn
        .prepare_cached("SELECT num, filter <> '' FROM collection WHERE id = ?1")?
        .query_row([collection.0.as_bytes()], |row| Ok((row.get(0)?, row.get(1)?)))
        .optional()?;
    let (num, filtered) = found.ok_or_else(|| not_found("collection", &collection))?;
    Ok(filtered.then_some(COLLECTIONS + num))
}

fn not_found(what: &str, id: &dyn std::fmt::Display) -> Error {
    Error::new(Kind::NotFound, format!("no {what} `{id}`"))
}

/// Applies changes in their order, and their audit.
pub(crate) fn change(
    to: &mut Sequencer,
    facts: Facts,
    changes: &[Change],
    audit: Option<&Audit>,
) -> Result<Epoch, Error> {
    let in_circle = changes.iter().find_map(Change::done_at);
    authority::compare(to, facts, audit.map(|audit| audit.at).or(in_circle))?;
    for change in changes {
        match change {
            Change::Mark(name, of, at) => mark(to, name, *of, *at)?,
            change => apply(&to.conn, change)?,
        }
        // Also where the transaction fails: then the file is written once more as it was.
        to.revocations.due |= change.is_revoked();
    }
    let openings: Vec<&Opening> = changes.iter().filter_map(Change::opening).collect();
    to.open(&openings)?;
    if let Some(audit) = audit {
        arrivals::audit(&to.conn, audit)?;
    }
    // A look that is written down changes nobody's rights.
    if changes.is_empty() {
        return Ok(Epoch(to.epoch));
    }
    let epoch: i64 =
        to.conn.query_row("UPDATE epoch SET value = value + 1 RETURNING value", [], |row| row.get(0))?;
    to.epoch = epoch.cast_unsigned();
    Ok(Epoch(to.epoch))
}

fn mark(to: &Sequencer, name: &str, of: [MemberId; 2], at: Timestamp) -> Result<(), Error> {
    let waiting = arrivals::waiting(&to.conn, at)?.into_iter();
    let waiting = waiting.filter(|(_, source)| of.contains(source)).map(|(id, _)| id).collect();
    let mark = Mark { end: to.next().cast_unsigned(), waiting };
    small::set_value(&to.conn, name, Some(&mark.encode()))
}

fn apply(conn: &Connection, change: &Change) -> Result<(), Error> {
    match change {
        Change::Member(member) => put_member(conn, member),
        Change::Person(person) => known(conn, person.member).and_then(|()| put_person(conn, person)),
        Change::Token(token) => known(conn, token.member).and_then(|()| put_token(conn, token)),
        Change::Collection(collection) => put_collection(conn, collection),
        Change::Client(client) => known(conn, client.member)
            .and_then(|()| known(conn, client.provider))
            .and_then(|()| put_client(conn, client)),
        Change::Circle(circle) => circles::put_circle(conn, circle),
        Change::Membership(membership) => {
            known(conn, membership.member).and_then(|()| circles::put_membership(conn, membership))
        }
        Change::Invitation(invitation) => circles::put_invitation(conn, invitation),
        Change::CircleAct(act) => circles::note(conn, act),
        Change::Asset(asset) => known(conn, asset.member).and_then(|()| put_asset(conn, asset)),
        Change::NoAsset(id, member) => remove_asset(conn, *id, *member),
        Change::Policy(policy) => known(conn, policy.member).and_then(|()| put_policy(conn, policy)),
        // All at once, by the sequencer, which gives out times; and by what it comes to next.
        Change::Opening(_) | Change::Mark(..) => Ok(()),
        Change::Meta(name, value) => small::set_value(conn, name, value.as_deref()),
        Change::Identity(stix, member) => known(conn, *member).and_then(|()| bind(conn, stix, *member)),
    }
}

fn known(conn: &Connection, member: MemberId) -> Result<(), Error> {
    conn.query_row("SELECT 1 FROM member WHERE id = ?1", [member.0.as_bytes()], |_| Ok(()))
        .optional()?
        .ok_or_else(|| not_found("member", &member))
}

pub(crate) fn put(conn: &Connection, what: &str, sql: &str, values: &[&dyn ToSql]) -> Result<(), Error> {
    match conn.execute(sql, values) {
        Ok(_) => Ok(()),
        Err(error) if error.sqlite_error_code() == Some(ErrorCode::ConstraintViolation) => {
            Err(Error::new(Kind::Conflict, format!("{what} of that name is there already")))
        }
        Err(error) => Err(error.into()),
    }
}

fn put_member(conn: &Connection, member: &Member) -> Result<(), Error> {
    put(
        conn,
        "a member",
        "INSERT INTO member (id, name, created, revoked, own, objects_per_hour, bytes_per_hour, alias, sector,
           client_only)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
         ON CONFLICT (id) DO UPDATE SET name = excluded.name, created = excluded.created,
           revoked = excluded.revoked, own = excluded.own, objects_per_hour = excluded.objects_per_hour,
           bytes_per_hour = excluded.bytes_per_hour, alias = excluded.alias, sector = excluded.sector,
           client_only = excluded.client_only",
        params![
            member.id.0.as_bytes(),
            member.name,
            member.created.0,
            member.revoked.map(|at| at.0),
            member.own,
            member.objects_per_hour.cast_signed(),
            member.bytes_per_hour.cast_signed(),
            member.alias.0.as_bytes(),
            member.sector,
            member.client_only,
        ],
    )
}

fn put_client(conn: &Connection, client: &Client) -> Result<(), Error> {
    put(
        conn,
        "a client",
        "INSERT INTO client (id, member, provider, since, revoked) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET revoked = excluded.revoked",
        params![
            client.id.0.as_bytes(),
            client.member.0.as_bytes(),
            client.provider.0.as_bytes(),
            client.since.0,
            client.revoked.map(|at| at.0),
        ],
    )
}

fn put_person(conn: &Connection, person: &Person) -> Result<(), Error> {
    put(
        conn,
        "a person",
        "INSERT INTO person (id, member, name, created, revoked) VALUES (?1, ?2, ?3, ?4, ?5)
         ON CONFLICT (id) DO UPDATE SET member = excluded.member, name = excluded.name, created = excluded.created,
           revoked = excluded.revoked",
        params![
            person.id.0.as_bytes(),
            person.member.0.as_bytes(),
            person.name,
            person.created.0,
            person.revoked.map(|at| at.0),
        ],
    )
}

fn put_token(conn: &Connection, token: &Token) -> Result<(), Error> {
    if let Some(person) = token.person {
        conn.query_row("SELECT 1 FROM person WHERE id = ?1", [person.0.as_bytes()], |_| Ok(()))
            .optional()?
            .ok_or_else(|| not_found("person", &person))?;
    }
    let networks: Vec<String> =
        token.networks.iter().map(|(address, length)| format!("{address}/{length}")).collect();
    put(
        conn,
        "a token",
        "INSERT INTO token (id, digest, member, person, name, roles, verbs, reads, writes, ceiling, networks,
           certificate, profile, created, expires, revoked, once, last_used)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18)
         ON CONFLICT (id) DO UPDATE SET digest = excluded.digest, member = excluded.member, person = excluded.person,
           name = excluded.name, roles = excluded.roles, verbs = excluded.verbs, reads = excluded.reads,
           writes = excluded.writes, ceiling = excluded.ceiling, networks = excluded.networks,
           certificate = excluded.certificate, profile = excluded.profile, created = excluded.created,
           expires = excluded.expires, revoked = excluded.revoked, once = excluded.once",
        params![
            token.id.0.as_bytes(),
            token.digest,
            token.member.0.as_bytes(),
            token.person.map(|person| *person.0.as_bytes()),
            token.name,
            token.roles.bits(),
            verb_bits(&token.verbs),
            token.read.as_deref().map(join),
            token.write.as_deref().map(join),
            tlp_number(token.ceiling),
            networks.join(","),
            token.certificate,
            token.profile,
            token.created.0,
            token.expires.0,
            token.revoked.map(|at| at.0),
            token.once,
            token.last_used.map(|at| at.0),
        ],
    )
}

fn put_collection(conn: &Connection, collection: &Collection) -> Result<(), Error> {
    put(
        conn,
        "a collection",
        "INSERT INTO collection (id, title, description, alias, filter, ceiling, default_label, created, revoked,
           curation, desk, recipients)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12)
         ON CONFLICT (id) DO UPDATE SET title = excluded.title, description = excluded.description,
           alias = excluded.alias, filter = excluded.filter, ceiling = excluded.ceiling,
           default_label = excluded.default_label, created = excluded.created, revoked = excluded.revoked,
           curation = excluded.curation, desk = excluded.desk, recipients = excluded.recipients",
        params![
            collection.id.0.as_bytes(),
            collection.title,
            collection.description,
            collection.alias,
            collection.filter,
            tlp_number(collection.ceiling),
            tlp_number(collection.default_label),
            collection.created.0,
            collection.revoked.map(|at| at.0),
            Curation::ALL.iter().position(|one| *one == collection.curation).unwrap_or(0) as i64,
            collection.desk,
            collection.recipients,
        ],
    )
}

fn bind(conn: &Connection, stix: &str, member: MemberId) -> Result<(), Error> {
    put(
        conn,
        "an identity",
        "INSERT INTO identity (stix, member) VALUES (?1, ?2) ON CONFLICT (stix) DO UPDATE SET member = excluded.member",
        params![stix, member.0.as_bytes()],
    )
}

fn put_asset(conn: &Connection, asset: &Asset) -> Result<(), Error> {
    put(
        conn,
        "an asset",
        "INSERT INTO asset (id, member, text, added) VALUES (?1, ?2, ?3, ?4)",
        params![asset.id.0.as_bytes(), asset.member.0.as_bytes(), asset.text, asset.added.0],
    )
}

fn remove_asset(conn: &Connection, id: AssetId, member: MemberId) -> Result<(), Error> {
    let removed = conn
        .prepare_cached("DELETE FROM asset WHERE id = ?1 AND member = ?2")?
        .execute([id.0.as_bytes(), member.0.as_bytes()])?;
    if removed == 0 { Err(not_found("asset", &id)) } else { Ok(()) }
}

fn put_policy(conn: &Connection, policy: &Policy) -> Result<(), Error> {
    let Policy { member, text, set } = policy;
    conn.prepare_cached("DELETE FROM policy WHERE member = ?1")?.execute([member.0.as_bytes()])?;
    let Some(text) = text else { return Ok(()) };
    put(
        conn,
        "a policy",
        "INSERT INTO policy (member, text, since) VALUES (?1, ?2, ?3)",
        params![member.0.as_bytes(), text, set.0],
    )
}

/// Reads everything.
pub(crate) fn read(conn: &Connection) -> Result<Directory, Error> {
    let epoch = conn.query_row("SELECT value FROM epoch", [], |row| row.get::<_, i64>(0))?.cast_unsigned();
    Ok(Directory {
        epoch: Epoch(epoch),
        members: all(
            conn,
            "SELECT id, name, created, revoked, own, objects_per_hour, bytes_per_hour, alias, sector, client_only
             FROM member ORDER BY num",
            read_member,
        )?,
        persons: all(conn, "SELECT id, member, name, created, revoked FROM person ORDER BY num", read_person)?,
        tokens: all(
            conn,
            "SELECT id, digest, member, person, name, roles, verbs, reads, writes, ceiling, networks, certificate,
               profile, created, expires, revoked, once, last_used FROM token ORDER BY num",
            read_token,
        )?,
        collections: all(
            conn,
            "SELECT id, title, description, alias, filter, ceiling, default_label, created, revoked, curation,
               desk, recipients
             FROM collection ORDER BY num",
            read_collection,
        )?,
        identities: all(conn, "SELECT stix, member FROM identity ORDER BY num", |row| {
            Ok((row.get(0)?, MemberId(id(row, 1)?)))
        })?,
        circles: circles::circles(conn)?,
        memberships: circles::memberships(conn)?,
        invitations: circles::invitations(conn)?,
        agreed_before: kept::agreed_before(conn)?,
        clients: all(conn, "SELECT id, member, provider, since, revoked FROM client ORDER BY num", |row| {
            Ok(Client {
                id: ClientId(id(row, 0)?),
                member: MemberId(id(row, 1)?),
                provider: MemberId(id(row, 2)?),
                since: Timestamp(row.get(3)?),
                revoked: time(row, 4)?,
            })
        })?,
        assets: all(conn, "SELECT id, member, text, added FROM asset ORDER BY num", read_asset)?,
        policies: all(conn, "SELECT member, text, since FROM policy ORDER BY member", |row| {
            Ok(Policy { member: MemberId(id(row, 0)?), text: row.get(1)?, set: Timestamp(row.get(2)?) })
        })?,
    })
}

pub(crate) fn all<T>(
    conn: &Connection,
    sql: &str,
    read: impl Fn(&Row<'_>) -> Result<T, Error>,
) -> Result<Vec<T>, Error> {
    let mut query = conn.prepare_cached(sql)?;
    let mut rows = query.query([])?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row)?);
    }
    Ok(found)
}

fn read_member(row: &Row<'_>) -> Result<Member, Error> {
    Ok(Member {
        id: MemberId(id(row, 0)?),
        name: row.get(1)?,
        created: Timestamp(row.get(2)?),
        revoked: time(row, 3)?,
        own: row.get(4)?,
        objects_per_hour: row.get::<_, i64>(5)?.cast_unsigned(),
        bytes_per_hour: row.get::<_, i64>(6)?.cast_unsigned(),
        alias: MemberId(id(row, 7)?),
        sector: row.get(8)?,
        client_only: row.get(9)?,
    })
}

fn read_asset(row: &Row<'_>) -> Result<Asset, Error> {
    Ok(Asset {
        id: AssetId(id(row, 0)?),
        member: MemberId(id(row, 1)?),
        text: row.get(2)?,
        added: Timestamp(row.get(3)?),
    })
}

fn read_person(row: &Row<'_>) -> Result<Person, Error> {
    Ok(Person {
        id: PersonId(id(row, 0)?),
        member: MemberId(id(row, 1)?),
        name: row.get(2)?,
        created: Timestamp(row.get(3)?),
        revoked: time(row, 4)?,
    })
}

fn read_token(row: &Row<'_>) -> Result<Token, Error> {
    let person: Option<Vec<u8>> = row.get(3)?;
    let networks: String = row.get(10)?;
    Ok(Token {
        id: TokenId(id(row, 0)?),
        digest: row.get(1)?,
        member: MemberId(id(row, 2)?),
        person: person.map(|bytes| uuid(&bytes).map(PersonId)).transpose()?,
        name: row.get(4)?,
        roles: Roles::from_bits(row.get(5)?),
        verbs: verbs(row.get(6)?),
        read: row.get::<_, Option<Vec<u8>>>(7)?.map(|ids| split(&ids)).transpose()?,
        write: row.get::<_, Option<Vec<u8>>>(8)?.map(|ids| split(&ids)).transpose()?,
        ceiling: tlp(row.get(9)?)?,
        networks: networks.split(',').filter(|one| !one.is_empty()).map(network).collect::<Result<_, _>>()?,
        certificate: row.get(11)?,
        profile: row.get(12)?,
        created: Timestamp(row.get(13)?),
        expires: Timestamp(row.get(14)?),
        revoked: time(row, 15)?,
        once: row.get(16)?,
        last_used: time(row, 17)?,
    })
}

fn read_collection(row: &Row<'_>) -> Result<Collection, Error> {
    Ok(Collection {
        id: CollectionId(id(row, 0)?),
        title: row.get(1)?,
        description: row.get(2)?,
        alias: row.get(3)?,
        filter: row.get(4)?,
        ceiling: tlp(row.get(5)?)?,
        default_label: tlp(row.get(6)?)?,
        created: Timestamp(row.get(7)?),
        revoked: time(row, 8)?,
        curation: Curation::ALL
            .get(row.get::<_, i64>(9)?.cast_unsigned() as usize)
            .copied()
            .ok_or_else(|| damaged("curation"))?,
        desk: row.get(10)?,
        recipients: row.get(11)?,
    })
}

pub(crate) fn id(row: &Row<'_>, at: usize) -> Result<Uuid, Error> {
    let bytes: Vec<u8> = row.get(at)?;
    uuid(&bytes)
}

pub(crate) fn time(row: &Row<'_>, at: usize) -> Result<Option<Timestamp>, Error> {
    Ok(row.get::<_, Option<i64>>(at)?.map(Timestamp))
}

fn tlp_number(tlp: Tlp) -> i64 {
    Tlp::ALL.iter().position(|one| *one == tlp).unwrap_or(0) as i64
}

fn verb_bits(verbs: &[Verb]) -> i64 {
    Verb::ALL.iter().enumerate().filter(|(_, verb)| verbs.contains(verb)).map(|(at, _)| 1 << at).sum()
}

fn verbs(bits: i64) -> Vec<Verb> {
    Verb::ALL.into_iter().enumerate().filter(|(at, _)| bits >> at & 1 == 1).map(|(_, verb)| verb).collect()
}

fn join(ids: &[CollectionId]) -> Vec<u8> {
    ids.iter().flat_map(|id| *id.0.as_bytes()).collect()
}

fn split(bytes: &[u8]) -> Result<Vec<CollectionId>, Error> {
    bytes.chunks(16).map(|id| uuid(id).map(CollectionId)).collect()
}

fn network(text: &str) -> Result<(IpAddr, u8), Error> {
    let (address, length) = text.split_once('/').ok_or_else(|| damaged("networks"))?;
    Ok((address.parse().map_err(|_| damaged("networks"))?, length.parse().map_err(|_| damaged("networks"))?))
}
