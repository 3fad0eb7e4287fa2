//! How an edge is set up, as its owner writes it: TOML, each mistake named with its line.

mod kind;

use std::fmt;
use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use model::Tlp;
use model::protect::Action;
use sensors::Format;
use serde::Deserialize;
use toml::Spanned;

pub use kind::SensorKind;

/// Most sensors of an edge: its report of all of them is one that a node takes.
const SENSORS: usize = 50;

/// What is wrong with a text, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wrong {
    /// The line, from 1; 0 for what is of no line.
    pub line: usize,
    /// What is wrong.
    pub what: String,
}

impl fmt::Display for Wrong {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.what)
    }
}

impl std::error::Error for Wrong {}

/// What becomes of blocks when the edge's knowledge is older than it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Fail {
    /// They stay until each ends by itself.
    #[default]
    Closed,
    /// They are taken away; what alerts goes on alerting.
    Open,
}

impl Fail {
    /// The word for it.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Fail::Closed => "closed",
            Fail::Open => "open",
        }
    }
}

/// How an edge is set up.
#[derive(Debug, Clone)]
pub struct Config {
    /// What it is called at its node.
    pub name: String,
    /// The node's address.
    pub url: String,
    /// The file with its token.
    pub token_file: PathBuf,
    /// Authorities in PEM to trust beside the system's.
    pub ca: Option<PathBuf>,
    /// The folder of what it keeps.
    pub state: PathBuf,
    /// Its knowledge is too old when the node was last heard so long ago.
    pub max_age: Duration,
    /// What becomes of blocks then.
    pub fail: Fail,
    /// Nothing that bears a stricter label is asked for.
    pub tlp: Tlp,
    /// What is run when something is wrong: words, no shell.
    pub alarm: Vec<String>,
    /// The sensors.
    pub sensors: Vec<Sensor>,
}

impl Config {
    /// The least that the edge asks for: what the least demanding of its sensors does with values.
    #[must_use]
    pub fn least(&self) -> Action {
        let of_values = self.sensors.iter().filter(|sensor| !matches!(sensor.kind, SensorKind::Rules { .. }));
        of_values.map(|sensor| sensor.kind.format().least_action()).min().unwrap_or(Action::Block)
    }
}

/// A sensor.
#[derive(Debug, Clone)]
pub struct Sensor {
    /// What it is called here and in reports.
    pub name: String,
    /// How long one exchange with it may take.
    pub timeout: Duration,
    /// What it is.
    pub kind: SensorKind,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Text {
    name: Spanned<String>,
    url: Spanned<String>,
    token_file: PathBuf,
    ca: Option<PathBuf>,
    state: PathBuf,
    max_age: Option<Spanned<String>>,
    fail: Option<Spanned<String>>,
    tlp: Option<Spanned<String>>,
    alarm: Option<Spanned<Vec<String>>>,
    #[serde(default)]
    sensor: Vec<Spanned<Table>>,
}

/// The keys of all kinds of sensors; which kind takes which is looked at afterwards, so that each mistake has its line.
#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
struct Table {
    name: Spanned<String>,
    kind: Spanned<String>,
    timeout: Option<Spanned<String>>,
    format: Option<Spanned<String>>,
    folder: Option<Spanned<PathBuf>>,
    reload: Option<Spanned<Vec<String>>>,
    every: Option<Spanned<String>>,
    command: Option<Spanned<Vec<String>>>,
    socket: Option<Spanned<PathBuf>>,
    shared_rules: Option<Spanned<bool>>,
    check: Option<Spanned<Vec<String>>>,
    url: Option<Spanned<String>>,
    index: Option<Spanned<String>>,
    api_key_file: Option<Spanned<PathBuf>>,
    ca: Option<Spanned<PathBuf>>,
    listen: Option<Spanned<Vec<String>>>,
    zone: Option<Spanned<String>>,
    secondaries: Option<Spanned<Vec<String>>>,
    tsig_name: Option<Spanned<String>>,
    tsig_secret_file: Option<Spanned<PathBuf>>,
}

/// Reads what the owner wrote.
///
/// # Errors
/// The first mistake, and its line.
pub fn read(text: &str) -> Result<Config, Wrong> {
    let at = |offset: usize| text.get(..offset).map_or(0, |before| before.matches('\n').count() + 1);
    let table: Text = toml::from_str(text).map_err(|error| Wrong {
        line: error.span().map_or(0, |span| at(span.start)),
        what: error.message().to_owned(),
    })?;
    let reading = Reading { text };
    reading.config(table)
}

struct Reading<'a> {
    text: &'a str,
}

