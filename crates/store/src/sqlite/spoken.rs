//! Reading what is said of objects.

use std::ops::ControlFlow;

use uuid::Uuid;

use super::find;
use super::index::keys::{self, Class};
use super::row::damaged;
use super::stands::earlier;
use crate::Error;
use crate::read::{LabelId, Snapshot, Visible};
use crate::spoken::{NEWEST, Spoken};

/// How many keys of one source, sort and label went by.
#[derive(Default)]
struct Group {
    prefix: Vec<u8>,
    passed: usize,
}

impl Group {
    // Whether this one is behind the newest of its group.
    fn is_behind(&mut self, key: &[u8], length: usize) -> bool {
        let prefix = key.get(..length).unwrap_or(key);
        if self.prefix != prefix {
            self.prefix.clear();
            self.prefix.extend_from_slice(prefix);
            self.passed = 0;
        }
        self.passed += 1;
        self.passed > NEWEST
    }
}

// A key as it is lent, and where its position begins.
fn read<'k>(snapshot: &Snapshot, key: &'k [u8]) -> Result<(Spoken<'k>, usize), Error> {
    let read = keys::read_spoken(key).ok_or_else(|| damaged("index"))?;
    let keys::SpokenAt { of, sort, source, label, position, facts } = read;
    let label = LabelId(u32::try_from(label).map_err(|_| damaged("index"))?);
    let source = snapshot.source(source)?;
    let spoken = Spoken { of, position: position.cast_unsigned(), label, source, sort, facts };
    let mut at = Vec::new();
    keys::push_position(&mut at, position);
    Ok((spoken, key.len() - facts.len() - at.len()))
}

pub(crate) fn of(
    snapshot: &Snapshot,
    visible: &Visible,
    of: Uuid,
    each: &mut dyn FnMut(&Spoken<'_>),
) -> Result<(), Error> {
    let asked = keys::spoken(of);
    let end = keys::after(&asked);
    let mut from = asked.clone();
    'leap: loop {
        let mut scan = snapshot.runs()?.scan(snapshot.conn()?, &from, &end, Some(&asked))?;
        let mut group = Group::default();
        while let Some(key) = scan.next()? {
            let (spoken, length) = read(snapshot, key)?;
            if group.is_behind(key, length) {
                from = keys::after(&group.prefix);
                continue 'leap;
            }
            if !visible.has(spoken.label) {
                continue;
            }
            let _one = find::hit_at(snapshot, visible, spoken.position.cast_signed(), &mut |_| {
                each(&spoken);
                ControlFlow::Continue(())
            })?;
        }
        return Ok(());
    }
}

pub(crate) fn all(
    snapshot: &Snapshot,
    visible: &Visible,
    each: &mut dyn FnMut(&Spoken<'_>) -> ControlFlow<()>,
) -> Result<(), Error> {
    let earlier = earlier(snapshot, visible)?;
    let class = [Class::Spoken as u8];
    let mut scan = snapshot.runs()?.scan(snapshot.conn()?, &class, &keys::after(&class), None)?;
    let mut group = Group::default();
    while let Some(key) = scan.next()? {
        let (spoken, length) = read(snapshot, key)?;
        let is_behind = group.is_behind(key, length);
        if is_behind || !visible.has(spoken.label) || earlier.contains(&spoken.position.cast_signed()) {
            continue;
        }
        if each(&spoken).is_break() {
            break;
        }
    }
    Ok(())
}
