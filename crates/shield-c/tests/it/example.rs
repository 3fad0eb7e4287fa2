//! The example in C, built and run.

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use model::matching::read;
use shield::{Builder, Entry};

/// The library that was built beside this test.
fn library() -> PathBuf {
    let test = std::env::current_exe().unwrap();
    let deps = test.parent().unwrap();
    let built = [deps.parent().unwrap(), deps].map(|folder| folder.join("libshield_c.a"));
    built.into_iter().find(|library| library.exists()).unwrap()
}

fn example(folder: &Path) -> Option<PathBuf> {
    let program = folder.join("scan");
    let of_crate = Path::new(env!("CARGO_MANIFEST_DIR"));
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    let compiled = Command::new(&compiler)
        .args(["-std=c11", "-Wall", "-Wextra", "-Werror", "-pedantic", "-I"])
        .arg(of_crate.join("include"))
        .arg(of_crate.join("examples/scan.c"))
        .arg(library())
        .args(["-lpthread", "-ldl", "-lm", "-o"])
        .arg(&program)
        .output();
    match compiled {
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            println!("skipped: there is no `{compiler}`");
            None
        }
        compiled => {
            let compiled = compiled.unwrap();
            assert!(compiled.status.success(), "{}", String::from_utf8_lossy(&compiled.stderr));
            Some(program)
        }
    }
}

fn run(program: &Path, set: &Path, log: &Path) -> Output {
    Command::new(program).arg(set).arg(log).output().unwrap()
}

#[test]
fn a_program_in_c_goes_through_a_log() {
    let folder = tempfile::tempdir().unwrap();
    let Some(program) = example(folder.path()) else { return };
    let mut builder = Builder::new(3);
    for (id, text) in [(7, "*.evil.example"), (8, "http://evil.example:8080/kit.zip")] {
        let (value, mode) = read(None, text).unwrap();
        builder.add(&value, Entry { mode, ..Entry::new(id) }).unwrap();
    }
    let [set, log, torn] = ["set", "log", "torn"].map(|name| folder.path().join(name));
    let file = builder.finish().unwrap();
    std::fs::write(&set, &file).unwrap();
    std::fs::write(&torn, &file[..file.len() - 1]).unwrap();
    std::fs::write(
        &log,
        "#fields\tts\tid.resp_h\tid.resp_p\thost\turi\n\
         1772712000.5\t192.0.2.1\t80\tgood.example\t/\n\
         1772712001.5\t192.0.2.1\t8080\tEVIL.example\t/kit.zip\n\
         1772712002.5\t192.0.2.1\t80\ta.evil.example\t/\n",
    )
    .unwrap();
    let output = run(&program, &set, &log);
    let expected = "www.evil.example: 1\n\
        81 8 http://evil.example:8080/kit.zip\n\
        131 7 http://a.evil.example/\n";
    assert_eq!(String::from_utf8_lossy(&output.stdout), expected);
    assert_eq!(output.status.code(), Some(1));
    std::fs::write(&log, "#fields\tts\tquery\n1772712000.5\tgood.example\n").unwrap();
    assert_eq!(run(&program, &set, &log).status.code(), Some(0));
    let output = run(&program, &torn, &log);
    assert_eq!(output.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&output.stderr).contains("not taken (3)"));
}
