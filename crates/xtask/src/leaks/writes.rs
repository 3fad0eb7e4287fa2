//! What readers write: on what is theirs, on what they see, on what they do not, on what is not there.

use model::Tlp;

use super::ask::Ask;
use super::exceptions;
use super::oracle::Reader;
use super::requests::{Scene, encoded};
use super::said::{Kind, Mark, Said, object_id};

/// Numbers of what is said on the way begin here, above those of what was planned.
const FIRST: usize = 5_000;

/// The requests of a writing route; `None` for one that is not known here.
pub fn of(operation: &str, scene: &mut Scene<'_>, reader: &Reader<'_>) -> Option<Vec<Ask>> {
    let rest = |operation, method, path: &str, body: &str| {
        Some(vec![Ask::rest(operation, method, path.to_owned()).body(body)])
    };
    match operation {
        "taxiiAddObjects" => Some(scene.additions()),
        "importObjects" => Some(scene.imports()),
        "share" => Some(scene.shares()),
        "recall" => Some(scene.recalls()),
        "disclose" => Some(scene.disclosures()),
        "sealDisclosure" => {
            let path = "/api/v1/disclosures/00000000-0000-4000-8000-000000000000/seal";
            rest("sealDisclosure", "POST", path, r#"{"until":"2031-01-20T00:00:00Z"}"#)
        }
        "taxiiDeleteObject" => Some(scene.deletions()),
        "withdrawObject" => Some(scene.withdrawals()),
        "eraseObject" => Some(scene.on_objects("eraseObject", "/erase", r#"{"reason":"a test"}"#, 1)),
        "eraseSubject" => Some(scene.subjects()),
        "addNote" => Some(scene.on_objects("addNote", "/notes", r#"{"text":"seen here"}"#, 3)),
        "addOpinion" => Some(scene.on_objects("addOpinion", "/opinions", r#"{"opinion":"agree"}"#, 2)),
        "reportEdge" => {
            let body =
                r#"{"at":"2031-01-01T00:00:00Z","fail":"open","sensors":[{"name":"fw","kind":"nftables"}]}"#;
            rest("reportEdge", "PUT", "/api/v1/edges/site-1", body)
        }
        "addVerdict" => Some(scene.verdicts()),
        "reportSightings" => Some(scene.reports()),
        "sayMistaken" => Some(scene.mistakes()),
        "addTags" => Some(scene.on_objects("addTags", "/tags", r#"{"tags":["own-tag"]}"#, 3)),
        "revokeObject" => Some(scene.on_objects("revokeObject", "/revoke", "", 2)),
        "takeQueued" => Some(scene.queued("takeQueued", "/take", "")),
        "releaseQueued" => Some(scene.queued("releaseQueued", "/release", "")),
        "returnQueued" => Some(scene.queued("returnQueued", "/return", r#"{"reason":"a test"}"#)),
        "mergeQueued" => {
            let body = format!(r#"{{"into":"{}"}}"#, scene.id());
            Some(scene.queued("mergeQueued", "/merge", &body))
        }
        "tellOrigin" => Some(scene.on_objects("tellOrigin", "/origin", r#"{"reason":"a test"}"#, 2)),
        "setSector" => {
            let member = scene.names("/api/v1/members/").into_iter().next().unwrap_or_default();
            rest("setSector", "POST", &format!("/api/v1/members/{}/sector", encoded(&member)), "{}")
        }
        "setProviders" => {
            let member = scene.names("/api/v1/members/").into_iter().next().unwrap_or_default();
            rest("setProviders", "POST", &format!("/api/v1/members/{}/providers", encoded(&member)), "{}")
        }
        "relabelObject" => Some(scene.relabels()),
        "previewLabel" => rest("previewLabel", "POST", "/api/v1/preview", r#"{"tlp":"amber"}"#),
        "addMember" => Some(scene.new_members()),
        "addPerson" => Some(scene.new_persons()),
        "addToken" => Some(scene.new_tokens()),
        "addCollection" => Some(scene.new_collections()),
        "revokeMember" => Some(scene.revoked("revokeMember", "/api/v1/members/", reader)),
        "revokePerson" => Some(scene.revoked("revokePerson", "/api/v1/persons/", reader)),
        "revokeToken" => Some(scene.revoked("revokeToken", "/api/v1/tokens/", reader)),
        "revokeCollection" => Some(scene.revoked("revokeCollection", "/api/v1/collections/", reader)),
        "addCircle" => Some(scene.new_circles()),
        "upgradeCircle" => Some(scene.in_circles("upgradeCircle", "POST", "/charter", r#"{"charter":{}}"#)),
        "joinCircle" => rest("joinCircle", "POST", "/api/v1/join", r#"{"secret":"wrong"}"#),
        "inviteToCircle" => Some(scene.in_circles("inviteToCircle", "POST", "/invitations", "{}")),
        "confirmInvitation" => {
            let path = "/invitations/00000000-0000-4000-8000-000000000000";
            Some(scene.in_circles("confirmInvitation", "POST", path, ""))
        }
        "revokeInvitation" => {
            let path = "/invitations/00000000-0000-4000-8000-000000000000";
            Some(scene.in_circles("revokeInvitation", "DELETE", path, ""))
        }
        "expelFromCircle" => {
            let member = scene.names("/api/v1/members/").into_iter().next().unwrap_or_default();
            let path = format!("/members/{}", encoded(&member));
            Some(scene.in_circles("expelFromCircle", "DELETE", &path, ""))
        }
        "agreeToCircle" => {
            Some(scene.in_circles("agreeToCircle", "POST", "/agreement", r#"{"digest":"00"}"#))
        }
        "leaveCircle" => Some(scene.in_circles("leaveCircle", "POST", "/leave", "")),
        "revokeCircle" => Some(scene.in_circles("revokeCircle", "DELETE", "", "")),
        "declareAssets" => {
            let body = format!(r#"{{"assets":["{}","192.0.2.0/24"]}}"#, super::said::SHARED_DOMAIN);
            rest("declareAssets", "POST", "/api/v1/assets", &body)
        }
        "observe" => Some(scene.observations()),
        "ignoreHits" => {
            let body = r#"{"values":["192.0.2.200"],"until":"2031-06-01T00:00:00Z"}"#;
            rest("ignoreHits", "POST", "/api/v1/hits/ignored", body)
        }
        "forgetSeen" => rest("forgetSeen", "DELETE", "/api/v1/seen?host=host-1", ""),
        "setPolicy" => {
            let source = scene.called("/api/v1/members/");
            let text = format!("[[rule]]\nname = \"one\"\nfrom = \"member:{source}\"\naction = \"block\"\n");
            let body = serde_json::json!({ "text": text }).to_string();
            rest("setPolicy", "POST", "/api/v1/policy?dry_run", &body)
        }
        "resetPolicy" => rest("resetPolicy", "DELETE", "/api/v1/policy", ""),
        "removeAsset" => {
            rest("removeAsset", "DELETE", "/api/v1/assets/00000000-0000-4000-8000-000000000000", "")
        }
        "addRetention" => {
            let source = scene.names("/api/v1/members/").into_iter().next().unwrap_or_default();
            let body = format!(r#"{{"source":"{source}","days":900}}"#);
            rest("addRetention", "POST", "/api/v1/retention", &body)
        }
        "removeRetention" => {
            rest("removeRetention", "DELETE", "/api/v1/retention/00000000-0000-4000-8000-000000000000", "")
        }
        "runRetention" => rest("runRetention", "POST", "/api/v1/retention/run?dry_run", ""),
        "check" => rest("check", "POST", "/api/v1/check", ""),
        "backup" => rest("backup", "POST", "/api/v1/backup", r#"{"to":"/nowhere/at/all"}"#),
        "rebuild" => rest("rebuild", "POST", "/api/v1/rebuild", ""),
        "login" => rest("login", "POST", "/api/v1/login", r#"{"secret":"wrong"}"#),
        "renewLoginSecret" => rest("renewLoginSecret", "POST", "/api/v1/login/renew", ""),
        "signIn" => Some(vec![Ask::page("signIn", "POST", "/sign-in".to_owned()).body("token=wrong")]),
        "signOut" => Some(vec![Ask::page("signOut", "POST", "/sign-out".to_owned())]),
        _ => None,
    }
}

impl Scene<'_> {
    // Values that others said something of, at a time at which all of it was said.
    fn observations(&mut self) -> Vec<Ask> {
        let begin: model::Timestamp = super::people::BEGIN.parse().unwrap_or(model::Timestamp(0));
        let mut events = String::new();
        for number in 0..6 {
            let values = [self.value(), self.value()].map(|value| format!("\"{value}\"")).join(",");
            let (time, host) = (begin.plus_seconds(600 + number), self.random.below(3));
            events.push_str(&format!(
                "{{\"time\":\"{time}\",\"host\":\"host-{host}\",\"observables\":[{values}]}}\n"
            ));
        }
        let ask = Ask::rest("observe", "POST", "/api/v1/events".to_owned());
        vec![ask.header("content-type", "application/x-ndjson").body(&events)]
    }

    // Something to say that meets what was said: its id in another version, its version in other bytes, its very bytes, its
    // terms, or a reference to it.
    fn meeting(&mut self) -> Option<Said> {
        let mut before = self.said().filter(|said| said.kind != Kind::Marking)?.clone();
        before.author = exceptions::met_author(before.author, &self.met);
        // What a marking asks for is found in the sight of a token, whatever its scope.
        if !self.in_sight && matches!(before.mark, Mark::Terms(_)) {
            before.mark = Mark::None;
        }
        self.numbers += 1;
        let number = FIRST + self.numbers;
        let fresh = Said { number, id: object_id(before.kind, number), broken: false, ..before.clone() };
        if self.own.contains(&before.id) || self.beyond.contains(&before.id) {
            return Some(fresh);
        }
        let identities: Vec<String> = self.met.iter().cloned().collect();
        let terms: Vec<String> = {
            let all = self.world.all_said();
            let terms = all.filter(|said| said.kind == Kind::Marking && self.in_sight);
            terms.map(|said| said.id.clone()).collect()
        };
        Some(match self.random.below(7) {
            0 => fresh,
            1 => before,
            2 => Said { number, broken: false, ..before },
            3 => Said { number, version: before.version + 1, broken: false, ..before },
            4 => Said { author: self.one(&identities).cloned(), ..fresh },
            5 => Said { mark: self.one(&terms).cloned().map_or(Mark::None, Mark::Terms), ..fresh },
            _ => Said {
                mark: Mark::Tlp(Tlp::Green),
                version: before.version + 2,
                number,
                broken: false,
                ..before
            },
        })
    }

    fn envelope(&mut self) -> String {
        let count = 1 + self.random.below(5);
        let said: Vec<String> = (0..count).filter_map(|_| self.meeting()).map(|said| said.json()).collect();
        format!("{{\"objects\":[{}]}}", said.join(","))
    }

    fn additions(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        for _ in 0..4 {
            let Some(collection) = self.collection() else { continue };
            let path = format!("/taxii2/default/collections/{}/objects/", collection.id);
            asks.push(Ask::taxii("taxiiAddObjects", "POST", path).body(&self.envelope()));
        }
        asks
    }

    fn imports(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        for query in ["tlp=green", "tlp=amber&dry_run", "dry_run", "tlp=clear"] {
            let through = match self.collection() {
                Some(collection) if self.random.below(3) == 0 => format!("&collection={}", collection.title),
                _ => String::new(),
            };
            let to = if self.random.below(3) == 0 {
                format!("&to={}", encoded(&self.to()))
            } else {
                String::new()
            };
            let path = format!("/api/v1/import?format=stix&{query}{through}{to}");
            asks.push(Ask::rest("importObjects", "POST", path).body(&self.envelope()));
        }
        let rows = format!("value,tlp\n{},green\n{},red\n", self.value(), self.value());
        asks.push(Ask::rest("importObjects", "POST", "/api/v1/import?format=csv".to_owned()).body(&rows));
        let member = self.names("/api/v1/members/").into_iter().next().unwrap_or_default();
        let path = format!("/api/v1/import?format=list&dry_run&member={}", encoded(&member));
        asks.push(Ask::rest("importObjects", "POST", path).body("198.51.100.7\n"));
        asks
    }

    // As text, as a list, and as objects that meet what was said. What becomes of them, imports say.
    fn shares(&mut self) -> Vec<Ask> {
        let path = |query: &str| format!("/api/v1/share?dry_run&{query}");
        let to = encoded(&self.to());
        let text = format!("seen {}, {} and more", self.value(), self.value());
        let list = format!("{}\n{}\n", self.value(), self.value());
        [
            (path("tlp=green&description=seen"), text),
            (path(&format!("tlp=amber&about=c2&to={to}")), list),
            (path("tlp=clear"), self.envelope()),
        ]
        .into_iter()
        .map(|(path, body)| Ask::rest("share", "POST", path).body(&body))
        .collect()
    }

    fn recalls(&mut self) -> Vec<Ask> {
        let ids = self.ids(3);
        let whole = ids.iter().filter(|id| !self.parted.contains(*id));
        let body = |id: &String| format!(r#"{{"objects":["{id}"],"reason":"a test"}}"#);
        // All of a member or of a source, of which there is none.
        let bodies = whole.map(body).chain([
            r#"{"member":"nobody of this name","since":"2031-01-01T00:00:00Z","reason":"a test"}"#.to_owned(),
            r#"{"source":"no feed of this name","since":"2099-01-01T00:00:00Z","reason":"a test"}"#
                .to_owned(),
        ]);
        bodies.map(|body| Ask::rest("recall", "POST", "/api/v1/recalls".to_owned()).body(&body)).collect()
    }

    // By value and by id, and both again for what was said.
    fn verdicts(&mut self) -> Vec<Ask> {
        let ids = self.ids(3);
        let mut of: Vec<String> = ids.into_iter().filter(|id| id.starts_with("indicator")).collect();
        of.extend([self.value(), self.value()]);
        let ask = |body: String| Ask::rest("addVerdict", "POST", "/api/v1/verdicts".to_owned()).body(&body);
        let mistaken = |of: &String| ask(format!(r#"{{"of":["{of}"],"reason":"a test"}}"#));
        let sighted = |of: &String| ask(format!(r#"{{"of":["{of}"],"verdict":"sighted","count":3}}"#));
        of.iter().flat_map(|of| [mistaken(of), sighted(of), mistaken(of)]).collect()
    }

    // Of what is seen and of what is not, and all again for what was said.
    fn reports(&mut self) -> Vec<Ask> {
        let mut ids: Vec<String> = self.ids(3).into_iter().filter(|id| id.starts_with("indicator")).collect();
        ids.push("indicator--00000000-0000-4000-8000-000000000000".to_owned());
        let one = |id: &String| {
            format!(
                r#"{{"indicator":"{id}","count":3,"last_seen":"2026-01-01T00:00:00Z","context":"a test"}}"#
            )
        };
        let each: Vec<String> = ids.iter().map(one).collect();
        let body = format!(r#"{{"sightings":[{}]}}"#, each.join(","));
        let ask = || Ask::rest("reportSightings", "POST", "/api/v1/sightings".to_owned()).body(&body);
        vec![ask(), ask()]
    }

    // The same on the page.
    fn mistakes(&mut self) -> Vec<Ask> {
        let ids: Vec<String> = self.ids(3).into_iter().filter(|id| id.starts_with("indicator")).collect();
        let form = |id: &String| format!("value={id}&of={id}&reason=a+test");
        let ask = |id: &String| Ask::page("sayMistaken", "POST", "/why".to_owned()).body(&form(id));
        ids.iter().flat_map(|id| [ask(id), ask(id)]).collect()
    }

    fn disclosures(&mut self) -> Vec<Ask> {
        let body =
            |id: &String| format!(r#"{{"objects":["{id}"],"authority":"A court","basis":"an order"}}"#);
        let ids = self.ids(3);
        ids.iter()
            .map(|id| Ask::rest("disclose", "POST", "/api/v1/disclosures".to_owned()).body(&body(id)))
            .collect()
    }

    fn deletions(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        for id in self.ids(3) {
            let Some(collection) = self.collection() else { continue };
            let path = format!("/taxii2/default/collections/{}/objects/{id}/", collection.id);
            asks.push(Ask::taxii("taxiiDeleteObject", "DELETE", path));
        }
        asks
    }

    fn withdrawals(&mut self) -> Vec<Ask> {
        let versions = ["", "?version=last", "?version=2026-01-02T00:00:00.000Z"];
        let ids = self.ids(4);
        let path = |(at, id): (usize, &String)| {
            format!("/api/v1/objects/{id}{}", versions.get(at % versions.len()).copied().unwrap_or_default())
        };
        let paths = ids.iter().enumerate().map(path);
        paths.map(|path| Ask::rest("withdrawObject", "DELETE", path)).collect()
    }

    fn on_objects(&mut self, operation: &'static str, verb: &str, body: &str, count: usize) -> Vec<Ask> {
        let ids = self.ids(count);
        let path = |id: &String| format!("/api/v1/objects/{id}{verb}");
        let whole = ids.iter().filter(|id| !self.parted.contains(*id));
        whole.map(|id| Ask::rest(operation, "POST", path(id)).body(body)).collect()
    }

    // Only looked for: whoever erases has erased it for all that follow.
    fn subjects(&mut self) -> Vec<Ask> {
        let (value, other) = (self.value(), self.id());
        let subjects = [value, other, "a subject that nobody named".to_owned()];
        let body = |subject: &String| format!(r#"{{"subject":"{subject}","dry_run":true}}"#);
        let asks = subjects.iter().map(body);
        asks.map(|body| Ask::rest("eraseSubject", "POST", "/api/v1/erasures".to_owned()).body(&body))
            .collect()
    }

    // Somebody's name. Whoever has the random id of somebody was told it.
    fn called(&mut self, of: &str) -> String {
        let name = self.names(of).into_iter().find(|name| name.parse::<uuid::Uuid>().is_err());
        name.unwrap_or_default()
    }

    // Somebody to whom a label could be, or nobody.
    fn to(&mut self) -> String {
        let kinds =
            [("circle", "/api/v1/circles/"), ("member", "/api/v1/members/"), ("person", "/api/v1/persons/")];
        let (kind, of) = self.one(&kinds).copied().unwrap_or(("member", "/api/v1/members/"));
        format!("{kind}:{}", self.called(of))
    }

    fn relabels(&mut self) -> Vec<Ask> {
        let bodies = [
            r#"{"tlp":"green"}"#.to_owned(),
            format!(r#"{{"tlp":"amber","to":["{}"]}}"#, self.to()),
            format!(r#"{{"to":["{}"],"embargo":"VU 8"}}"#, self.to()),
            r#"{"lift":true}"#.to_owned(),
        ];
        let ids = self.ids(4);
        let whole = ids.iter().zip(&bodies).filter(|(id, _)| !self.parted.contains(*id));
        let path = |id: &String| format!("/api/v1/objects/{id}/relabel");
        whole.map(|(id, body)| Ask::rest("relabelObject", "POST", path(id)).body(body)).collect()
    }

    fn queued(&mut self, operation: &'static str, behind: &str, body: &str) -> Vec<Ask> {
        let asks = self.submissions(operation, "/api/v1/queue/", behind);
        let post = |ask: Ask| Ask { method: "POST", body: body.to_owned(), ..ask };
        asks.into_iter().take(2).map(post).collect()
    }

    fn new_members(&mut self) -> Vec<Ask> {
        let mut asks = Vec::new();
        for name in self.names("/api/v1/members/").into_iter().take(2) {
            let identity =
                self.world.members.get(1).map(|member| member.identity.clone()).unwrap_or_default();
            for body in
                [format!(r#"{{"name":"{name}"}}"#), format!(r#"{{"name":"New","identity":"{identity}"}}"#)]
            {
                asks.push(Ask::rest("addMember", "POST", "/api/v1/members".to_owned()).body(&body));
            }
        }
        asks
    }

    fn new_persons(&mut self) -> Vec<Ask> {
        let (members, persons) = (self.names("/api/v1/members/"), self.names("/api/v1/persons/"));
        let bodies = members.iter().zip(&persons).take(3);
        bodies
            .map(|(member, name)| {
                let body = format!(r#"{{"member":"{member}","name":"{name}"}}"#);
                Ask::rest("addPerson", "POST", "/api/v1/persons".to_owned()).body(&body)
            })
            .collect()
    }

    fn new_tokens(&mut self) -> Vec<Ask> {
        let members = self.names("/api/v1/members/");
        let (persons, collections) = (self.names("/api/v1/persons/"), self.names("/api/v1/collections/"));
        let mut asks = Vec::new();
        for at in 0..4_usize {
            let of = |names: &[String]| names.get(at).cloned().unwrap_or_default();
            let (member, person, collection) = (of(&members), of(&persons), of(&collections));
            let roles = ["reader", "administrator", "analyst", "curator"];
            let role = roles.get(at).copied().unwrap_or("reader");
            let more = match at {
                0 => format!(r#","person":"{person}""#),
                1 => format!(r#","read":["{collection}"]"#),
                _ => String::new(),
            };
            let body = format!(r#"{{"member":"{member}","roles":["{role}"]{more}}}"#);
            asks.push(Ask::rest("addToken", "POST", "/api/v1/tokens".to_owned()).body(&body));
        }
        asks
    }

    fn new_collections(&mut self) -> Vec<Ask> {
        let names = self.names("/api/v1/collections/");
        let member = self.names("/api/v1/members/").into_iter().next().unwrap_or_default();
        let bodies = names.iter().take(2).map(|name| {
            format!(
                r#"{{"title":"{name}","filter":"source = \"{member}\"","alias":"{}"}}"#,
                name.replace(' ', "")
            )
        });
        bodies
            .map(|body| Ask::rest("addCollection", "POST", "/api/v1/collections".to_owned()).body(&body))
            .collect()
    }

    fn new_circles(&mut self) -> Vec<Ask> {
        let names = self.names("/api/v1/circles/");
        let bodies = names.iter().take(2).map(|name| format!(r#"{{"name":"{name}"}}"#));
        bodies.map(|body| Ask::rest("addCircle", "POST", "/api/v1/circles".to_owned()).body(&body)).collect()
    }

    fn in_circles(
        &mut self,
        operation: &'static str,
        method: &'static str,
        below: &str,
        body: &str,
    ) -> Vec<Ask> {
        let names = self.names("/api/v1/circles/");
        let paths = names.iter().take(2).map(|name| format!("/api/v1/circles/{}{below}", encoded(name)));
        paths.map(|path| Ask::rest(operation, method, path).body(body)).collect()
    }

    // Never his own token, or he would be told nothing any more.
    fn revoked(&mut self, operation: &'static str, before: &str, reader: &Reader<'_>) -> Vec<Ask> {
        let own = reader.token.and_then(|token| {
            let member = self.world.member(token.member)?;
            let person = self.world.persons.iter().find(|person| Some(person.id) == token.person);
            let person =
                person.map_or((String::new(), String::new()), |one| (one.name.clone(), one.id.to_string()));
            let of_member = (member.name.clone(), member.id.to_string());
            Some([token.name.clone(), token.id.to_string(), of_member.0, of_member.1, person.0, person.1])
        });
        let own = own.unwrap_or_default();
        let names: Vec<String> = self.names(before).into_iter().take(2).collect();
        let others = names.iter().filter(|name| {
            !own.iter().any(|own| !own.is_empty() && (own == *name || name.ends_with(own.as_str())))
        });
        others.map(|name| Ask::rest(operation, "DELETE", format!("{before}{}", encoded(name)))).collect()
    }
}
