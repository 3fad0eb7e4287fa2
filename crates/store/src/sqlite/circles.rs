//! Circles in tables.

use std::ops::ControlFlow;

use model::{CircleId, InvitationId, MemberId, MembershipId, PersonId, Timestamp, TokenId};
use rusqlite::{Connection, Row, params};

use super::directory::{all, id, put, time};
use super::kept;
use super::row::uuid;
use crate::Error;
use crate::directory::{Circle, CircleAct, Invitation, Membership};

pub(crate) fn put_circle(conn: &Connection, circle: &Circle) -> Result<(), Error> {
    let audiences: Vec<u8> = circle.audiences.iter().flat_map(|id| *id.0.as_bytes()).collect();
    kept::define(conn, &circle.definition)?;
    put(
        conn,
        "a circle",
        "INSERT INTO circle (id, definition, audiences, created, expires, revoked) VALUES (?1, ?2, ?3, ?4, ?5, ?6)
         ON CONFLICT (id) DO UPDATE SET definition = excluded.definition, audiences = excluded.audiences,
           created = excluded.created, expires = excluded.expires, revoked = excluded.revoked",
        params![
            circle.id.0.as_bytes(),
            circle.definition,
            audiences,
            circle.created.0,
            circle.expires.map(|at| at.0),
            circle.revoked.map(|at| at.0),
        ],
    )
}

pub(crate) fn put_membership(conn: &Connection, membership: &Membership) -> Result<(), Error> {
    put(
        conn,
        "a membership",
        "INSERT INTO membership (id, circle, member, person, agreed, since, revoked, kept)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
         ON CONFLICT (id) DO UPDATE SET agreed = excluded.agreed, revoked = excluded.revoked, kept = excluded.kept",
        params![
            membership.id.0.as_bytes(),
            membership.circle.0.as_bytes(),
            membership.member.0.as_bytes(),
            membership.person.map(|person| *person.0.as_bytes()),
            membership.agreed,
            membership.since.0,
            membership.revoked.map(|at| at.0),
            membership.kept,
        ],
    )
}

pub(crate) fn put_invitation(conn: &Connection, invitation: &Invitation) -> Result<(), Error> {
    put(
        conn,
        "an invitation",
        "INSERT INTO invitation (id, circle, digest, inviter, second, needs_second, created, expires, revoked)
         VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)
         ON CONFLICT (id) DO UPDATE SET second = excluded.second, revoked = excluded.revoked",
        params![
            invitation.id.0.as_bytes(),
            invitation.circle.0.as_bytes(),
            invitation.digest,
            invitation.by.0.as_bytes(),
            invitation.second.map(|member| *member.0.as_bytes()),
            invitation.needs_second,
            invitation.created.0,
            invitation.expires.0,
            invitation.revoked.map(|at| at.0),
        ],
    )
}

/// Writes down what was done. What the clock does again, with nothing done in between, takes the place of when it did so last:
/// the table grows by what members do.
pub(crate) fn note(conn: &Connection, act: &CircleAct) -> Result<(), Error> {
    if act.member.is_none() {
        conn.execute(
            "DELETE FROM circle_act WHERE num = (SELECT max(num) FROM circle_act WHERE circle = ?1)
               AND member IS NULL AND verb = ?2",
            params![act.circle.0.as_bytes(), act.verb],
        )?;
    }
    conn.execute(
        "INSERT INTO circle_act (circle, at, member, token, verb, about) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
        params![
            act.circle.0.as_bytes(),
            act.at.0,
            act.member.map(|member| *member.0.as_bytes()),
            act.token.map(|token| *token.0.as_bytes()),
            act.verb,
            act.about.map(|member| *member.0.as_bytes()),
        ],
    )?;
    Ok(())
}

pub(crate) fn circles(conn: &Connection) -> Result<Vec<Circle>, Error> {
    all(conn, "SELECT id, definition, audiences, created, expires, revoked FROM circle ORDER BY num", |row| {
        let audiences: Vec<u8> = row.get(2)?;
        Ok(Circle {
            id: CircleId(id(row, 0)?),
            definition: row.get(1)?,
            audiences: audiences.chunks(16).map(|id| uuid(id).map(CircleId)).collect::<Result<_, _>>()?,
            created: Timestamp(row.get(3)?),
            expires: time(row, 4)?,
            revoked: time(row, 5)?,
        })
    })
}

pub(crate) fn memberships(conn: &Connection) -> Result<Vec<Membership>, Error> {
    all(
        conn,
        "SELECT id, circle, member, person, agreed, since, revoked, kept FROM membership ORDER BY num",
        |row| {
            Ok(Membership {
                id: MembershipId(id(row, 0)?),
                circle: CircleId(id(row, 1)?),
                member: MemberId(id(row, 2)?),
                person: maybe(row, 3)?.map(PersonId),
                agreed: row.get(4)?,
                since: Timestamp(row.get(5)?),
                revoked: time(row, 6)?,
                kept: row.get(7)?,
            })
        },
    )
}

pub(crate) fn invitations(conn: &Connection) -> Result<Vec<Invitation>, Error> {
    all(
        conn,
        "SELECT id, circle, digest, inviter, second, needs_second, created, expires, revoked FROM invitation
         WHERE revoked IS NULL ORDER BY num",
        |row| {
            Ok(Invitation {
                id: InvitationId(id(row, 0)?),
                circle: CircleId(id(row, 1)?),
                digest: row.get(2)?,
                by: MemberId(id(row, 3)?),
                second: maybe(row, 4)?.map(MemberId),
                needs_second: row.get(5)?,
                created: Timestamp(row.get(6)?),
                expires: Timestamp(row.get(7)?),
                revoked: time(row, 8)?,
            })
        },
    )
}

/// What was done in a circle, the newest first, until told to stop.
pub(crate) fn acts(
    conn: &Connection,
    circle: CircleId,
    each: &mut dyn FnMut(CircleAct) -> ControlFlow<()>,
) -> Result<(), Error> {
    let mut query = conn.prepare_cached(
        "SELECT at, member, token, verb, about FROM circle_act WHERE circle = ?1 ORDER BY num DESC",
    )?;
    let mut rows = query.query([circle.0.as_bytes()])?;
    while let Some(row) = rows.next()? {
        let act = CircleAct {
            circle,
            at: Timestamp(row.get(0)?),
            member: maybe(row, 1)?.map(MemberId),
            token: maybe(row, 2)?.map(TokenId),
            verb: row.get(3)?,
            about: maybe(row, 4)?.map(MemberId),
        };
        if each(act).is_break() {
            break;
        }
    }
    Ok(())
}

fn maybe(row: &Row<'_>, at: usize) -> Result<Option<uuid::Uuid>, Error> {
    row.get::<_, Option<Vec<u8>>>(at)?.map(|bytes| uuid(&bytes)).transpose()
}