impl Reading<'_> {
    fn wrong<T, S>(&self, at: &Spanned<S>, what: impl Into<String>) -> Result<T, Wrong> {
        let before = self.text.get(..at.span().start).unwrap_or_default();
        Err(Wrong { line: before.matches('\n').count() + 1, what: what.into() })
    }

    fn config(&self, table: Text) -> Result<Config, Wrong> {
        self.name(&table.name)?;
        let url = table.url.get_ref();
        if !url.starts_with("https://") && !url.starts_with("http://") {
            return self.wrong(&table.url, format!("`{url}` is no address: it begins with https://"));
        }
        let fail = match &table.fail {
            None => Fail::default(),
            Some(word) => match word.get_ref().as_str() {
                "open" => Fail::Open,
                "closed" => Fail::Closed,
                other => {
                    return self.wrong(
                        word,
                        format!("`{other}` is neither open nor closed: blocks that are too old"),
                    );
                }
            },
        };
        let tlp = match &table.tlp {
            None => Tlp::Amber,
            Some(word) => match tlp_of(word.get_ref()) {
                Some(tlp) => tlp,
                None => return self.wrong(word, "use clear, green, amber, amber+strict or red"),
            },
        };
        let alarm = table.alarm.as_ref().map_or(Ok(Vec::new()), |words| self.words(words))?;
        let max_age = self.span_or(table.max_age.as_ref(), Duration::from_secs(3600))?;
        let mut sensors: Vec<Sensor> = Vec::new();
        for spanned in &table.sensor {
            let of = spanned.get_ref();
            let sensor = self.sensor(of)?;
            if sensors.iter().any(|other| other.name == sensor.name) {
                return self.wrong(&of.name, format!("there is another sensor called `{}`", sensor.name));
            }
            if let Some(other) = sensors.iter().find(|other| other.kind.shares_files(&sensor.kind)) {
                let what = format!("sensor `{}` writes files of the same names into this folder", other.name);
                let at = of.folder.as_ref().map_or(of.name.span(), Spanned::span);
                return self.wrong(&Spanned::new(at, ()), what);
            }
            if let Some(other) = sensors.iter().find(|other| other.kind.is_the_same_as(&sensor.kind)) {
                let what = format!("sensor `{}` is the very same {}", other.name, sensor.kind.name());
                return self.wrong(&of.name, what);
            }
            sensors.push(sensor);
        }
        if let Some(one) = table.sensor.get(SENSORS) {
            return self.wrong(&one.get_ref().name, format!("an edge has at most {SENSORS} sensors"));
        }
        if sensors.is_empty() {
            return Err(Wrong { line: 0, what: "there is no `[[sensor]]`".to_owned() });
        }
        Ok(Config {
            name: table.name.into_inner(),
            url: table.url.into_inner(),
            token_file: table.token_file,
            ca: table.ca,
            state: table.state,
            max_age,
            fail,
            tlp,
            alarm,
            sensors,
        })
    }

    fn name(&self, name: &Spanned<String>) -> Result<(), Wrong> {
        let text = name.get_ref();
        let is_plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        if text.is_empty() || text.len() > 64 || !text.chars().all(is_plain) || text.starts_with('.') {
            return self.wrong(
                name,
                format!("`{text}` is no name: letters, digits, `-`, `_` and `.`, 64 of them at most"),
            );
        }
        Ok(())
    }

    fn sensor(&self, table: &Table) -> Result<Sensor, Wrong> {
        self.name(&table.name)?;
        let kind = table.kind.get_ref().as_str();
        let takes: &[&str] = match kind {
            "file" => &["format", "folder", "reload", "every", "check"],
            "nftables" | "ipset" => &["command"],
            "suricata" => &["socket", "folder", "every", "shared-rules", "check"],
            "unbound" => &["command", "folder"],
            "rpz" => &["listen", "zone", "secondaries", "tsig-name", "tsig-secret-file"],
            "elastic" => &["url", "index", "api-key-file", "ca"],
            other => {
                let kinds = "file, nftables, ipset, suricata, unbound, rpz or elastic";
                return self.wrong(&table.kind, format!("there is no kind `{other}`: use {kinds}"));
            }
        };
        for (name, at) in [
            ("format", table.format.as_ref().map(Spanned::span)),
            ("folder", table.folder.as_ref().map(Spanned::span)),
            ("reload", table.reload.as_ref().map(Spanned::span)),
            ("every", table.every.as_ref().map(Spanned::span)),
            ("command", table.command.as_ref().map(Spanned::span)),
            ("socket", table.socket.as_ref().map(Spanned::span)),
            ("shared-rules", table.shared_rules.as_ref().map(Spanned::span)),
            ("check", table.check.as_ref().map(Spanned::span)),
            ("url", table.url.as_ref().map(Spanned::span)),
            ("index", table.index.as_ref().map(Spanned::span)),
            ("api-key-file", table.api_key_file.as_ref().map(Spanned::span)),
            ("ca", table.ca.as_ref().map(Spanned::span)),
            ("listen", table.listen.as_ref().map(Spanned::span)),
            ("zone", table.zone.as_ref().map(Spanned::span)),
            ("secondaries", table.secondaries.as_ref().map(Spanned::span)),
            ("tsig-name", table.tsig_name.as_ref().map(Spanned::span)),
            ("tsig-secret-file", table.tsig_secret_file.as_ref().map(Spanned::span)),
        ] {
            if let Some(span) = at
                && !takes.contains(&name)
            {
                let at = Spanned::new(span, ());
                return self.wrong(&at, format!("a sensor of kind `{kind}` has no `{name}`"));
            }
        }
        let of_kind = match kind {
            "nftables" => SensorKind::Nftables { command: self.command(table, "nft")? },
            "ipset" => SensorKind::Ipset { command: self.command(table, "ipset")? },
            "suricata" => SensorKind::Suricata {
                socket: match &table.socket {
                    Some(socket) => socket.get_ref().clone(),
                    None => PathBuf::from("/var/run/suricata/suricata-command.socket"),
                },
                folder: self.folder(table)?,
                every: self.span_or(table.every.as_ref(), Duration::from_secs(10))?,
                rules: self.shared_rules(table)?,
            },
            "unbound" => SensorKind::Unbound {
                command: self.command(table, "unbound-control")?,
                folder: self.folder(table)?,
            },
            "elastic" => self.elastic(table)?,
            "rpz" => self.rpz(table)?,
            _ => self.file(table)?,
        };
        let timeout = self.span_or(table.timeout.as_ref(), Duration::from_secs(10))?;
        Ok(Sensor { name: table.name.get_ref().clone(), timeout, kind: of_kind })
    }

    // Strangers' rules are in the engine only where its owner says so, and unchecked only where he says that too.
    fn shared_rules(&self, table: &Table) -> Result<Option<Vec<String>>, Wrong> {
        match (table.shared_rules.as_ref().is_some_and(|wanted| *wanted.get_ref()), &table.check) {
            (true, None) => Ok(Some(vec!["suricata".to_owned()])),
            (true, Some(words)) => Ok(Some(words.get_ref().clone())),
            (false, None) => Ok(None),
            (false, Some(words)) => self.wrong(words, "`check` goes with `shared-rules = true`"),
        }
    }

    fn command(&self, table: &Table, otherwise: &str) -> Result<Vec<String>, Wrong> {
        match &table.command {
            None => Ok(vec![otherwise.to_owned()]),
            Some(words) => self.words(words),
        }
    }

    fn words(&self, words: &Spanned<Vec<String>>) -> Result<Vec<String>, Wrong> {
        match words.get_ref().first() {
            Some(program) if !program.is_empty() => Ok(words.get_ref().clone()),
            _ => self.wrong(words, "a command has at least a word"),
        }
    }

    fn file(&self, table: &Table) -> Result<SensorKind, Wrong> {
        let Some(word) = &table.format else {
            return self.wrong(&table.name, "it needs a `format`: `accord feed` lists them");
        };
        let Some(format) = Format::from_name(word.get_ref()) else {
            let names: Vec<&str> = Format::all().map(Format::name).collect();
            let what = format!("there is no format `{}`: use one of {}", word.get_ref(), names.join(", "));
            return self.wrong(word, what);
        };
        let folder = self.folder(table)?;
        let words = |words: Option<&Spanned<_>>| words.map_or(Ok(Vec::new()), |words| self.words(words));
        let reload = words(table.reload.as_ref())?;
        if format.files().iter().all(sensors::File::is_of_rules) {
            let every = self.span_or(table.every.as_ref(), Duration::from_secs(10))?;
            let check = words(table.check.as_ref())?;
            return Ok(SensorKind::Rules { format, folder, reload, every, check });
        }
        if let Some(check) = &table.check {
            let what = format!("`check` is for rules, and `{}` is of values", format.name());
            return self.wrong(check, what);
        }
        let every = self.span_or(table.every.as_ref(), Duration::from_secs(1))?;
        Ok(SensorKind::File { format, folder, reload, every })
    }

    fn folder(&self, table: &Table) -> Result<PathBuf, Wrong> {
        match &table.folder {
            Some(folder) => Ok(folder.get_ref().clone()),
            None => self.wrong(&table.name, "it needs a `folder` to write its files into"),
        }
    }

    fn rpz(&self, table: &Table) -> Result<SensorKind, Wrong> {
        let Some(zone) = &table.zone else {
            return self.wrong(&table.name, "it needs a `zone`, such as rpz.accord");
        };
        if super::dns::name(zone.get_ref()).is_none_or(|wire| wire.len() > 64) {
            return self.wrong(zone, format!("`{}` is no name of a zone, 62 bytes at most", zone.get_ref()));
        }
        let listen = self.addresses(table.listen.as_ref())?;
        if listen.is_empty() {
            return self.wrong(&table.name, "it needs `listen`, such as [\"127.0.0.1:5354\"]");
        }
        let key = match (&table.tsig_name, &table.tsig_secret_file) {
            (Some(name), Some(file)) => Some((name.get_ref().clone(), file.get_ref().clone())),
            (None, None) => None,
            _ => return self.wrong(&table.name, "`tsig-name` and `tsig-secret-file` go together"),
        };
        if key.is_none() && listen.iter().any(|address| !address.ip().is_loopback()) {
            let what = "the zone would be given to everybody: set `tsig-name` and `tsig-secret-file`";
            return self.wrong(&table.name, what);
        }
        let secondaries = self.addresses(table.secondaries.as_ref())?;
        Ok(SensorKind::Rpz { listen, zone: zone.get_ref().clone(), secondaries, key })
    }

    fn addresses(&self, words: Option<&Spanned<Vec<String>>>) -> Result<Vec<SocketAddr>, Wrong> {
        let Some(words) = words else { return Ok(Vec::new()) };
        let read = |word: &String| match word.parse() {
            Ok(address) => Ok(address),
            Err(_) => self.wrong(words, format!("`{word}` is no address and port such as 192.0.2.1:53")),
        };
        words.get_ref().iter().map(read).collect()
    }

    fn elastic(&self, table: &Table) -> Result<SensorKind, Wrong> {
        let (Some(url), Some(index)) = (&table.url, &table.index) else {
            return self.wrong(&table.name, "it needs a `url` and an `index` of its own");
        };
        if !url.get_ref().starts_with("https://") && !url.get_ref().starts_with("http://") {
            return self.wrong(url, format!("`{}` is no address: it begins with https://", url.get_ref()));
        }
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || matches!(c, '-' | '_' | '.');
        let name = index.get_ref();
        if name.is_empty() || !name.chars().all(plain) || !name.starts_with(|c: char| c.is_ascii_lowercase())
        {
            return self.wrong(index, format!("`{name}` is no index: lower case, digits, `-`, `_` and `.`"));
        }
        Ok(SensorKind::Elastic {
            url: url.get_ref().clone(),
            index: name.clone(),
            api_key_file: table.api_key_file.as_ref().map(|file| file.get_ref().clone()),
            ca: table.ca.as_ref().map(|file| file.get_ref().clone()),
        })
    }

    fn span_or(&self, text: Option<&Spanned<String>>, otherwise: Duration) -> Result<Duration, Wrong> {
        let Some(text) = text else { return Ok(otherwise) };
        match span(text.get_ref()) {
            Some(span) => Ok(span),
            None => self.wrong(text, format!("`{}` is no span such as 10s, 5m, 1h or 3d", text.get_ref())),
        }
    }
}

