//! Logs that are taken up again at the places that were told.

use scan::{Clock, End, Input, Known, Place, Start, Told, run};

#[test]
fn a_log_is_taken_up_again_at_each_place_that_is_told() {
    let dns = "#fields\tts\tquery\n1.0\tevil.example\n2.0\ta.example\n";
    let http = "#separator |\n#fields|ts|host|uri\n3.0|evil.example|/kit.zip\n";
    let log = format!("{dns}{http}4.0|evil.example|/\n").into_bytes();
    let known = Known::read(&b"evil.example\nhttp://evil.example/kit.zip\n"[..], 7).unwrap();
    let from = |place: Place, bytes: &[u8]| {
        let from = Some(Start { beginning: log.clone(), place });
        let bytes = Box::new(std::io::Cursor::new(bytes.to_vec()));
        let input = Input { name: String::new(), bytes, format: None, clock: Clock::default(), from };
        let (mut hits, mut last) = (Vec::new(), None);
        run(&known.now().knowledge, [input].into_iter(), 2, &mut |told| match told {
            Told::Hit(hit) => hits.push((hit.at, hit.seen)),
            Told::Done { place: Some(place), .. } => last = Some(place),
            Told::Ended(end) => assert_eq!(end, &End::default()),
            _ => {}
        })
        .unwrap();
        (hits, last.unwrap())
    };
    let (whole, end) = from(Place::default(), &log);
    // The name that was asked for, the URL and its host, and the host alone.
    let text = std::str::from_utf8(&log).unwrap();
    let lines = ["1.0\tevil", "3.0|evil", "3.0|evil", "4.0|evil"].map(|line| text.find(line).unwrap() as u64);
    assert!(whole.iter().map(|(at, _)| *at).eq(lines), "{whole:?}");
    assert_eq!(end.at, log.len() as u64);
    // Cut behind each line, within heads too, both parts have the same hits.
    for cut in (0..log.len()).filter(|at| log[*at] == b'\n').map(|at| at + 1) {
        let (mut hits, place) = from(Place::default(), &log[..cut]);
        assert_eq!(place.at, cut as u64);
        hits.extend(from(place, &log[cut..]).0);
        assert_eq!(hits, whole, "{cut}");
    }
}

#[test]
fn what_is_not_made_of_lines_is_told() {
    let known = Known::read(&b"evil.example\n"[..], 7).unwrap();
    for beginning in
        [&b"[{\"a\":\"evil.example\"},\n"[..], b"{\"Records\":[{\"a\":\"evil.example\"}\n", b"ElfFile\0"]
    {
        let from = Some(Start { beginning: beginning.to_vec(), place: Place::default() });
        let bytes = Box::new(std::io::Cursor::new(beginning.to_vec()));
        let input = Input { name: String::new(), bytes, format: None, clock: Clock::default(), from };
        let mut error = None;
        run(&known.now().knowledge, [input].into_iter(), 1, &mut |told| match told {
            Told::Ended(end) => error.clone_from(&end.error),
            told => assert!(matches!(told, Told::Begun { .. }), "{told:?}"),
        })
        .unwrap();
        assert!(error.unwrap().contains("only lines are followed"));
    }
}
