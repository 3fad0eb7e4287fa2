//! The first day with a node.

use crate::bench::{BUNDLE, Bench, INDICATOR};

#[test]
fn the_first_day() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    let mut serving = bench.serve();
    let url = serving.url().to_owned();
    let secret = serving.greeting["secret"].as_str().unwrap().to_owned();

    let folder = std::fs::metadata(bench.path().join("node")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&folder.permissions()) & 0o777, 0o700);

    // The secret is good once, and is not asked for on the command line.
    let login = bench.pipe(&["login", &url], &format!("{secret}\n")).exits(0);
    assert!(login.out.contains("administrator") && !login.out.contains("acc_"), "{}", login.out);
    bench.pipe(&["login", &url], &secret).exits(3);
    let kept = std::fs::metadata(bench.path().join(".config/accord/credentials.toml")).unwrap();
    assert_eq!(std::os::unix::fs::PermissionsExt::mode(&kept.permissions()) & 0o777, 0o600);

    // Signed in, without --url and without a folder here.
    let whoami = bench.run(&["whoami", "--json"]).exits(0);
    assert_eq!(whoami.json()["roles"], serde_json::json!(["analyst", "administrator"]));

    let member = bench.run(&["member", "add", "ACME", "--json"]).exits(0);
    assert_eq!(member.text("/name"), "ACME");
    bench.run(&["person", "add", "Ada", "--member", "ACME"]).exits(0);
    let collection =
        bench.run(&["collection", "add", "Sector", "--filter", "type = indicator", "--json"]).exits(0);
    assert_eq!(collection.text("/name"), "Sector");
    let token = bench
        .run(&[
            "token", "add", "--member", "ACME", "--person", "Ada", "--role", "analyst", "--expire", "30d",
            "--json",
        ])
        .exits(0)
        .text("/secret");
    let listed = bench.run(&["token", "list", "--json"]).exits(0);
    assert!(!listed.out.contains(&token), "a secret is shown once");

    bench.run(&["lookup", "203.0.113.7"]).exits(0);
    let import = bench.command(&["import", "bundle.json", "--tlp", "green", "--json"]);
    let import = with_token(import, &url, &token);
    let summary = import.lines().pop().unwrap();
    assert_eq!((summary["event"].as_str(), summary["new"].as_u64()), (Some("summary"), Some(3)), "{summary}");
    let again =
        with_token(bench.command(&["import", "bundle.json", "--tlp", "green", "--json"]), &url, &token);
    let summary = again.lines().pop().unwrap();
    assert_eq!((summary["new"].as_u64(), summary["duplicates"].as_u64()), (Some(0), Some(3)), "{summary}");
    // Under another label nothing changes, and that is told.
    let again = with_token(bench.command(&["import", "bundle.json", "--tlp", "amber"]), &url, &token);
    assert!(
        again.out.contains("it is held as TLP:GREEN and was not relabelled"),
        "{} {}",
        again.out,
        again.err
    );

    let hit = bench.run(&["lookup", "203[.]0[.]113[.]7"]).exits(1);
    for said in ["203[.]0[.]113[.]7", "KNOWN", "ACME", "TLP:GREEN", "Crimson", INDICATOR] {
        assert!(hit.out.contains(said), "{said}: {}", hit.out);
    }
    let hit = bench.run(&["lookup", "203.0.113.7", "--json"]).exits(1).json();
    assert_eq!(hit["mentions"][0]["object"]["id"], INDICATOR);

    let found = bench.run(&["search", "Crimson", "--type", "malware", "--json"]).exits(0).json();
    assert_eq!(found["objects"][0]["name"], "Crimson", "{found}");
    bench.run(&["note", INDICATOR, "seen at home"]).exits(0);
    let shown = bench.run(&["show", INDICATOR, "--json"]).exits(0).json();
    assert_eq!(shown["object"]["pattern"], "[ipv4-addr:value = '203.0.113.7']");

    let list = bench.run(&["export", "--format", "list", "--type", "indicator"]).exits(0);
    assert_eq!(list.out, "203.0.113.7\n");
    bench.run(&["export", "--full", "-o", "all.json"]).exits(0);
    assert!(std::fs::read_to_string(bench.path().join("all.json")).unwrap().contains(INDICATOR));

    assert_eq!(serving.stop(), 0);
    assert!(!bench.path().join("node/admin.sock").exists());
}

fn with_token(mut command: std::process::Command, url: &str, token: &str) -> crate::bench::Said {
    crate::bench::Said::of(command.env("ACCORD_URL", url).env("ACCORD_TOKEN", token)).exits(0)
}

#[test]
fn a_second_process_uses_the_first_or_is_refused() {
    let bench = Bench::new();
    let mut serving = bench.serve();
    let second = bench.run(&["serve", "--data", "node", "--listen", "127.0.0.1:0"]).exits(5);
    assert!(second.err.contains("error: ") && second.err.contains("hint: "), "{}", second.err);
    // A command goes through the one that runs, and through the folder when it has stopped.
    bench.run(&["member", "add", "One", "--data", "node"]).exits(0);
    serving.stop();
    bench.run(&["member", "add", "Two", "--data", "node"]).exits(0);
    let names = bench.run(&["member", "list", "--data", "node", "--json"]).exits(0).json();
    assert_eq!(names.as_array().unwrap().len(), 3);
}