fn span(text: &str) -> Option<Duration> {
    let unit = match text.chars().last()? {
        's' => 1,
        'm' => 60,
        'h' => 3600,
        'd' => 86_400,
        _ => return None,
    };
    let number: u64 = text.get(..text.len() - 1)?.parse().ok()?;
    (1..=31_536_000).contains(&number.checked_mul(unit)?).then(|| Duration::from_secs(number * unit))
}

fn tlp_of(word: &str) -> Option<Tlp> {
    [Tlp::Clear, Tlp::Green, Tlp::Amber, Tlp::AmberStrict, Tlp::Red]
        .into_iter()
        .find(|tlp| tlp.name().eq_ignore_ascii_case(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    const TOP: &str =
        "name = \"gate\"\nurl = \"https://node.example\"\ntoken-file = \"/t\"\nstate = \"/s\"\n";
    const NFT: &str = "[[sensor]]\nname = \"wall\"\nkind = \"nftables\"\n";

    #[test]
    fn what_is_right_is_read() {
        let text = format!("{TOP}fail = \"open\"\nmax-age = \"3d\"\ntlp = \"green\"\n{NFT}");
        let config = read(&text).unwrap();
        assert_eq!((config.fail, config.max_age.as_secs()), (Fail::Open, 3 * 86_400));
        assert_eq!((config.tlp, config.least()), (Tlp::Green, Action::Block));
        // Rules are not asked for with values.
        let rules = "[[sensor]]\nname = \"r\"\nkind = \"file\"\nformat = \"yara\"\nfolder = \"/x\"\ncheck = [\"yr\", \"check\"]\n";
        let config = read(&format!("{TOP}{NFT}{rules}")).unwrap();
        assert_eq!(config.least(), Action::Block);
        assert!(matches!(&config.sensors[1].kind, SensorKind::Rules { check, .. } if check.len() == 2));
        // In another network of the machine.
        let other =
            NFT.replace("wall", "other") + "command = [\"ip\", \"netns\", \"exec\", \"a\", \"nft\"]\n";
        assert_eq!(read(&format!("{TOP}{NFT}{other}")).unwrap().sensors.len(), 2);
    }

    #[test]
    fn a_mistake_is_named_with_its_line() {
        let many: String = (0..51)
            .map(|n| NFT.replace("wall", &format!("wall-{n}")) + &format!("command = [\"nft-{n}\"]\n"))
            .collect();
        for (text, line, said) in [
            (format!("{TOP}max-agee = \"1h\"\n{NFT}"), 5, "max-agee"),
            (format!("{TOP}max-age = \"soon\"\n{NFT}"), 5, "no span"),
            (format!("{TOP}max-age = \"0s\"\n{NFT}"), 5, "no span"),
            (format!("{TOP}fail = \"shut\"\n{NFT}"), 5, "neither open nor closed"),
            (format!("{TOP}tlp = \"blue\"\n{NFT}"), 5, "use clear"),
            (format!("{TOP}{NFT}comand = [\"nft\"]\n"), 8, "comand"),
            (format!("{TOP}{NFT}folder = \"/x\"\n"), 8, "has no `folder`"),
            (format!("{TOP}{NFT}command = []\n"), 8, "at least a word"),
            (
                format!("{TOP}{NFT}{}", NFT.replace("wall", "other")),
                9,
                "sensor `wall` is the very same nftables",
            ),
            (
                format!(
                    "{TOP}[[sensor]]\nname = \"a\"\nkind = \"rpz\"\nzone = \"a.z\"\nlisten = [\"127.0.0.1:53\"]\n\
                     [[sensor]]\nname = \"b\"\nkind = \"rpz\"\nzone = \"b.z\"\nlisten = [\"127.0.0.1:53\", \"[::1]:53\"]\n"
                ),
                11,
                "sensor `a` is the very same rpz",
            ),
            (format!("{TOP}{NFT}{NFT}"), 9, "another sensor called `wall`"),
            (format!("{TOP}[[sensor]]\nname = \"a\"\nkind = \"netflow\"\n"), 7, "no kind `netflow`"),
            (
                format!(
                    "{TOP}[[sensor]]\nname = \"a\"\nkind = \"elastic\"\nurl = \"https://e\"\nindex = \"A\"\n"
                ),
                9,
                "no index",
            ),
            (
                format!("{TOP}[[sensor]]\nname = \"a\"\nkind = \"unbound\"\nsocket = \"/x\"\n"),
                8,
                "has no `socket`",
            ),
            (format!("{TOP}[[sensor]]\nname = \"a b\"\nkind = \"ipset\"\n"), 6, "no name"),
            (
                format!("{TOP}[[sensor]]\nname = \"a\"\nkind = \"file\"\nformat = \"zeke\"\n"),
                8,
                "no format `zeke`",
            ),
            (
                format!("{TOP}[[sensor]]\nname = \"a\"\nkind = \"file\"\nformat = \"zeek\"\n"),
                6,
                "needs a `folder`",
            ),
            (
                format!(
                    "{TOP}[[sensor]]\nname = \"a\"\nkind = \"file\"\nformat = \"zeek\"\nfolder = \"/x\"\ncheck = [\"yr\"]\n"
                ),
                10,
                "`check` is for rules",
            ),
            (
                format!(
                    "{TOP}[[sensor]]\nname = \"a\"\nkind = \"suricata\"\nfolder = \"/x\"\n\
                     [[sensor]]\nname = \"b\"\nkind = \"file\"\nformat = \"suricata-rules\"\nfolder = \"/x\"\n"
                ),
                13,
                "sensor `a` writes files of the same names",
            ),
            (format!("{TOP}{many}"), 206, "at most 50 sensors"),
            (format!("{TOP}alarm = [\"\"]\n{NFT}"), 5, "at least a word"),
            (format!("{TOP}alarm = []\n{NFT}"), 5, "at least a word"),
            (format!("{TOP}{NFT}command = [\"\"]\n"), 8, "at least a word"),
            (TOP.to_owned(), 0, "no `[[sensor]]`"),
            (TOP.replace("https:", "gopher:") + NFT, 2, "no address"),
            (format!("{TOP}{NFT}timeout = 5\n"), 8, "invalid type"),
        ] {
            let wrong = read(&text).unwrap_err();
            assert_eq!(wrong.line, line, "{wrong}\n{text}");
            assert!(wrong.what.contains(said), "{wrong} lacks {said}");
        }
    }
}
