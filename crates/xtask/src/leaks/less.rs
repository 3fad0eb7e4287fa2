//! The world without what a reader may not see: what is hidden from him was never said, who he does not know never came.

use std::collections::BTreeSet;

use model::{MemberId, Origin, Role, Tlp};

use super::canary;
use super::oracle::{self, Reader, Served, Told, When};
use super::people::{Circle, Client, Collection, Person, Token};
use super::said::{Kind, Mark, Said};
use super::world::{Deed, Post, World};

/// A reader's own world, and what he may be told in it.
pub struct Less {
    /// The world without the rest.
    pub world: World,
    /// Canaries that any road may show him.
    pub seen: BTreeSet<String>,
    /// Canaries that he may be told of beside, where it is about what his own member sent or did.
    pub told: BTreeSet<String>,
    /// Canaries that he is told of as a curator, where it is about what waits.
    pub queued: BTreeSet<String>,
    /// Ids under which his own member said something.
    pub own: BTreeSet<String>,
    /// Ids of what his own member said with a part that is not for him.
    pub parted: BTreeSet<String>,
    /// Ids under which he would see something but for the scope of his token.
    pub beyond: BTreeSet<String>,
}

/// What a world is without what this reader may not see.
pub fn without(world: &World, served: &Served, reader: &Reader<'_>) -> Less {
    let standing = oracle::stands(world, served, When::Last);
    let mut seen = String::new();
    let mut told = String::new();
    let mut kept: Vec<(usize, usize, bool)> = Vec::new();
    for one in &standing {
        let (whole, part) = reader.sees(world, one);
        if whole {
            let said = Said { without_part: !part, ..one.said.clone() };
            seen.push_str(&said.json());
            if reader.is_told_source(&one.label) {
                seen.push_str(world.member(one.label.author).map_or("", |member| &member.name));
            }
            kept.push((one.deed, one.place, !part));
        }
    }
    // What was taken back had its time, for those who saw it, and keeps it.
    let ever = oracle::stands(world, served, When::Ever);
    for one in &ever {
        let (whole, part) = reader.sees(world, one);
        if whole && !kept.iter().any(|(deed, place, _)| (*deed, *place) == (one.deed, one.place)) {
            kept.push((one.deed, one.place, !part));
        }
    }
    // The scope of a token limits its roads and not its sight: which version is the last, and which the owner's, is decided
    // among all that its member could see under an id up to the token's ceiling.
    let seen_ids: BTreeSet<String> = kept_ids(world, &kept);
    for one in standing.iter().filter(|one| seen_ids.contains(&one.said.id)) {
        let (whole, part) = reader.would_see(world, one);
        if whole {
            kept.push((one.deed, one.place, !part));
        }
    }
    // Who saw what was recalled is told whose it was, and who recalled it.
    if let Some((number, token, member)) = world.recall() {
        let is_recalled = |one: &&oracle::Stands<'_>| one.deed < number && one.label.author == member;
        let sees = |one: &&oracle::Stands<'_>| reader.sees(world, one).0 && reader.is_told_source(&one.label);
        let seen_before: Vec<_> = ever.iter().filter(is_recalled).filter(sees).collect();
        seen_before.iter().for_each(|one| seen.push_str(&format!("{} ", one.said.id)));
        if !seen_before.is_empty() {
            let by = world.tokens.get(token).map(|token| token.member);
            for member in [Some(member), by].into_iter().flatten() {
                seen.push_str(world.member(member).map_or("", |one| &one.name));
                seen.push(' ');
            }
        }
    }
    let own = own_ids(world, reader);
    let has_hidden = |one: &&oracle::Stands<'_>| {
        Some(one.label.author) == reader.member() && reader.sees(world, one) == (true, false)
    };
    let parted = standing.iter().filter(has_hidden).map(|one| one.said.id.clone()).collect();
    let beyond = standing.iter().filter(|one| reader.would_see(world, one).0 && !reader.sees(world, one).0);
    let beyond = beyond.map(|one| one.said.id.clone()).collect();
    kept.extend(first_said(world, served, reader));
    kept.extend(first_bound(world, served, &kept));
    kept.extend(refused_by(world, served, reader));
    let mut deeds = Vec::new();
    let mut queued = String::new();
    for (number, deed) in &world.deeds {
        // Of a place that is kept for more than one reason the first counts.
        let keeps = |place: usize| kept.iter().find(|(deed, at, _)| (deed, at) == (number, &place));
        let keep = |place: usize, said: &Said| {
            keeps(place).map(|(_, _, without_part)| Said { without_part: *without_part, ..said.clone() })
        };
        match deed {
            Deed::Direct { source, said } => {
                // Refused arrivals are for the member that sent them.
                let whole = reader.member() == Some(*source)
                    && reader.ceiling() == Tlp::Red
                    && reader.token.is_some_and(|token| token.read.is_none());
                if whole {
                    said.iter().for_each(|(said, _)| told.push_str(&said.json()));
                    deeds.push((*number, deed.clone()));
                    continue;
                }
                let left = said.iter().enumerate();
                let left: Vec<_> =
                    left.filter_map(|(at, (said, label))| Some((keep(at, said)?, label.clone()))).collect();
                if !left.is_empty() {
                    deeds.push((*number, Deed::Direct { source: *source, said: left }));
                }
            }
            Deed::Post(post) => {
                let looks = reader.looks_at(world, served, *number, post);
                // What was refused when it came, curators are not shown.
                let waits = |at: usize| oracle::told(served, *number, at) == Some(Told::Held);
                if looks {
                    let waiting = post.said.iter().enumerate().filter(|(at, _)| waits(*at));
                    waiting.for_each(|(_, said)| queued.push_str(&said.json()));
                    queued.push_str(
                        world.member(oracle::source(world, post)).map_or("", |member| &member.name),
                    );
                }
                let whole = reader.is_told(world, post);
                let of_own = reader.member() == Some(oracle::source(world, post));
                if reader.is_told(world, post) || of_own && reader.ceiling() == Tlp::Red {
                    post.said.iter().for_each(|said| told.push_str(&said.json()));
                }
                // What others were refused, by what only they see, would be taken in a world without that.
                let is_refused = |at: usize| {
                    oracle::told(served, *number, at) == Some(Told::Refused)
                        && of_own
                        && reader.ceiling() == Tlp::Red
                };
                // Where others restricted a part, what is said again under the id is taken or refused by how far its own
                // parts go. Who sees theirs and not his can tell that it has one; it keeps it.
                let source = oracle::source(world, post);
                let is_judged_by_parts = |id: &str| {
                    let of_others =
                        |one: &&oracle::Stands<'_>| one.said.id == id && one.label.author != source;
                    ever.iter().filter(of_others).any(|one| one.said.part.is_some())
                };
                let left = post.said.iter().enumerate().filter_map(|(at, said)| {
                    if whole || is_refused(at) || looks && waits(at) {
                        return Some(said.clone());
                    }
                    let left = keep(at, said)?;
                    Some(Said { without_part: left.without_part && !is_judged_by_parts(&left.id), ..left })
                });
                let post = Post { said: left.collect(), ..post.clone() };
                if whole || !post.said.is_empty() {
                    deeds.push((*number, Deed::Post(post)));
                }
            }
            Deed::Withdraw { token, id } | Deed::Erase { token, id } => {
                if world.tokens.get(*token).map(|token| token.member) == reader.member() {
                    told.push_str(id);
                }
                deeds.push((*number, deed.clone()));
            }
            Deed::Recall { .. } => deeds.push((*number, deed.clone())),
        }
    }
    keep_terms(world, &mut deeds);
    let said: Vec<String> =
        deeds.iter().flat_map(|(_, deed)| deed.said()).map(|said| said.id.clone()).collect();
    let speak: BTreeSet<MemberId> = deeds.iter().filter_map(|(_, deed)| source_of(world, deed)).collect();
    deeds.retain(|(_, deed)| match deed {
        Deed::Withdraw { id, .. } | Deed::Erase { id, .. } => said.contains(id),
        Deed::Recall { member, .. } => speak.contains(member),
        Deed::Direct { .. } | Deed::Post(_) => true,
    });
    swap_withheld(world, reader, &mut deeds);
    let world = directory(world, reader, deeds);
    names(&world, reader, &mut seen);
    let seen = canary::all(seen.as_bytes());
    let told = canary::all(told.as_bytes()).union(&seen).cloned().collect();
    let queued = canary::all(queued.as_bytes()).union(&seen).cloned().collect();
    Less { world, seen, told, queued, own, parted, beyond }
}

