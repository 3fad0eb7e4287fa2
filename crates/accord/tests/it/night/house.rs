//! A node in this process that sixty sites follow, each an organisation with an agent beside its sensors, and a clock that goes
//! on as the machine's does and can be put forward.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicI64, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use edge::agent::Edge;
use edge::core::config;
use model::Timestamp;
use model::circle::{Charter, Curation};
use node::{Caller, Credential, NewCircle, NewMember, NewToken, Node, Settings};
use tokio::sync::oneshot;
use web::{Loops, Server, WebSettings};

use super::way::Way;
use crate::bench::{Bench, PATIENCE};

/// How many there are.
pub const SITES: usize = 60;
/// The circle that all of them are in; its curators release what is said to it.
pub const SECTOR: &str = "Sector";

fn time(ahead: &AtomicI64) -> Timestamp {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Timestamp(i64::try_from(since.as_micros()).unwrap() + ahead.load(Ordering::SeqCst) * 1_000_000)
}

/// A node that listens on 127.0.0.1.
pub struct House {
    pub node: Node,
    pub url: String,
    pub bench: Bench,
    /// By how many seconds everybody's clock is ahead.
    ahead: Arc<AtomicI64>,
    stop: Option<oneshot::Sender<()>>,
    serving: Option<std::thread::JoinHandle<()>>,
}

/// A site: an organisation with an edge.
pub struct Site {
    pub name: String,
    pub edge: Edge,
    folder: PathBuf,
    /// Nothing gets through to the node.
    pub cut: Arc<AtomicBool>,
    /// By how many seconds its clock is ahead of everybody's.
    pub ahead: Arc<AtomicI64>,
}

impl House {
    /// A node with these warning lists, by the name of a file.
    pub fn new(lists: &[(&str, serde_json::Value)]) -> House {
        let bench = Bench::new();
        let folder = bench.path().join("lists");
        std::fs::create_dir(&folder).unwrap();
        for (name, list) in lists {
            std::fs::write(folder.join(format!("{name}.json")), list.to_string()).unwrap();
        }
        let settings =
            Settings { organisation: "Hub".to_owned(), warning_lists: Some(folder), ..Settings::default() };
        let ahead = Arc::new(AtomicI64::new(0));
        let clock = {
            let ahead = Arc::clone(&ahead);
            move || time(&ahead)
        };
        let node = Node::open(&bench.path().join("node"), settings, Arc::new(clock)).unwrap();
        let (stop, stopped) = oneshot::channel::<()>();
        let (tell, told) = std::sync::mpsc::channel();
        let served = node.clone();
        let serving = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
            let (runtime, loops) = (runtime.unwrap(), Loops::start().unwrap());
            runtime.block_on(async {
                let server = Server::new(web::router(served, &WebSettings::default())).unwrap();
                let mut server = server.over(&loops);
                tell.send(server.listen("127.0.0.1:0".parse().unwrap()).await.unwrap()).unwrap();
                server.run(async move { drop(stopped.await) }).await;
            });
            runtime.shutdown_timeout(PATIENCE);
            loops.stop(PATIENCE);
        });
        let url = format!("http://{}", told.recv_timeout(PATIENCE).unwrap());
        House { node, url, bench, ahead, stop: Some(stop), serving: Some(serving) }
    }

    /// Lets time go by for the node and for every site.
    pub fn later(&self, seconds: i64) {
        self.ahead.fetch_add(seconds, Ordering::SeqCst);
    }

    pub fn now(&self) -> Timestamp {
        time(&self.ahead)
    }

    pub fn member(&self, name: &str) {
        let new = NewMember { name: name.to_owned(), ..NewMember::default() };
        self.node.add_member(&self.node.operator(), &new).unwrap();
    }

    /// The secret of a new token.
    pub fn token(&self, member: &str, roles: &[&str]) -> String {
        let roles = roles.iter().map(|role| (*role).to_owned()).collect();
        let new = NewToken { member: member.to_owned(), roles, ..NewToken::default() };
        self.node.add_token(&self.node.operator(), &new).unwrap().secret
    }

    fn caller(&self, secret: &str) -> Caller {
        self.node.authenticate(&Credential::Token(secret.to_owned()), None).unwrap()
    }

    /// Makes the circle, of this member.
    pub fn circle(&self, founder: &str) {
        let founder = self.caller(&self.token(founder, &["organisation-administrator"]));
        let charter = Charter {
            formal: true,
            curation: Curation::One,
            agreement: "We act on what our desk releases.\n".to_owned(),
            ..Charter::default()
        };
        let new = NewCircle { name: SECTOR.to_owned(), charter: Some(charter), ..NewCircle::default() };
        self.node.add_circle(&founder, &new).unwrap();
    }

    /// Brings a member into it by the founder's invitation.
    pub fn join(&self, founder: &str, member: &str) {
        let [founder, member] =
            [founder, member].map(|name| self.caller(&self.token(name, &["organisation-administrator"])));
        let secret = self.node.invite(&founder, SECTOR, None).unwrap().secret;
        let asked = self.node.join_circle(&member, &secret, None).unwrap();
        self.node.join_circle(&member, &secret, Some(&asked.circle.digest)).unwrap();
    }

    /// A site of the circle, whose edge has begun.
    pub fn site(&self, founder: &str, number: usize) -> Site {
        let name = format!("Site {number:02}");
        self.member(&name);
        self.join(founder, &name);
        let folder = self.bench.path().join(format!("site-{number:02}"));
        std::fs::create_dir(&folder).unwrap();
        let at = folder.display();
        let text = format!(
            "name = \"edge-{number:02}\"\nurl = \"{}\"\ntoken-file = \"unread\"\nstate = \"{at}/state\"\n\
             [[sensor]]\nname = \"lists\"\nkind = \"file\"\nformat = \"plain\"\nfolder = \"{at}/lists\"\n\
             [[sensor]]\nname = \"table\"\nkind = \"file\"\nformat = \"csv\"\nfolder = \"{at}/table\"\n",
            self.url
        );
        let (cut, ahead) = (Arc::<AtomicBool>::default(), Arc::<AtomicI64>::default());
        let way = Way {
            address: self.url.strip_prefix("http://").unwrap().to_owned(),
            token: self.token(&name, &["sensor"]),
            cut: Arc::clone(&cut),
        };
        let (everybodys, own) = (Arc::clone(&self.ahead), Arc::clone(&ahead));
        let clock = move || time(&everybodys).plus_seconds(own.load(Ordering::SeqCst));
        let edge = Edge::start(config::read(&text).unwrap(), Arc::new(clock), Arc::new(way)).unwrap();
        Site { name, edge, folder, cut, ahead }
    }
}

