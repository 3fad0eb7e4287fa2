//! What must not hang, lose anything, or take memory without bound.

use std::collections::VecDeque;
use std::io::{self, Read, Write};
use std::ops::ControlFlow;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{Sender, channel};

use scan::{Asked, Clock, End, Input, Told, Unended, Way, run, run_until};
use shield::{Builder, Entry, Knowledge, Source};

/// The file of these values; each is called by its place.
fn file(values: &[String]) -> Vec<u8> {
    let mut builder = Builder::new(7);
    for (id, value) in values.iter().enumerate() {
        let (value, mode) = model::matching::read(None, value).unwrap();
        builder.add(&value, Entry { mode, ..Entry::new(id as u64) }).unwrap();
    }
    builder.finish().unwrap()
}

/// The same, opened.
fn knowledge(values: &[&str]) -> Knowledge<Vec<u8>> {
    Knowledge::open(file(&values.iter().map(|value| (*value).to_owned()).collect::<Vec<_>>())).unwrap()
}

/// A log whose format nobody tells.
fn input<'i>(name: &str, bytes: impl Read + Send + 'i) -> Input<'i> {
    Input { name: name.to_owned(), bytes: Box::new(bytes), format: None, clock: Clock::default(), from: None }
}

/// What was found, by what it is called, and how each log ended.
fn told<S: Source + Send + Sync>(
    knowledge: &Knowledge<S>,
    logs: Vec<(&str, Box<dyn Read + Send + '_>)>,
    threads: usize,
) -> (Vec<u64>, Vec<End>) {
    let inputs = logs.into_iter().map(|(name, bytes)| input(name, bytes));
    let (mut ids, mut ends) = (Vec::new(), Vec::new());
    run(knowledge, inputs, threads, &mut |told| match told {
        Told::Hit(hit) => ids.push(hit.id),
        Told::Ended(end) => ends.push(end.clone()),
        _ => {}
    })
    .unwrap();
    (ids, ends)
}

/// Fails where it is read in a way that nobody thought of.
struct Fails;

impl Read for Fails {
    fn read(&mut self, _: &mut [u8]) -> io::Result<usize> {
        panic!("this reader always does")
    }
}

#[test]
fn a_reader_that_panics_ends_its_log_with_an_error_and_the_next_is_gone_through() {
    let knowledge = knowledge(&["203.0.113.7"]);
    let first = (&b"from 203.0.113.7\n"[..]).chain(Fails);
    let logs: Vec<(&str, Box<dyn Read + Send>)> = vec![
        ("at once", Box::new(Fails)),
        ("later", Box::new(first)),
        ("whole", Box::new(&b"to 203.0.113.7\n"[..])),
    ];
    let (ids, ends) = told(&knowledge, logs, 2);
    assert_eq!(ids, [0, 0]);
    let errors: Vec<bool> = ends.iter().map(|end| end.error.is_some()).collect();
    assert_eq!(errors, [true, true, false]);
}

/// Knowledge that fails where the store is asked, as a defect would.
struct Trapped(Vec<u8>, Arc<AtomicBool>);

impl Source for Trapped {
    fn length(&self) -> u64 {
        self.0.len() as u64
    }

    fn read(&self, at: u64, into: &mut [u8]) -> Result<(), shield::Unreadable> {
        assert!(!self.1.load(Ordering::Relaxed), "this knowledge always does");
        Source::read(&self.0, at, into)
    }
}

#[test]
fn a_worker_that_panics_ends_its_log_with_an_error_and_the_others_go_on() {
    let is_set = Arc::new(AtomicBool::new(false));
    let knowledge = Trapped(file(&["203.0.113.7".to_owned()]), Arc::clone(&is_set));
    let knowledge = Knowledge::open(knowledge).unwrap();
    is_set.store(true, Ordering::Relaxed);
    let logs: Vec<(&str, Box<dyn Read + Send>)> = vec![
        ("a", Box::new(&b"from 203.0.113.7\n"[..])),
        ("b", Box::new(&b"from 192.0.2.1\n"[..])),
        ("c", Box::new(&b"from 203.0.113.7\n"[..])),
    ];
    let (ids, ends) = told(&knowledge, logs, 2);
    assert!(ids.is_empty());
    assert!(ends[0].error.as_ref().unwrap().starts_with("from byte 0 to 17: "), "{ends:?}");
    assert_eq!((&ends[1], ends[2].error.is_some()), (&End::default(), true));
}

#[test]
fn whoever_wants_no_more_is_told_no_more() {
    let knowledge = knowledge(&["203.0.113.7"]);
    let asked = Arc::new(Asked { knowledge, call: Box::new(|id| id) });
    let endless =
        (0..).map(|n| input(&n.to_string(), io::repeat(b'x').take(1 << 20).chain(&b"\n203.0.113.7\n"[..])));
    let mut hits = 0;
    run_until(&|| Arc::clone(&asked), endless, &Way { threads: 3, map: None }, &mut |told| match told {
        Told::Hit(_) => {
            hits += 1;
            if hits == 3 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
        }
        _ => ControlFlow::Continue(()),
    })
    .unwrap();
    assert_eq!(hits, 3);
}

/// Tells when it is asked for more, and waits for what it is given.
struct Live(std::sync::mpsc::Receiver<&'static [u8]>, VecDeque<u8>);

impl Read for Live {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        if self.1.is_empty() {
            self.1.extend(self.0.recv().unwrap_or_default());
        }
        self.1.read(into)
    }
}

#[test]
fn hits_of_a_pipe_are_told_before_more_comes() {
    let knowledge = knowledge(&["203.0.113.7", "203.0.113.8"]);
    let (send, lines) = channel::<&'static [u8]>();
    // Each line is written when the hit of the one before was told, so nothing that is held back would ever come.
    let mut next: VecDeque<&'static [u8]> =
        VecDeque::from([&b"from 203.0.113.8 and on\n"[..], b"to 203.0.113.7\n"]);
    let mut send: Option<Sender<&'static [u8]>> = Some(send);
    send.as_ref().unwrap().send(b"from 203.0.113.7\n").unwrap();
    let mut ids = Vec::new();
    run(&knowledge, [input("-", Live(lines, VecDeque::new()))].into_iter(), 2, &mut |told| {
        if let Told::Hit(hit) = told {
            ids.push(hit.id);
            match next.pop_front() {
                Some(line) => send.as_ref().unwrap().send(line).unwrap(),
                None => send = None,
            }
        }
    })
    .unwrap();
    assert_eq!(ids, [0, 1, 0]);
}

#[test]
fn of_very_many_hits_in_one_piece_none_is_lost_and_their_order_stays() {
    let values: Vec<String> = (0..40_000).map(|n| format!("n{n}.example")).collect();
    let knowledge = Knowledge::open(file(&values)).unwrap();
    // One line that holds all of them, then a line for each, in several logs side by side.
    let line = values.join(" ") + "\n" + &values.join("\n") + "\n";
    let log = || -> Box<dyn Read + Send> { Box::new(io::Cursor::new(line.clone().into_bytes())) };
    let (ids, ends) = told(&knowledge, vec![("a", log()), ("b", log()), ("c", log())], 4);
    let each: Vec<u64> = (0..40_000).collect();
    assert_eq!(ids.len(), 240_000);
    assert!(ids.chunks(40_000).all(|chunk| chunk == each));
    assert_eq!(ends, [End::default(), End::default(), End::default()]);
}

#[test]
fn what_is_no_text_and_what_is_torn_is_gone_through_as_far_as_it_goes() {
    let knowledge = knowledge(&["203.0.113.7", "evil.example"]);
    let line = b"from 203.0.113.7\n";
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(line).unwrap();
    let member = gzip.finish().unwrap();
    let mut torn_second = [member.clone(), member.clone()].concat();
    torn_second.truncate(torn_second.len() - 4);
    let nulls = [&[0; 100_000][..], b"\n", line, &[0xFF; 10_000], b"\n\xE9t\xE9 evil.example\n\0\0"].concat();
    let long = io::repeat(b'x').take(64 << 20).chain(&b"\n"[..]).chain(&line[..]);
    let logs: Vec<(&str, Box<dyn Read + Send>)> = vec![
        ("members", Box::new(io::Cursor::new([member.clone(), member].concat()))),
        ("torn second", Box::new(io::Cursor::new(torn_second))),
        ("nulls", Box::new(io::Cursor::new(nulls))),
        ("long", Box::new(long)),
        ("last", Box::new(&line[..])),
    ];
    let (ids, ends) = told(&knowledge, logs, 2);
    assert_eq!(ids, [0, 0, 0, 0, 0, 1, 0, 0]);
    let errors: Vec<bool> = ends.iter().map(|end| end.error.is_some()).collect();
    assert_eq!(errors, [false, true, false, false, false]);
    assert_eq!(ends[3].overlong, 1);
}

/// A log that somebody still writes to.
struct Growing(&'static [u8]);

impl Read for Growing {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        match Read::read(&mut self.0, into)? {
            0 => Err(io::Error::other(Unended)),
            read => Ok(read),
        }
    }
}

#[test]
fn a_line_that_is_still_written_is_no_line() {
    let knowledge = knowledge(&["203.0.113.7", "203.0.113.70"]);
    let torn = b"from 203.0.113.70\nfrom 203.0.113.7";
    let logs: Vec<(&str, Box<dyn Read + Send>)> =
        vec![("growing", Box::new(Growing(torn))), ("ended", Box::new(&torn[..]))];
    let (ids, ends) = told(&knowledge, logs, 2);
    assert_eq!(ids, [1, 1, 0]);
    assert_eq!(ends, [End { unfinished: true, ..End::default() }, End::default()]);
}

#[test]
fn what_is_asked_may_become_another_between_two_pieces() {
    let sets = [&["203.0.113.7"][..], &["203.0.113.8"]].map(knowledge);
    let [first, second] = sets.map(|knowledge| Arc::new(Asked { knowledge, call: Box::new(|id| id + 7) }));
    let now = std::sync::Mutex::new(Arc::clone(&first));
    let (send, lines) = channel::<&'static [u8]>();
    let mut send = Some(send);
    send.as_ref().unwrap().send(b"203.0.113.8\n203.0.113.7\n").unwrap();
    let mut seen = Vec::new();
    let inputs = [input("-", Live(lines, VecDeque::new()))].into_iter();
    let asked = || Arc::clone(&now.lock().unwrap());
    run_until(&asked, inputs, &Way { threads: 2, map: None }, &mut |told| {
        if let Told::Hit(hit) = told {
            seen.push((hit.seen, hit.id));
            *now.lock().unwrap() = Arc::clone(&second);
            if let Some(send) = send.take() {
                send.send(b"203.0.113.7\n203.0.113.8\n").unwrap();
            }
        }
        ControlFlow::Continue(())
    })
    .unwrap();
    assert_eq!(seen, [("203.0.113.7".to_owned(), 7), ("203.0.113.8".to_owned(), 7)]);
}