// Who says something by a deed.
fn source_of(world: &World, deed: &Deed) -> Option<MemberId> {
    match deed {
        Deed::Direct { source, .. } => Some(*source),
        Deed::Post(post) => Some(oracle::source(world, post)),
        Deed::Withdraw { .. } | Deed::Erase { .. } | Deed::Recall { .. } => None,
    }
}

fn own_ids(world: &World, reader: &Reader<'_>) -> BTreeSet<String> {
    let is_own = |deed: &Deed| source_of(world, deed).is_some_and(|one| Some(one) == reader.member());
    let own = world.deeds.iter().filter(|(_, deed)| is_own(deed));
    own.flat_map(|(_, deed)| deed.said()).map(|said| said.id.clone()).collect()
}

fn kept_ids(world: &World, kept: &[(usize, usize, bool)]) -> BTreeSet<String> {
    let deed = |number: &usize| world.deeds.iter().find(|(of, _)| of == number).map(|(_, deed)| deed);
    let said = kept.iter().filter_map(|(number, at, _)| Some(deed(number)?.said().get(*at)?.id.clone()));
    said.collect()
}

// That his own member said something before under an id and version is told to whoever of it says it again, whatever his
// ceiling and his scope: what was said first stays.
fn first_said(world: &World, served: &Served, reader: &Reader<'_>) -> Vec<(usize, usize, bool)> {
    let mut again = Vec::new();
    for (number, deed) in &world.deeds {
        let Deed::Post(post) = deed else { continue };
        let known = |at: usize| oracle::told(served, *number, at) == Some(Told::Known);
        if reader.is_told(world, post) {
            let said = post.said.iter().enumerate().filter(|(at, _)| known(*at));
            again.extend(said.map(|(at, said)| (*number, at, said)));
        }
    }
    let mut first = Vec::new();
    for (number, deed) in &world.deeds {
        let Some(source) = source_of(world, deed) else { continue };
        for (at, said) in deed.said().into_iter().enumerate().filter(|_| reader.member() == Some(source)) {
            let is_again = |(later, place, again): &&(usize, usize, &Said)| {
                (number, &at) < (later, place) && again.id == said.id && again.version == said.version
            };
            if again.iter().any(|one| is_again(&one)) {
                first.push((*number, at, false));
            }
        }
    }
    first
}

