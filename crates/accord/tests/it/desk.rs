//! Without a name, and through the hands of curators, from the command line.

use std::process::Stdio;

use crate::bench::{BUNDLE, Bench, INDICATOR, Said};

#[test]
fn something_without_a_name_passes_a_curator_and_the_desk() {
    let bench = Bench::new();
    let serving = bench.serve_with(&["--set", "node.desk_interval=0", "--set", "node.desk_members=2"]);
    let on = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node", "--json"]].concat());
    let (bench, serving) = (&bench, &serving);
    let somebody = |name: &str, role: &str| {
        on(&["member", "add", name]).exits(0);
        let token = on(&["token", "add", "--member", name, "--role", role]).exits(0).text("/secret");
        let url = serving.url().to_owned();
        move |arguments: &[&str]| -> Said {
            let mut command = bench.command(arguments);
            command.env("ACCORD_URL", &url).env("ACCORD_TOKEN", &token);
            Said::of(command.stdout(Stdio::piped()).stderr(Stdio::piped()))
        }
    };
    let (origin, curator) = (somebody("Blue", "analyst"), somebody("Green", "curator"));
    for name in ["Blue", "Green"] {
        assert_eq!(on(&["member", "sector", name, "water"]).exits(0).text("/sector"), "water");
    }
    on(&["collection", "add", "Curated", "--curation", "one"]).exits(0);
    bench.write("bundle.json", BUNDLE);
    let import = ["import", "bundle.json", "--tlp", "green", "--collection", "Curated", "--without-name"];
    let sent = origin(&import).exits(0);
    assert!(sent.out.contains("accepted, entering later"), "{}", sent.out);
    let id = sent.out.split("accord status ").nth(1).unwrap().split('`').next().unwrap().to_owned();
    let told = origin(&["submissions"]).exits(0);
    assert!(told.out.contains("held") && told.out.contains(&id), "{}", told.out);
    let listed = curator(&["queue", "list"]).exits(0);
    assert!(listed.out.contains("without a name") && !listed.out.contains("Blue"), "{}", listed.out);
    let shown = curator(&["queue", "show", &id]).exits(0);
    for words in ["water", INDICATOR, "C2 of Crimson", "203[.]0[.]113[.]7", "remote-access-trojan"] {
        assert!(shown.out.contains(words), "{words}: {}", shown.out);
    }
    curator(&["queue", "take", &id]).exits(0);
    origin(&["queue", "release", &id]).exits(1);
    curator(&["queue", "return", &id]).exits(2);
    let released = curator(&["queue", "release", &id]).exits(0);
    assert!(released.out.starts_with("released"), "{}", released.out);
    for _ in 0..500 {
        if origin(&["status", &id]).exits(0).out.starts_with("complete") {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(20));
    }
    let shown = curator(&["show", INDICATOR]).exits(0);
    assert!(shown.out.contains("a member of the sector water"), "{}", shown.out);
    on(&["origin", INDICATOR]).exits(2);
    let told = on(&["origin", INDICATOR, "--reason", "to ask back"]).exits(0);
    assert!(told.out.contains("Blue"), "{}", told.out);
}
