//! Sharing: understood, looked at before it leaves, merged with what others said.

use node::views::{Alarm, Shared};
use node::{Asked, Caller, ImportOptions, Kind, Settings, Share};

use super::write_world::{FIRST, World, envelope, indicator, settings};

fn asked(tlp: &str, dry_run: bool) -> Share {
    Share {
        label: Asked { tlp: tlp.parse().ok(), ..Asked::default() },
        description: Some("command and control of a loader".to_owned()),
        about: vec!["loader".to_owned()],
        dry_run,
        ..Share::default()
    }
}

fn share(world: &World, by: &Caller, asked: &Share, input: &str) -> Shared {
    world.node.share(by, asked, input.as_bytes()).unwrap()
}

fn alarms(shared: &Shared) -> Vec<(&'static str, u64)> {
    shared.alarms.iter().map(|Alarm { what, count, .. }| (*what, *count)).collect()
}

const REPORT: &str = "We saw hxxp://bad-site[.]com/a today, and 8.8.4[.]4 and 45.66.77.88, from ada@bad-site.com; \
    printer.local and 10.1.2.3 are ours.";

#[test]
fn a_report_is_looked_at_before_it_leaves_and_shared_after() {
    let folder = tempfile::tempdir().unwrap();
    let list = r#"{"name":"Resolvers","type":"cidr","list":["8.8.4.4"],"matching_attributes":["ip-dst"]}"#;
    std::fs::write(folder.path().join("list.json"), list).unwrap();
    let world = World::with(Settings { warning_lists: Some(folder.path().to_owned()), ..settings() });
    for member in ["alpha", "beta", "gamma"] {
        world.member(member);
    }
    let [alpha, beta, gamma] = ["alpha", "beta", "gamma"].map(|member| world.token(member, &["analyst"]));
    let other = |by: &Caller, tlp: &str, n: u32, rest: &str| {
        let options = ImportOptions { tlp: tlp.parse().ok(), ..ImportOptions::default() };
        let object = indicator(n, FIRST, rest).replace(&format!("198.51.0.{n}"), "45.66.77.88");
        assert_eq!(world.node.submit(by, &options, object.as_bytes()).unwrap().failure, 0);
    };
    other(&beta, "amber", 1, "");
    other(&gamma, "red", 2, "");
    other(&beta, "green", 3, ",\"revoked\":true");

    let look = share(&world, &alpha, &asked("green", true), REPORT);
    assert_eq!((look.format, look.values.len(), look.dry_run), ("text", 6, true), "{:?}", look.values);
    assert_eq!(
        alarms(&look),
        [("reserved", 2), ("warning-list", 1), ("personal-data", 1), ("revoked", 1), ("lower-label", 1)]
    );
    assert_eq!((look.said.of, look.said.by_others, look.said.by_oneself), (6, 1, 0));
    // What gamma keeps to itself is not told of.
    let by: Vec<_> =
        look.said.by.iter().map(|by| (by.source.as_ref().unwrap().name.as_str(), by.values)).collect();
    assert_eq!(by, [("beta", 1)]);
    assert_eq!((look.summary.new, look.summary.rejected, look.preview.label.as_str()), (6, 0, "TLP:GREEN"));
    assert!(world.listed(&alpha, None).len() == 2, "nothing has left");

    let done = share(&world, &alpha, &asked("green", false), REPORT);
    assert_eq!((done.summary.new, done.summary.submission.is_empty()), (6, false));
    let found = world.node.lookup(&gamma, &["45.66.77.88".to_owned()], 9).unwrap();
    assert!(found[0].mentions.iter().any(|one| one.object.name == "45.66.77.88"), "{found:?}");
    let id = &found[0].mentions.iter().find(|one| one.object.name == "45.66.77.88").unwrap().object.id;
    let view = world.node.object(&gamma, id, None).unwrap();
    assert!(
        view.object.get().contains("command and control of a loader")
            && view.object.get().contains("\"loader\"")
    );
    // Once more adds nothing.
    let again = share(&world, &alpha, &asked("green", false), REPORT);
    assert_eq!((again.summary.new, again.summary.duplicates, again.said.by_oneself), (0, 6, 5));
}

#[test]
fn values_need_a_word_about_them_and_a_label_that_may_be_given() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst"]);
    let bare = Share { description: None, about: Vec::new(), ..asked("green", true) };
    let kind = |by: &Caller, asked: &Share, input: &str| {
        world.node.share(by, asked, input.as_bytes()).err().map(|error| error.kind)
    };
    assert_eq!(kind(&alpha, &bare, "45.66.77.88\n"), Some(Kind::Invalid));
    assert_eq!(kind(&alpha, &bare, "ip,comment\n45.66.77.88,a loader's\n"), None);
    assert_eq!(kind(&alpha, &asked("green", true), "nothing in it"), Some(Kind::Invalid));
    let to = |to: &str| Asked { to: vec![to.to_owned()], ..Asked::default() };
    let unknown = Share { label: to("circle:Nobody"), ..asked("green", true) };
    assert_eq!(kind(&alpha, &unknown, "45.66.77.88\n"), Some(Kind::NotFound));
    assert_eq!(
        kind(&world.token("alpha", &["reader"]), &asked("green", true), "45.66.77.88\n"),
        Some(Kind::Forbidden)
    );
    // Objects that say nothing of themselves are told.
    let object = indicator(1, FIRST, "").replace(",\"description\":\"d\"", "");
    let object = object.replace("\"indicator_types\":[\"malicious-activity\"],", "");
    let look = share(&world, &alpha, &bare, &envelope(&[object]));
    assert_eq!((look.format, alarms(&look)), ("stix", vec![("no-context", 1)]));
}