// Why something of his own member was refused is told to whoever is told of the submission: what the one who sent it saw of
// others under its id stays.
fn refused_by(world: &World, served: &Served, reader: &Reader<'_>) -> Vec<(usize, usize, bool)> {
    let ever = oracle::stands(world, served, When::Ever);
    let mut kept = Vec::new();
    for (number, deed) in &world.deeds {
        let Deed::Post(post) = deed else { continue };
        let maker = Reader { token: world.tokens.get(post.token) };
        for (at, said) in post.said.iter().enumerate().filter(|_| reader.is_told(world, post)) {
            if oracle::told(served, *number, at) != Some(Told::Refused) {
                continue;
            }
            let seen = ever.iter().filter(|one| one.deed < *number && one.said.id == said.id);
            let seen = seen.filter(|one| maker.sees(world, one).0);
            kept.extend(seen.map(|one| (one.deed, one.place, false)));
        }
    }
    kept
}

// Of two members that are bound to the authors that they name, the first to say something under an id owns it, and keeps it
// also where that first statement is not for everybody: who was let in early could take the id otherwise. Whoever sees
// the owner's later statements sees that they are the owner's.
fn first_bound(world: &World, served: &Served, kept: &[(usize, usize, bool)]) -> Vec<(usize, usize, bool)> {
    let mut owners: Vec<(&str, MemberId, usize, usize)> = Vec::new();
    let mut visible: Vec<(&str, MemberId)> = Vec::new();
    for (number, deed) in &world.deeds {
        let Some(source) = source_of(world, deed) else { continue };
        for (at, said) in deed.said().into_iter().enumerate() {
            if kept.iter().any(|(deed, place, _)| (deed, place) == (number, &at)) {
                visible.push((&said.id, source));
            }
            let bound = world.member(source).map(|member| &member.identity);
            let is_bound =
                said.author.is_some() && said.author.as_ref() == bound && !said.kind.is_observable();
            let taken = oracle::told(served, *number, at) == Some(Told::Taken);
            if taken && is_bound && !owners.iter().any(|(id, ..)| *id == said.id) {
                owners.push((&said.id, source, *number, at));
            }
        }
    }
    let shown = owners.into_iter().filter(|(id, source, ..)| visible.contains(&(*id, *source)));
    shown.map(|(_, _, number, at)| (number, at, false)).collect()
}

