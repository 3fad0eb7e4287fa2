//! Medallion, the reference TAXII server, beside us at the size that it can stand: 1,000 objects in its memory backend.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::ingest::SEED;
use super::report::{Bar, Report};
use crate::Outcome;
use crate::generate;
use crate::http::Connection;

const STORED: u64 = 1_000;
/// The API root. Medallion takes the first value anywhere in its data whose key is the root's name, and so finds the address
/// in discovery for a root that is named `default`.
const ROOT: &str = "bench";
const COLLECTION: &str = "91a7b528-80eb-42ed-a74d-c6fbd5a26116";

struct Medallion(Child);

impl Drop for Medallion {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Measures medallion's page of 100 beside `ours_ms`, the CPU-milliseconds of our page with as much stored. Where it is
/// not installed, says so.
pub fn medallion(folder: &Path, ours_ms: f64, seconds: f64, report: &mut Report) -> Outcome {
    report.heading("medallion, 1,000 objects in memory, one connection");
    let program = Path::new("target/clients/bin/medallion");
    if !program.exists() {
        report
            .say("not installed: python3 -m venv target/clients && target/clients/bin/python -m pip install medallion");
        return Ok(());
    }
    let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
    let configuration = configure(folder)?;
    let child = Command::new(program)
        .args(["--host", "127.0.0.1", "--port", &port.to_string(), "--log-level", "CRITICAL"])
        .arg(configuration)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .spawn()?;
    let server = Medallion(child);
    let url = format!("http://127.0.0.1:{port}");
    let path = format!("/{ROOT}/collections/{COLLECTION}/objects/?limit=100");
    let mut connection = Connection::authorized(&url, "Basic YmVuY2g6YmVuY2g=");
    let end = Instant::now() + Duration::from_secs(20);
    while connection.send("GET", &path, None).map(|answer| answer.status).unwrap_or(0) != 200 {
        if Instant::now() > end {
            return Err("medallion did not start".into());
        }
        std::thread::sleep(Duration::from_millis(100));
    }
    let pid = server.0.id().to_string();
    let (cpu, at) = (super::cpu::seconds_of(&pid)?, Instant::now());
    let mut pages = 0.0;
    while at.elapsed().as_secs_f64() < seconds {
        let status = connection.send("GET", &path, None)?.status;
        if status != 200 {
            return Err(format!("medallion answers {status}").into());
        }
        pages += 1.0;
    }
    let theirs_ms = (super::cpu::seconds_of(&pid)? - cpu) * 1000.0 / pages;
    report.line("a page of 100, CPU", theirs_ms, "ms", &Bar::None);
    report.line("that to ours", theirs_ms / ours_ms, "ratio", &Bar::None);
    Ok(())
}

fn configure(folder: &Path) -> Outcome<std::path::PathBuf> {
    let (mut objects, mut manifest) = (Vec::new(), Vec::new());
    for n in 0..STORED {
        let object: serde_json::Value = serde_json::from_str(&generate::object(SEED, n).1)?;
        let added = format!("2026-01-01T00:00:00.{n:06}Z");
        manifest.push(serde_json::json!({
            "id": object.get("id"), "date_added": added, "version": object.get("modified"),
            "media_type": "application/stix+json;version=2.1",
        }));
        objects.push(object);
    }
    let data = serde_json::json!({
        "/discovery": {"title": "bench", "default": format!("/{ROOT}/"), "api_roots": [format!("/{ROOT}/")]},
        ROOT: {
            "information": {"title": "bench", "versions": ["application/taxii+json;version=2.1"],
                            "max_content_length": 10_000_000},
            "status": [],
            "collections": [{
                "id": COLLECTION, "title": "bench", "can_read": true, "can_write": false,
                "media_types": ["application/stix+json;version=2.1"], "objects": objects, "manifest": manifest,
            }],
        },
    });
    let store = folder.join("medallion-data.json");
    std::fs::write(&store, serde_json::to_vec(&data)?)?;
    let configuration = serde_json::json!({
        "backend": {
            "module": "medallion.backends.memory_backend", "module_class": "MemoryBackend", "filename": store,
        },
        "users": {"bench": "bench"},
        "taxii": {"max_page_size": 100},
    });
    let file = folder.join("medallion.json");
    std::fs::write(&file, serde_json::to_vec(&configuration)?)?;
    Ok(file)
}
