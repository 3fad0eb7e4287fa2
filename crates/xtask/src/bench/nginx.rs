//! The anchor for pages of 100: nginx serving the same bytes as files.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::load::Client;
use crate::Outcome;
use crate::http::Connection;

/// An nginx that runs.
pub struct Nginx {
    child: Child,
    /// `http://127.0.0.1:port`
    pub url: String,
}

impl Nginx {
    /// Serves `pages`, each under the place where it begins, as files from `folder`; `None` where nginx is not installed.
    pub fn start(folder: &Path, pages: &BTreeMap<usize, Vec<u8>>) -> Outcome<Option<Nginx>> {
        if Command::new("nginx").arg("-v").stderr(Stdio::null()).status().is_err() {
            return Ok(None);
        }
        let root = folder.join("www");
        std::fs::create_dir_all(&root)?;
        for (place, page) in pages {
            std::fs::write(root.join(format!("{place}.json")), page)?;
        }
        let ready = pages.keys().next().map(|place| path(*place)).ok_or("no pages")?;
        let port = std::net::TcpListener::bind("127.0.0.1:0")?.local_addr()?.port();
        // It writes down who got what, as we do.
        let configuration = format!(
            "worker_processes auto; daemon off; pid {0}/pid; error_log {0}/error.log;\n\
             events {{ worker_connections 256; }}\n\
             http {{ access_log {0}/access.log; sendfile on; tcp_nopush on; keepalive_requests 1000000; open_file_cache max=2000;\n\
             types {{ application/taxii+json json; }}\n\
             server {{ listen 127.0.0.1:{port}; root {1}; }} }}\n",
            folder.display(),
            root.display()
        );
        let file = folder.join("nginx.conf");
        std::fs::write(&file, configuration)?;
        let child = Command::new("nginx").arg("-p").arg(folder).arg("-c").arg(&file).spawn()?;
        let url = format!("http://127.0.0.1:{port}");
        let end = Instant::now() + Duration::from_secs(10);
        while Connection::new(&url, "").send("GET", &ready, None).is_err() {
            if Instant::now() > end {
                return Err("nginx did not start".into());
            }
            std::thread::sleep(Duration::from_millis(20));
        }
        Ok(Some(Nginx { child, url }))
    }
}

/// The client that asks for the files of the same pages.
pub fn client(ours: &Client) -> Client {
    Client { paths: ours.places.iter().map(|place| path(*place)).collect(), ..Client::default() }
}

fn path(place: usize) -> String {
    format!("/{place}.json")
}

impl Drop for Nginx {
    fn drop(&mut self) {
        // A terminated master takes its workers along; a killed one would leave them.
        let _ = Command::new("kill").arg(self.child.id().to_string()).status();
        let _ = self.child.wait();
    }
}