// Terms decide the label of what refers to them, whoever sees the terms themselves: what is left keeps its label.
fn keep_terms(world: &World, deeds: &mut Vec<(usize, Deed)>) {
    let mut needed = Vec::new();
    for (_, deed) in deeds.iter() {
        let Deed::Post(post) = deed else { continue };
        let source = oracle::source(world, post);
        for said in &post.said {
            if let Mark::Terms(id) = &said.mark {
                needed.push((source, id.clone()));
                let own = world.deeds.iter().filter(|(_, deed)| oracle::is_for_all(world, post, deed, id));
                let own = own.filter_map(|(_, deed)| match deed {
                    Deed::Post(other) => Some(oracle::source(world, other)),
                    _ => None,
                });
                needed.extend(own.map(|by| (by, id.clone())));
            }
        }
    }
    for (number, deed) in &world.deeds {
        let Deed::Post(post) = deed else { continue };
        let source = oracle::source(world, post);
        let is_needed = |said: &&Said| {
            said.kind == Kind::Marking && needed.iter().any(|(by, id)| *by == source && *id == said.id)
        };
        for said in post.said.iter().filter(is_needed) {
            match deeds.iter_mut().find(|(of, _)| of == number) {
                Some((_, Deed::Post(left))) => {
                    if !left.said.contains(said) {
                        // In its place among those that are left.
                        let place =
                            |one: &Said| post.said.iter().position(|other| other.number == one.number);
                        let behind = left.said.iter().position(|one| place(one) > place(said));
                        left.said.insert(behind.unwrap_or(left.said.len()), said.clone());
                    }
                }
                _ => {
                    let only = Post { said: vec![said.clone()], ..post.clone() };
                    let behind = deeds.iter().position(|(of, _)| of > number).unwrap_or(deeds.len());
                    deeds.insert(behind, (*number, Deed::Post(only)));
                }
            }
        }
    }
}

// Whoever is not told who said something is told the same if it was somebody else.
fn swap_withheld(world: &World, reader: &Reader<'_>, deeds: &mut [(usize, Deed)]) {
    let count = |id: &str| world.all_said().filter(|said| said.id == id).count();
    let taken_back: Vec<String> = deeds
        .iter()
        .filter_map(|(_, deed)| match deed {
            Deed::Withdraw { id, .. } => Some(id.clone()),
            _ => None,
        })
        .collect();
    let recalled = world.recall().map(|(_, _, member)| member);
    for (_, deed) in deeds.iter_mut() {
        let Deed::Direct { source, said } = deed else { continue };
        let other = world.members.iter().map(|member| member.id);
        // All that one said is recalled at the same time, which tells whose it was.
        let is_recalled = |id: MemberId| recalled == Some(id);
        let other =
            other.rev().find(|id| *id != *source && Some(*id) != reader.member() && !is_recalled(*id));
        let is_swapped = Some(*source) != reader.member() && !is_recalled(*source);
        let Some(other) = other.filter(|_| is_swapped) else { continue };
        let is_swapped = |(one, label): &(Said, model::Label)| {
            label.origin == Origin::Withheld
                && one.author.is_none()
                && count(&one.id) == 1
                && !taken_back.contains(&one.id)
        };
        // One commit has one source: what is swapped makes a deed of its own only if it is all of this one.
        if said.iter().all(is_swapped) {
            said.iter_mut().for_each(|(_, label)| label.author = other);
            *source = other;
        }
    }
}