#[test]
fn who_would_see_each_object_is_told_by_the_markings_that_it_carries() {
    let world = World::new();
    for member in ["alpha", "beta"] {
        world.member(member);
    }
    let alpha = world.token("alpha", &["analyst"]);
    let red = ",\"object_marking_refs\":[\"marking-definition--e828b379-4e03-4974-9ac4-e53a884c97c1\"]";
    let bundle = envelope(&[indicator(1, FIRST, red), indicator(2, FIRST, ""), indicator(3, FIRST, "")]);
    let look = share(&world, &alpha, &asked("green", true), &bundle);
    let told: Vec<_> = look.labels.iter().map(|one| (one.objects, one.preview.label.as_str())).collect();
    assert_eq!(told, [(2, "TLP:GREEN"), (1, "TLP:RED")]);
    let others = |at: usize| look.labels[at].preview.others.iter().map(|one| one.count).sum::<u64>();
    assert!(others(0) > 0 && others(1) == 0);
    let plain = envelope(&[indicator(2, FIRST, "")]);
    assert!(share(&world, &alpha, &asked("green", true), &plain).labels.is_empty());
}

/// What a value is outlives its sharing, also where its text does not tell.
#[test]
fn what_a_value_is_said_to_be_is_shared_with_it() {
    let digits = "d41d8cd98f00b204e9800998ecf8427e";
    let long = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    let list = format!("imphash:{digits}\nspki:{long}\n0.0.0.0 bad-site.com\n8.8.4.4\n");
    let text = format!("Seen: bad-site.com with JA3: {digits}, and cert-sha256={long}. Imphash: {digits}");
    let typed = format!("hash,type\n{digits},hassh\n{long},cert-sha256\nMozilla/5.0 (Evil),user-agent\n");
    let table = format!("ja3_hash,family\n{digits},x\n");
    let beside = format!("sha256,imphash\n{long},{digits}\n");
    for (input, format, patterns) in [
        (
            list,
            "list",
            &[
                "imphash = 'd41d",
                "x_spki_sha256 = 'e3b0",
                "domain-name:value = 'bad-",
                "ipv4-addr:value = '8.8",
            ][..],
        ),
        (
            text,
            "text",
            &["domain-name:value = ", "x_ja3 = 'd4", "x509-certificate:hashes.'SHA-256' = ", "imphash = "],
        ),
        (
            typed,
            "csv",
            &["x_hassh = 'd41d", "x509-certificate:hashes.'SHA-256' = ", "'User-Agent' = 'Mozilla"],
        ),
        (table, "csv", &["x_ja3 = 'd41d"]),
        (beside, "csv", &["file:hashes.'SHA-256' = "]),
    ] {
        let world = World::new();
        world.member("alpha");
        let alpha = world.token("alpha", &["analyst"]);
        for dry_run in [true, false] {
            let told = share(&world, &alpha, &asked("green", dry_run), &input);
            assert_eq!((told.format, told.values.len()), (format, patterns.len()), "{input}: {told:?}");
            assert_eq!((told.summary.new, told.summary.rejected), (patterns.len() as u64, 0), "{told:?}");
        }
        let found: Vec<String> = (world.listed(&alpha, None).iter())
            .map(|(id, _)| world.node.object(&alpha, id, None).unwrap().object.get().to_owned())
            .collect();
        for pattern in patterns {
            let escaped = pattern.replace('\\', "\\\\");
            assert!(found.iter().any(|object| object.contains(&escaped)), "{pattern} in {found:#?}");
        }
        let again = share(&world, &alpha, &asked("green", false), &input);
        assert_eq!((again.summary.new, again.said.by_oneself), (0, patterns.len() as u64), "{again:?}");
    }
}

#[test]
fn persons_that_are_shared_as_values_are_pointed_at() {
    let world = World::new();
    world.member("alpha");
    let alpha = world.token("alpha", &["analyst"]);
    let input = "value,type\n+49 30 901820,phone\nDE89370400440532013000,iban\n";
    let told = share(&world, &alpha, &asked("green", true), input);
    assert_eq!(alarms(&told), [("personal-data", 2)]);
    // Who writes a column of his own numbers has not said that they are indicators.
    let own = world.node.share(&alpha, &asked("green", true), b"phone,name\n+49 30 901820,Ada\n");
    assert_eq!(own.unwrap_err().kind, Kind::Invalid);
}
