//! `shield` for C. What each function does and asks for stands in `include/shield.h`.
#![expect(unsafe_code, reason = "C gives pointers; each is looked at here and nowhere else")]

use std::ffi::{CStr, c_char, c_int, c_void};

use model::observable::{Kind, Observable, guess, normalise};
use model::protect::Action;
use shield::{Fault, Found, Knowledge, Layout, Scanner, Timestamp};

const OK: c_int = 0;
const FOREIGN: c_int = 1;
const VERSION: c_int = 2;
const TORN: c_int = 3;
const DAMAGED: c_int = 4;
const UNFIT: c_int = 5;
const MISUSED: c_int = 6;

/// For a time: not known.
const NO_TIME: i64 = i64::MIN;

/// A compiled set.
pub struct Set(Knowledge<Vec<u8>>);

/// What stands there.
#[repr(C)]
#[derive(Clone, Copy)]
pub struct FoundC {
    id: u64,
    action: u8,
}

/// What was found in a line.
#[repr(C)]
pub struct HitC {
    found: FoundC,
    at: u64,
    line: *const c_char,
    line_length: usize,
    seen: *const c_char,
    seen_length: usize,
    time_us: i64,
}

fn outcome(fault: &Fault) -> c_int {
    match fault {
        Fault::Foreign => FOREIGN,
        Fault::Version(_) => VERSION,
        Fault::Length { .. } => TORN,
        _ => DAMAGED,
    }
}

fn in_c(found: &Found) -> FoundC {
    let action = match found.entry.action {
        None => 0,
        Some(Action::Context) => 1,
        Some(Action::Alert) => 2,
        Some(Action::Block) => 3,
    };
    FoundC { id: found.entry.id, action }
}

/// # Safety
/// `bytes` is null or points to `length` bytes that nobody changes while the result lives.
unsafe fn slice<'b>(bytes: *const u8, length: usize) -> Option<&'b [u8]> {
    if length == 0 {
        return Some(&[]);
    }
    // SAFETY: not null, and as long as the caller says.
    (!bytes.is_null() && length <= isize::MAX as usize)
        .then(|| unsafe { std::slice::from_raw_parts(bytes, length) })
}

/// # Safety
/// `name` is null or points to a terminated text that nobody changes while the result lives.
unsafe fn name<'b>(name: *const c_char) -> Option<&'b str> {
    // SAFETY: not null, and terminated as the caller says.
    (!name.is_null()).then(|| unsafe { CStr::from_ptr(name) }).and_then(|name| name.to_str().ok())
}

/// Opens a set.
///
/// # Safety
/// `bytes` points to `length` bytes, and `set` to a place for a pointer, or they are null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shield_open(bytes: *const u8, length: usize, set: *mut *mut Set) -> c_int {
    // SAFETY: as this function's.
    let (false, Some(bytes)) = (set.is_null(), unsafe { slice(bytes, length) }) else { return MISUSED };
    match Knowledge::open(bytes.to_vec()) {
        Ok(knowledge) => {
            let opened = Box::into_raw(Box::new(Set(knowledge)));
            // SAFETY: not null, and a place for a pointer as the caller says.
            unsafe { set.write(opened) };
            OK
        }
        Err(fault) => outcome(&fault),
    }
}

/// Closes a set; null is none.
///
/// # Safety
/// `set` came of [`shield_open`], was not closed before, and nobody asks it any more.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shield_close(set: *mut Set) {
    if !set.is_null() {
        // SAFETY: it was made by `Box::into_raw`, and is given back once.
        drop(unsafe { Box::from_raw(set) });
    }
}

/// Asks for a value.
///
/// # Safety
/// `set` is open; `kind` is terminated; `value` points to `length` bytes, `found` to as many places as `places` says, and `count` to a place for
/// a number; or they are null.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shield_ask(
    set: *const Set,
    kind: *const c_char,
    value: *const u8,
    length: usize,
    time_us: i64,
    found: *mut FoundC,
    places: usize,
    count: *mut usize,
) -> c_int {
    // SAFETY: null or open, as the caller says.
    let Some(Set(knowledge)) = (unsafe { set.as_ref() }) else { return MISUSED };
    // SAFETY: as this function's.
    let Some(value) = (unsafe { slice(value, length) }) else { return MISUSED };
    if count.is_null() || (found.is_null() && places > 0) {
        return MISUSED;
    }
    let Ok(value) = std::str::from_utf8(value) else { return UNFIT };
    let seen = match kind.is_null() {
        true => guess(value),
        false => {
            // SAFETY: as this function's.
            let Some(kind) = unsafe { name(kind) }.and_then(Kind::from_name) else { return MISUSED };
            normalise(kind, value)
        }
    };
    let Ok(seen) = seen else { return UNFIT };
    let time = (time_us != NO_TIME).then_some(Timestamp(time_us));
    match held(knowledge, &seen, time) {
        Ok(held) => {
            for (nth, one) in held.iter().take(places).enumerate() {
                // SAFETY: within the places that the caller says are there.
                unsafe { found.add(nth).write(in_c(one)) };
            }
            // SAFETY: not null, and a place for a number as the caller says.
            unsafe { count.write(held.len()) };
            OK
        }
        Err(fault) => outcome(&fault),
    }
}

fn held(
    knowledge: &Knowledge<Vec<u8>>,
    seen: &Observable,
    time: Option<Timestamp>,
) -> Result<Vec<Found>, Fault> {
    let mut found = knowledge.ask(seen)?;
    found.retain(|one| one.entry.held_at(time));
    Ok(found)
}

/// Goes through lines.
///
/// # Safety
/// `set` is open; `layout` is terminated; `bytes` points to `length` bytes; or they are null. `tell` does not unwind.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn shield_scan(
    set: *const Set,
    layout: *const c_char,
    bytes: *const u8,
    length: usize,
    tell: Option<unsafe extern "C" fn(*mut c_void, *const HitC)>,
    context: *mut c_void,
) -> c_int {
    // SAFETY: null or open, as the caller says.
    let (Some(Set(knowledge)), Some(tell)) = (unsafe { set.as_ref() }, tell) else { return MISUSED };
    // SAFETY: as this function's.
    let Some(bytes) = (unsafe { slice(bytes, length) }) else { return MISUSED };
    // SAFETY: as this function's.
    let layout = match unsafe { name(layout) } {
        Some("zeek") => Layout::zeek_by_header(),
        Some("zeek-json") => Layout::zeek_json(),
        _ => return MISUSED,
    };
    let scanned = Scanner::new(knowledge, layout).scan(bytes, 0, &mut |hit| {
        let seen = hit.seen.text();
        let in_c = HitC {
            found: in_c(hit.found),
            at: hit.at,
            line: hit.line.as_ptr().cast(),
            line_length: hit.line.len(),
            seen: seen.as_ptr().cast(),
            seen_length: seen.len(),
            time_us: hit.time.map_or(NO_TIME, |time| time.0),
        };
        // SAFETY: a function of the caller's, and what it points to lives until it returns.
        unsafe { tell(context, &raw const in_c) };
    });
    scanned.map_or_else(|fault| outcome(&fault), |_| OK)
}
