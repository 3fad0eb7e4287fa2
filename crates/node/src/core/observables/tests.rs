//! What objects mention.

use strictjson::{Limits, parse};

use super::{MENTIONS_MAX, Mentions, observables};

fn of(json: &str) -> Mentions {
    observables(&parse(json.as_bytes(), &Limits::default()).unwrap())
}

/// `kind text pointer` of each mention, and `unfit pointer` of each value without normal form.
fn told(json: &str) -> Vec<String> {
    let mentions = of(json);
    assert!(!mentions.cut);
    let found = mentions
        .observables
        .iter()
        .map(|it| format!("{} {} {}", it.observable.kind(), it.observable.text(), it.pointer));
    let unfit = mentions.unfit.iter().map(|it| format!("unfit {}", it.pointer));
    found.chain(unfit).collect()
}

fn of_pattern(pattern: &str) -> Vec<String> {
    let escaped = pattern.replace('\\', "\\\\").replace('"', "\\\"");
    let json =
        format!(r#"{{"type":"indicator","spec_version":"2.1","pattern_type":"stix","pattern":"{escaped}"}}"#);
    told(&json).into_iter().map(|line| line.replace(" /pattern", "")).collect()
}

#[test]
fn cyber_observables_mention_their_values() {
    let cases: [(&str, &[&str]); 33] = [
        (r#"{"type":"ipv4-addr","value":"198.51.100.3/24"}"#, &["cidr4 198.51.100.0/24 /value"]),
        (r#"{"type":"ipv4-addr","value":"x"}"#, &["unfit /value"]),
        (r#"{"type":"ipv4-addr","value":5}"#, &["unfit /value"]),
        (r#"{"type":"ipv4-addr","value":["198.51.100.3"]}"#, &[]),
        (r#"{"type":"ipv6-addr","value":"2001:DB8::1"}"#, &["ipv6 2001:db8::1 /value"]),
        (r#"{"type":"domain-name","value":"Example.com."}"#, &["domain example.com /value"]),
        (r#"{"type":"url","value":"hxxp://example[.]com"}"#, &["url http://example.com/ /value"]),
        (r#"{"type":"email-addr","value":"a@example.com"}"#, &["email a@example.com /value"]),
        (r#"{"type":"mac-addr","value":"d2:fb:49:24:37:18"}"#, &["mac d2:fb:49:24:37:18 /value"]),
        (r#"{"type":"mutex","name":"__X__"}"#, &["mutex __X__ /name"]),
        (r#"{"type":"autonomous-system","number":64496}"#, &["asn AS64496 /number"]),
        (
            r#"{"type":"windows-registry-key","key":"HKLM\\Software"}"#,
            &["registry-key hkey_local_machine\\software /key"],
        ),
        (
            r#"{"type":"file","name":"A.exe","hashes":{"MD5":"D41D8CD98F00B204E9800998ECF8427E","SHA-1":"x","x_own":"1"}}"#,
            &[
                "file-name a.exe /name",
                "md5 d41d8cd98f00b204e9800998ecf8427e /hashes/MD5",
                "unfit /hashes/SHA-1",
            ],
        ),
        (
            r#"{"type":"file","hashes":{"sha1":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}"#,
            &["sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 /hashes/sha1"],
        ),
        (
            r#"{"type":"artifact","url":"http://example.com/a","hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"}}"#,
            &["url http://example.com/a /url", "md5 d41d8cd98f00b204e9800998ecf8427e /hashes/MD5"],
        ),
        (
            r#"{"type":"x509-certificate","hashes":{"MD5":"d41d8cd98f00b204e9800998ecf8427e"}}"#,
            &["md5 d41d8cd98f00b204e9800998ecf8427e /hashes/MD5"],
        ),
        (
            r#"{"type":"network-traffic","extensions":{"http-request-ext":{"request_header":{"user-agent":["a","b"]}}}}"#,
            &[
                "user-agent a /extensions/http-request-ext/request_header/user-agent/0",
                "user-agent b /extensions/http-request-ext/request_header/user-agent/1",
            ],
        ),
        (
            r#"{"type":"network-traffic","extensions":{"http-request-ext":{"request_header":{"User-Agent":"a"}}}}"#,
            &["user-agent a /extensions/http-request-ext/request_header/User-Agent"],
        ),
        (
            r#"{"type":"observed-data","objects":{"0":{"type":"url","value":"http://a.example"},"~/":{"type":"mutex","name":"m"}}}"#,
            &["url http://a.example/ /objects/0/value", "mutex m /objects/~0~1/name"],
        ),
        (
            r#"{"type":"x509-certificate","hashes":{"SHA-1":"da39a3ee5e6b4b0d3255bfef95601890afd80709"}}"#,
            &[
                "sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 /hashes/SHA-1",
                "cert-sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709 /hashes/SHA-1",
            ],
        ),
        (
            r#"{"type":"file","extensions":{"windows-pebinary-ext":{"pe_type":"exe","imphash":"D41D8CD98F00B204E9800998ECF8427E"}}}"#,
            &["imphash d41d8cd98f00b204e9800998ecf8427e /extensions/windows-pebinary-ext/imphash"],
        ),
        (
            r#"{"type":"network-traffic","x_ja3_hash":"d41d8cd98f00b204e9800998ecf8427e","extensions":{"tls-ext":{"client":{"ja4":"t13d1516h2_8daaf6152771_b186095e22b6"}}}}"#,
            &[
                "ja3 d41d8cd98f00b204e9800998ecf8427e /x_ja3_hash",
                "ja4 t13d1516h2_8daaf6152771_b186095e22b6 /extensions/tls-ext/client/ja4",
            ],
        ),
        (r#"{"type":"network-traffic","x_md5":"d41d8cd98f00b204e9800998ecf8427e"}"#, &[]),
        (r#"{"type":"directory","path":"C:\\Temp\\X"}"#, &["file-path c:\\temp\\x /path"]),
        (r#"{"type":"process","command_line":"a.exe  -X"}"#, &["command-line a.exe -X /command_line"]),
        (
            r#"{"type":"software","name":"X","cpe":"cpe:2.3:a:v:p:1:*:*:*:*:*:*:*"}"#,
            &["cpe cpe:2.3:a:v:p:1:*:*:*:*:*:*:* /cpe"],
        ),
        (
            r#"{"type":"cryptocurrency-wallet","value":"TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t"}"#,
            &["trx TR7NHqjeKQxGTCi8q8ZY4pL8otSzgjLj6t /value"],
        ),
        (r#"{"type":"phone-number","value":"+49 30 123456"}"#, &["phone +4930123456 /value"]),
        (r#"{"type":"payment-card","card_number":"4111111111111111"}"#, &[]),
        (r#"{"type":"user-account","user_id":"bob","credential":"hunter2"}"#, &[]),
        (r#"{"type":"x-own","value":"198.51.100.3"}"#, &[]),
        (r#"{"value":"198.51.100.3"}"#, &[]),
        (r#"[1]"#, &[]),
    ];
    for (json, expected) in cases {
        assert_eq!(told(json), expected, "{json}");
    }
}

#[test]
fn vulnerabilities_and_references_mention_their_identifiers() {
    let named = r#"{"type":"vulnerability","name":"cve-2021-44228","external_references":[
        {"source_name":"cve","external_id":"CVE-2021-44228"},{"source_name":"cve","external_id":"CVE-2021-45046"}]}"#;
    assert_eq!(
        told(named),
        ["cve CVE-2021-44228 /name", "cve CVE-2021-45046 /external_references/1/external_id"]
    );
    let free = r#"{"type":"vulnerability","name":"Log4Shell","external_references":[{"source_name":"x"},5]}"#;
    assert!(told(free).is_empty());
    let other = r#"{"type":"malware","name":"CVE-2021-44228","external_references":[{"source_name":"mitre-attack",
        "external_id":"S0001"},{"source_name":"NVD","external_id":"CVE-2020-0601"}]}"#;
    assert_eq!(told(other), ["cve CVE-2020-0601 /external_references/1/external_id"]);
}

#[test]
fn patterns_mention_what_is_said_to_be_equal() {
    let cases: [(&str, &[&str]); 39] = [
        ("[ipv4-addr:value = '198.51.100.1/32']", &["ipv4 198.51.100.1"]),
        (
            "[ipv4-addr:value IN ('198.51.100.1', '198.51.100.2')]",
            &["ipv4 198.51.100.1", "ipv4 198.51.100.2"],
        ),
        ("[ipv4-addr:value ISSUBSET '198.51.100.0/24']", &["cidr4 198.51.100.0/24"]),
        ("[ipv4-addr:value ISSUPERSET '198.51.100.0/24']", &[]),
        ("[ipv4-addr:value != '198.51.100.1']", &[]),
        ("[ipv4-addr:value NOT = '198.51.100.1']", &[]),
        ("[ipv4-addr:value NOT != '198.51.100.1']", &["ipv4 198.51.100.1"]),
        ("[ipv4-addr:value NOT IN ('198.51.100.1')]", &[]),
        ("[ipv4-addr:value = 'x']", &["unfit"]),
        ("[url:value LIKE 'http://a%' OR url:value MATCHES 'b']", &[]),
        (
            "[domain-name:value = 'a.example'] FOLLOWEDBY [url:value = 'http://b.example/']",
            &["domain a.example", "url http://b.example/"],
        ),
        (
            "[file:hashes.'SHA-1' = 'da39a3ee5e6b4b0d3255bfef95601890afd80709' AND file:name = 'X.exe' AND file:size = 5]",
            &["sha1 da39a3ee5e6b4b0d3255bfef95601890afd80709", "file-name x.exe"],
        ),
        (
            "[file:hashes.MD5 = h'd41d8cd98f00b204e9800998ecf8427e']",
            &["md5 d41d8cd98f00b204e9800998ecf8427e"],
        ),
        ("[network-traffic:dst_ref.value = '198.51.100.1']", &["ipv4 198.51.100.1"]),
        ("[network-traffic:src_ref.value = 'a.example']", &["domain a.example"]),
        ("[network-traffic:dst_ref.type = 'ipv4-addr']", &[]),
        ("[domain-name:resolves_to_refs[*].value = '2001:db8::1']", &["ipv6 2001:db8::1"]),
        ("[email-message:from_ref.value = 'a@example.com']", &["email a@example.com"]),
        ("[email-message:body_multipart[*].body_raw_ref.name = 'a.doc']", &["file-name a.doc"]),
        (
            "[process:image_ref.hashes.MD5 = 'd41d8cd98f00b204e9800998ecf8427e']",
            &["md5 d41d8cd98f00b204e9800998ecf8427e"],
        ),
        ("[autonomous-system:number = 64496]", &["asn AS64496"]),
        (
            "[network-traffic:extensions.'http-request-ext'.request_header.'User-Agent' = 'x']",
            &["user-agent x"],
        ),
        (
            "[network-traffic:dst_ref.value = '198.51.100.1' AND network-traffic:dst_port = 443]",
            &["ipv4 198.51.100.1", "ip-port 198.51.100.1:443"],
        ),
        (
            "[network-traffic:dst_port = 443 AND network-traffic:dst_ref.type = 'ipv6-addr' AND network-traffic:dst_ref.value = '2001:db8::1']",
            &["ipv6 2001:db8::1", "ip-port [2001:db8::1]:443"],
        ),
        (
            "[network-traffic:dst_ref.value = '198.51.100.1' OR network-traffic:dst_port = 443]",
            &["ipv4 198.51.100.1"],
        ),
        (
            "[network-traffic:src_ref.value = '198.51.100.1' AND network-traffic:dst_port = 443]",
            &["ipv4 198.51.100.1"],
        ),
        (
            "[network-traffic:dst_ref.value = 'a.example' AND network-traffic:dst_port = 443]",
            &["domain a.example"],
        ),
        (
            "[file:name = 'X.exe' AND file:parent_directory_ref.path = 'C:\\\\Temp']",
            &["file-name x.exe", "file-path c:\\temp", "file-path c:\\temp\\x.exe"],
        ),
        (
            "[file:parent_directory_ref.path = '/tmp' AND file:name = 'X.sh'] AND [process:command_line = 'sh  X']",
            &["file-path /tmp", "file-name x.sh", "command-line sh X", "file-path /tmp/X.sh"],
        ),
        (
            "[file:extensions.'windows-pebinary-ext'.imphash = 'd41d8cd98f00b204e9800998ecf8427e']",
            &["imphash d41d8cd98f00b204e9800998ecf8427e"],
        ),
        (
            "[x509-certificate:hashes.'SHA-256' = 'e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855']",
            &[
                "sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
                "cert-sha256 e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            ],
        ),
        (
            "[network-traffic:extensions.'tls-ext'.ja3 = 'd41d8cd98f00b204e9800998ecf8427e']",
            &["ja3 d41d8cd98f00b204e9800998ecf8427e"],
        ),
        (
            "[network-traffic:x_ja4 = 't13d1516h2_8daaf6152771_b186095e22b6']",
            &["ja4 t13d1516h2_8daaf6152771_b186095e22b6"],
        ),
        ("[software:cpe = 'cpe:/a:v:p:1']", &["cpe cpe:2.3:a:v:p:1:*:*:*:*:*:*:*"]),
        (
            "[cryptocurrency-wallet:value = '1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa']",
            &["btc 1A1zP1eP5QGefi2DMPTfTL5SLmv7DivfNa"],
        ),
        ("[bank-account:iban = 'DE89 3704 0044 0532 0130 00']", &["iban DE89370400440532013000"]),
        ("[user-account:credential = 'hunter2']", &[]),
        // Against the rule for AND, so it matches nothing; an analyst still wants to find it.
        (
            "[file:name = 'a.exe' AND ipv4-addr:value = '198.51.100.1']",
            &["file-name a.exe", "ipv4 198.51.100.1"],
        ),
        ("[ipv4-addr:value = ", &[]),
    ];
    for (pattern, expected) in cases {
        assert_eq!(of_pattern(pattern), expected, "{pattern}");
    }
}

#[test]
fn only_stix_patterns_are_read_and_in_either_dialect() {
    let sigma =
        r#"{"type":"indicator","pattern_type":"sigma","pattern":"[ipv4-addr:value = '198.51.100.1']"}"#;
    assert!(told(sigma).is_empty());
    let of_20 = r#"{"type":"indicator","pattern":"[ipv4-addr:value = '198.51.100.1'] START '2016-06-01T00:00:00Z' STOP '2017-06-01T00:00:00Z'"}"#;
    assert_eq!(told(of_20), ["ipv4 198.51.100.1 /pattern"]);
    let of_21 =
        r#"{"type":"indicator","pattern":"[EXISTS ipv4-addr:value AND ipv4-addr:value = '198.51.100.1']"}"#;
    assert_eq!(told(of_21), ["ipv4 198.51.100.1 /pattern"]);
}

#[test]
fn what_is_too_much_is_cut_and_told() {
    let objects: Vec<String> =
        (0..=MENTIONS_MAX).map(|nth| format!(r#""{nth}":{{"type":"mutex","name":"m{nth}"}}"#)).collect();
    let whole = |objects: &[String]| {
        of(&format!(r#"{{"type":"observed-data","objects":{{{}}}}}"#, objects.join(",")))
    };
    let cut = whole(&objects);
    assert_eq!((cut.observables.len(), cut.cut), (MENTIONS_MAX, true));
    let exact = whole(&objects[1..]);
    assert_eq!((exact.observables.len(), exact.cut), (MENTIONS_MAX, false));
    // The same value again is no more.
    let mut again = objects[1..].to_vec();
    again.push(r#""again":{"type":"mutex","name":"m1"}"#.to_owned());
    assert!(!whole(&again).cut);
}