fn directory(world: &World, reader: &Reader<'_>, deeds: Vec<(usize, Deed)>) -> World {
    let whole = reader.operates();
    let acts = |token: &Token| {
        deeds.iter().any(|(_, deed)| {
            let by = match deed {
                Deed::Direct { .. } => None,
                Deed::Post(Post { token, .. })
                | Deed::Withdraw { token, .. }
                | Deed::Erase { token, .. }
                | Deed::Recall { token, .. } => world.tokens.get(*token),
            };
            by.is_some_and(|by| by.id == token.id)
        })
    };
    let is_own = |member: MemberId| reader.member() == Some(member);
    let administers = reader.token.is_some_and(|token| token.has(&[Role::OrganisationAdministrator]));
    let knows = |token: &Token| {
        whole
            || acts(token)
            || reader.token.is_some_and(|own| own.id == token.id)
            || administers && is_own(token.member)
    };
    let known: Vec<bool> = world.tokens.iter().map(knows).collect();
    let tokens: Vec<&Token> =
        world.tokens.iter().zip(&known).filter(|(_, known)| **known).map(|(one, _)| one).collect();
    let says = |member: MemberId| {
        deeds.iter().any(|(_, deed)| matches!(deed, Deed::Direct { source, .. } if *source == member))
    };
    let filtered = |member: MemberId| {
        world.collections.iter().any(|one| one.holds == super::people::Holds::Of(vec![member]))
    };
    let through = |at: usize| {
        deeds.iter().any(|(_, deed)| matches!(deed, Deed::Post(post) if post.collection == Some(at)))
    };
    let scoped =
        |at: usize| tokens.iter().any(|token| token.read.as_ref().is_some_and(|places| places.contains(&at)));
    let can_use = |at: usize| {
        let scope = reader.token.and_then(|token| token.read.as_ref());
        scope.is_none_or(|places| places.contains(&at))
    };
    // Whom his own member's labels name, he named.
    let own_labels = || {
        let direct = deeds.iter().filter_map(|(_, deed)| match deed {
            Deed::Direct { source, said } if is_own(*source) => Some(said),
            _ => None,
        });
        direct.flatten().map(|(_, label)| &label.recipients)
    };
    let names_person = |id: model::PersonId| own_labels().any(|to| to.persons.contains(&id));
    let persons = world.persons.iter().filter(|one| whole || is_own(one.member) || names_person(one.id));
    let persons: Vec<Person> = persons.cloned().collect();
    let named = |member: MemberId| {
        own_labels().any(|to| to.members.contains(&member)) || persons.iter().any(|one| one.member == member)
    };
    // A circle is known to those who are in it, and to nobody else, an administrator neither.
    let is_in = |circle: &Circle| reader.member().is_some_and(|member| circle.members.contains(&member));
    let beside = |member: MemberId| {
        world.circles.iter().any(|circle| is_in(circle) && circle.members.contains(&member))
    };
    // Whose an identity is stands in the directory: what names it and is another's is a claim for whoever reads it.
    let authored = |identity: &String| {
        deeds.iter().flat_map(|(_, deed)| deed.said()).any(|said| said.author.as_ref() == Some(identity))
    };
    // Who is whose client these know of each other, and who knows the client is told what it sees.
    let told_of = |one: &&Client| whole || is_own(one.member) || is_own(one.provider) || beside(one.member);
    let clients: Vec<Client> = world.clients.iter().filter(told_of).copied().collect();
    let members = world.members.iter().enumerate().filter(|(at, member)| {
        let is_party = clients.iter().any(|one| one.member == member.id || one.provider == member.id);
        let has_token = tokens.iter().any(|token| token.member == member.id);
        let known =
            says(member.id) || has_token || filtered(member.id) || beside(member.id) || named(member.id);
        whole || *at == 0 || is_own(member.id) || is_party || known || authored(&member.identity)
    });
    let collections: Vec<bool> =
        (0..world.collections.len()).map(|at| whole || through(at) || scoped(at) || can_use(at)).collect();
    World {
        number: world.number,
        anonymous: world.anonymous,
        assets: world.assets,
        clients: clients.clone(),
        members: members.map(|(_, member)| member.clone()).collect(),
        persons,
        tokens: world.tokens.clone(),
        collections: world.collections.clone(),
        circles: world.circles.iter().filter(|circle| is_in(circle)).cloned().collect(),
        deeds,
        known_tokens: known,
        known_collections: collections,
    }
}

// What he may be told of those who take part.
fn names(world: &World, reader: &Reader<'_>, seen: &mut String) {
    let mut add = |name: &str| {
        seen.push_str(name);
        seen.push(' ');
    };
    let is_own = |member: MemberId| reader.operates() || reader.member() == Some(member);
    world.members.iter().filter(|one| is_own(one.id)).for_each(|one| add(&one.name));
    world.persons.iter().filter(|one| is_own(one.member)).for_each(|one| add(&one.name));
    world.tokens.iter().filter(|one| is_own(one.member)).for_each(|one| add(&one.name));
    for circle in &world.circles {
        add(&circle.name);
        if circle.shows != model::circle::Shows::Count {
            circle.members.iter().filter_map(|id| world.member(*id)).for_each(|one| add(&one.name));
        }
    }
    // Clients, and whose they are, know of each other.
    for one in &world.clients {
        for (own, other) in [(one.member, one.provider), (one.provider, one.member)] {
            add(world.member(other).filter(|_| is_own(own)).map_or("", |other| &other.name));
        }
    }
    let scope = reader.token.and_then(|token| token.read.as_ref());
    let open = |at: usize, _one: &Collection| scope.is_none_or(|places| places.contains(&at));
    for (_, one) in world.collections.iter().enumerate().filter(|(at, one)| open(*at, one)) {
        add(&one.title);
        add(one.alias.as_deref().unwrap_or_default());
    }
}