#[test]
fn the_socket_is_the_owners_also_at_the_end_of_a_long_path() {
    let bench = Bench::new();
    let deep = bench.path().join("d".repeat(100)).join("e".repeat(100));
    std::fs::create_dir_all(&deep).unwrap();
    let deep = deep.to_str().unwrap();
    let mut serving = bench.serve_on(deep, &[]);
    let mode = std::os::unix::fs::PermissionsExt::mode(
        &std::fs::metadata(format!("{deep}/admin.sock")).unwrap().permissions(),
    );
    assert_eq!(mode & 0o777, 0o600);
    bench.run(&["whoami", "--data", deep]).exits(0);
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_hang_up_does_not_stop_the_node() {
    let bench = Bench::new();
    let mut serving = bench.serve();
    serving.signal("HUP");
    bench.run(&["whoami", "--data", "node"]).exits(0);
    assert!(serving.get("/livez").starts_with("HTTP/1.1 200"));
    assert_eq!(serving.stop(), 0);
}

#[test]
fn a_new_secret_replaces_the_one_before() {
    let bench = Bench::new();
    let serving = bench.serve();
    let first = serving.greeting["secret"].as_str().unwrap();
    let second = bench.run(&["login", "--renew", "--data", "node", "--json"]).exits(0).text("/secret");
    bench.pipe(&["login", serving.url()], first).exits(3);
    bench.pipe(&["login", serving.url()], &second).exits(0);
    // Whoever administers, has no more need of one at the next start.
    drop(serving);
    assert!(bench.serve().greeting["secret"].is_null());
}

#[test]
fn a_backup_is_restored_whole_and_erasures_are_repeated() {
    let bench = Bench::new();
    bench.write("bundle.json", BUNDLE);
    let on =
        |folder: &str, arguments: &[&str]| bench.run(&[arguments, &["--data", folder, "--json"]].concat());
    let mut serving = bench.serve();
    on("node", &["import", "bundle.json"]).exits(0);
    let made = on("node", &["backup", "copy"]).exits(0);
    assert!(made.text("/folder").starts_with('/'), "a relative path means the one who asks: {}", made.out);
    on("node", &["backup", "copy"]).exits(5);

    // What is erased after the backup stays erased when it comes back.
    assert_eq!(on("node", &["erase", INDICATOR, "--reason", "a law"]).exits(0).json()["erased"], 1);
    on("node", &["show", INDICATOR]).exits(1);
    serving.stop();
    on("again", &["restore", "copy", "--erasures", "node/erasures"]).exits(0);
    on("again", &["show", INDICATOR]).exits(1);
    on("again", &["show", "malware--31b940d4-6f7f-459a-80ea-9c1f17b58abc"]).exits(0);
    assert_eq!(on("again", &["rebuild"]).exits(0).json()["equal"], true);
    assert_eq!(on("again", &["check"]).exits(0).json()["well"], true);
    on("again", &["restore", "copy"]).exits(5);
    on("other", &["restore", "nothing"]).exits(2);

    // The node has put the list beside the backup: nobody has to name it.
    on("other", &["restore", "copy"]).exits(0);
    on("other", &["show", INDICATOR]).exits(1);

    // Where none is, the backup is as it was.
    std::fs::remove_file(bench.path().join("copy/erasures")).unwrap();
    let told = bench.run(&["restore", "copy", "--data", "third"]).exits(0).out;
    on("third", &["show", INDICATOR]).exits(0);
    assert!(told.lines().any(|line| line.split_whitespace().eq(["erasures", "-"])), "{told}");
}

#[test]
fn what_was_refused_can_be_looked_at_and_what_is_old_goes() {
    let bench = Bench::new();
    let on = |arguments: &[&str]| bench.run(&[arguments, &["--data", "node", "--json"]].concat());
    bench.write("bad.json", &BUNDLE.replace("[ipv4-addr:value = '203.0.113.7']", "[ipv4-addr:value = "));
    let said = on(&["import", "bad.json"]).exits(1);
    let refused = said.lines().into_iter().find(|line| line["state"] == "rejected").unwrap();
    assert_eq!(refused["id"], INDICATOR);
    let summary = said.lines().pop().unwrap();
    assert_eq!((&summary["new"], &summary["rejected"]), (&2.into(), &1.into()), "the others are taken");
    let status = on(&["status", summary["submission"].as_str().unwrap()]);
    assert!(status.code <= 1, "{}", status.err);
    let kept = on(&["quarantine", "list"]).exits(0).json();
    let id = kept[0]["id"].as_str().unwrap();
    let shown = on(&["quarantine", "show", id]).exits(0);
    assert!(shown.text("/content").contains("C2 of Crimson"));

    on(&["retention", "add", "--days", "30"]).exits(2);
    let rule = on(&["retention", "add", "--type", "malware", "--days", "30"]).exits(0).text("/id");
    assert_eq!(on(&["retention", "list"]).exits(0).json()[0]["days"], 30);
    assert_eq!(on(&["retention", "run", "--dry-run"]).exits(0).json()["statements"], 0);
    on(&["retention", "remove", &rule]).exits(0);
    assert_eq!(on(&["retention", "list"]).exits(0).out, "[]\n");
}
