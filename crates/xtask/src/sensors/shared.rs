//! Rules as members share them, made up: plain ones, and ones that try to break out of their file.

use model::matching::Mode;
use model::observable::{Kind, of_rules};
use model::protect::Action;

use super::{AS_OF, Made};

/// How often each is there, told apart by a number.
const TIMES: usize = 200;

/// Rules in which `{n}` is a number.
const TEXTS: [(Kind, &str); 22] = [
    (
        Kind::SuricataRule,
        "alert dns $HOME_NET any -> any any (msg:\"A {n}\"; dns.query; content:\"a{n}.example\"; nocase; endswith; classtype:trojan-activity; sid:{n}; rev:2;)",
    ),
    (
        Kind::SuricataRule,
        "reject tcp any [1:1024,!80] <> [192.0.2.0/24,!192.0.2.7] any (msg:\"\\\"\\; {n}\"; content:\"|00 3b 22|\"; pcre:\"/a\\;b/i\"; metadata:a b, c d; sid:7{n};)\n# more\nalert http any any -> any any (msg:\"B {n}\"; http.uri; content:\"/b{n}\"; sid:8{n};)",
    ),
    (
        Kind::SuricataRule,
        "alert tcp any any -> any any (msg:\"x{n}\"; sid:1;) alert ip any any -> any any (msg:\"y\"; sid:2;)",
    ),
    (Kind::SuricataRule, "alert tcp any any -> any any (msg:\"x{n}\"; sid:1; \\\n rev:2;)"),
    (Kind::SuricataRule, "drop tcp any any -> any any (msg:\"{n}\"; lua:x; sid:1;)"),
    (
        Kind::SigmaRule,
        "title: A {n}\nid: 6f7e1c10-2dc9-4312-adb6-9574ff09a5c8\nlogsource: {product: windows}\ndetection:\n    a:\n        Image|endswith: ['\\a.exe', b]\n    b_1: [word{n}]\n    condition: a and not 1 of b_*\nlevel: high\n",
    ),
    (
        Kind::SigmaRule,
        "---\ntitle: 'B: {n}'\nlogsource: {category: dns}\ndetection: {a: {q|re: '^a{1,3}$', n|gt: 3, c|cidr: 192.0.2.0/24}, condition: a}\ndescription: |\n    --- no document\n    # complete: 9 entries\n---\ntitle: C {n}\nlogsource: {service: x}\ndetection: {a: {q: null}, condition: a}\n...",
    ),
    (
        Kind::SigmaRule,
        "title: D {n}\nname: the same\nlogsource: {service: x}\ndetection: {a: &a {q: 1}, b: *a, condition: all of them}\ndate: 2026-02-03",
    ),
    (
        Kind::SigmaRule,
        "title: E {n}\nlogsource: {service: x}\ndetection: {a: {q: !!python/object/apply:os.system [id]}, condition: a}",
    ),
    (Kind::SigmaRule, "title: F {n}\nlogsource: {service: x}\ndetection: {a: {q: 2026-02-31}, condition: a}"),
    (
        Kind::SigmaRule,
        "title: G {n}\nlogsource: {service: x}\ndetection: {a: {'': x, q|contains|all: [a, b], '|all': c}, condition: a}\ndescription: >-\n\n  folded\n\n   more\n  ",
    ),
    (
        Kind::SigmaRule,
        "title: \"H\\t{n}\"\nlogsource: {service: x}\ndetection: {a: {q: \"\\x41\\u00e9\"}, condition: [a, not a]}\n# comment",
    ),
    (
        Kind::YaraRule,
        "rule a { meta: n = \"{n}\" strings: $a = \"x{n}\" wide ascii $b = { 01 [2-4] ?2 (03 | 04 05) } $c = /a[b-d]{2,3}\\/\\w+/i condition: any of them }",
    ),
    (
        Kind::YaraRule,
        "import \"pe\"\nimport \"math\"\nprivate rule a_{n} { condition: pe.is_pe }\nrule b : t { condition: a_{n} and math.entropy(0, filesize) > 7.0 and for any i in (1..3) : (uint8(i) == {n}) }",
    ),
    (Kind::YaraRule, "rule a { condition: true } // comment {n}"),
    (Kind::YaraRule, "rule a { condition: true } /* comment {n} */"),
    (Kind::YaraRule, "rule a { condition: true } /* open {n}"),
    (
        Kind::YaraRule,
        "rule a { strings: $a = \"} rule b { condition: true } // {n}\" $b = \"/*\" condition: all of ($a, $b) }",
    ),
    (Kind::YaraRule, "include \"/etc/passwd\" rule a { condition: {n} == 1 }"),
    (Kind::YaraRule, "global rule a { condition: {n} == 1 }"),
    (
        Kind::YaraRule,
        "rule a { strings: $a = \"x\" xor(1-255) $b = \"abc\" base64 condition: #a > {n} or @b[1] < 4 or !a[1] == 1 or 1 of ($*) in (0..100) }",
    ),
    (
        Kind::YaraRule,
        "rule a { condition: (uint16be(0) & 0xff) << 2 == {n} and not defined uint32(filesize + 1) }",
    ),
];

/// All of them.
pub(super) fn made() -> Vec<Made> {
    let numbered = |n: usize| {
        TEXTS.iter().enumerate().map(move |(place, (kind, text))| {
            let text = text.replace("{n}", &(n + 1).to_string());
            Made {
                value: of_rules(*kind, &text),
                rules: text,
                mode: Mode::Exact,
                action: if n.is_multiple_of(2) { Action::Block } else { Action::Alert },
                until: Some(AS_OF.plus_seconds(86_400)),
                confidence: None,
                source: "A member",
                note: "",
                object: format!("indicator--00000000-0000-4000-8000-{:012x}", n * 100 + place),
            }
        })
    };
    (0..TIMES).flat_map(numbered).collect()
}