impl Site {
    /// Everything that each of its sensors blocks, in order.
    pub fn blocks(&self) -> [Vec<String>; 2] {
        let mut lists = Vec::new();
        for file in std::fs::read_dir(self.folder.join("lists")).into_iter().flatten() {
            let text = std::fs::read_to_string(file.unwrap().path()).unwrap_or_default();
            lists.extend(text.lines().filter(|line| !line.starts_with('#')).map(str::to_owned));
        }
        let table = self.table();
        let blocks = table.iter().filter(|row| row.split(',').any(|cell| cell == "block"));
        let mut table: Vec<String> =
            blocks.filter_map(|row| row.split(',').nth(1).map(str::to_owned)).collect();
        lists.sort();
        table.sort();
        [lists, table]
    }

    /// Whether all of its sensors block just these.
    pub fn blocks_just(&self, values: &[&str]) -> bool {
        self.blocks().iter().all(|blocks| blocks == values)
    }

    /// The rows of its table, with what only informs.
    pub fn table(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.folder.join("table/accord.csv")).unwrap_or_default();
        text.lines().skip(1).filter(|line| !line.starts_with('#')).map(str::to_owned).collect()
    }

    pub fn is_cut(&self, cut: bool) {
        self.cut.store(cut, Ordering::SeqCst);
    }
}

impl Drop for House {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(serving) = self.serving.take() {
            let _ended = serving.join();
        }
        self.node.stop();
    }
}

/// Waits until something is so. Answers how long that took.
#[track_caller]
pub fn until(what: &str, mut is: impl FnMut() -> bool) -> Duration {
    let began = std::time::Instant::now();
    while !is() {
        assert!(began.elapsed() < PATIENCE, "it never came to be: {what}");
        std::thread::sleep(Duration::from_millis(20));
    }
    began.elapsed()
}
