use rules::suricata::{Action, read};

use crate::told;

const RULE: &str = r#"alert http $HOME_NET any -> [$EXTERNAL_NET,!192.0.2.0/24] [80,8000:8080] (msg:"A \"thing\"\; seen"; flow:established,to_server; http.uri; content:"/a|3b 22|b"; nocase; pcre:"/^\/a[^\x3b]+\;$/U"; classtype:trojan-activity; sid:2027; rev:3; metadata:created_at 2026_01_01;)"#;

#[test]
fn a_rule_is_written_with_our_number_and_nothing_else_changed() {
    let rules =
        read(&format!("# a comment\n\n{RULE}\r\nreject tcp any any <> any any (msg:\"x\"; \\\n sid:1;)\n"))
            .unwrap();
    let [first, second] = rules.as_slice() else { panic!("{rules:?}") };
    assert_eq!(
        (first.sid, first.action, first.line, first.msg.as_str()),
        (2027, Action::Alert, 3, r#"A \"thing\"\; seen"#)
    );
    assert_eq!((second.sid, second.action, second.line), (1, Action::Drop, 4));
    insta::assert_snapshot!(first.written(Action::Alert, 100_000_001, 9, "accord_author_sid 2027"), @r#"alert http $HOME_NET any -> [$EXTERNAL_NET,!192.0.2.0/24] [80,8000:8080] (msg:"A \"thing\"\; seen"; flow:established,to_server; http.uri; content:"/a|3b 22|b"; nocase; pcre:"/^\/a[^\x3b]+\;$/U"; classtype:trojan-activity; metadata:created_at 2026_01_01; metadata:accord_author_sid 2027; sid:100000001; rev:9;)"#);
    // What is written is read as the same.
    let again = read(&first.written(Action::Drop, 5, 6, "a b")).unwrap();
    assert_eq!((again[0].sid, again[0].action), (5, Action::Drop));
}

#[test]
fn what_does_not_pass_is_told_with_its_place() {
    let with = |options: &str| format!("alert tcp any any -> any any ({options})");
    let cases = [
        (RULE.to_owned(), ""),
        (String::new(), "line 1, column 1: there is no rule"),
        (with(r#"msg:"x"; sid:1;"#), ""),
        (with(r#"msg:"x"; sid:1"#), "column 40: the option has no `;` behind it"),
        (with(r#"msg:"x"; sid:1; sid:2;"#), "`sid` stands there twice"),
        (with(r#"sid:1;"#), "a rule has a message"),
        (with(r#"msg:"x";"#), "a rule has a number"),
        (with(r#"msg:"x"; sid:0;"#), "`sid` is a number from 1"),
        (with(r#"msg:"x"; sid:4294967296;"#), "`sid` is a number from 1"),
        (with(r#"msg:"a; b"; sid:1;"#), "the value stands between quotes"),
        (with(r#"msg:"a"b"; sid:1;"#), "the value stands between quotes"),
        (with(r#"msg:"x"; content:"|zz|"; sid:1;"#), "`z` is no digit of a byte"),
        (with(r#"msg:"x"; content:"|ab"; sid:1;"#), "a bar is not closed"),
        (with(r#"msg:"x"; content:"|abc|"; sid:1;"#), "no pairs of digits"),
        (with(r#"msg:"x"; pcre:"abc"; sid:1;"#), "`/EXPRESSION/FLAGS`"),
        (with(r#"msg:"x"; pcre:"/a/Uk"; sid:1;"#), "`k` is no flag of an expression"),
        (with(r#"msg:"x"; pcre:"/(a/U"; sid:1;"#), "a group of the expression is not closed"),
        (with(r#"msg:"x"; pcre:"/a)/U"; sid:1;"#), "`)` without `(`"),
        (with(r#"msg:"x"; pcre:"/a|*b/"; sid:1;"#), "nothing stands before what is to be repeated"),
        (with(r#"msg:"x"; pcre:"/[a-z/R"; sid:1;"#), "a class of the expression is not closed"),
        (with(r#"msg:"x"; pcre:"/a\/"; sid:1;"#), "the expression ends with a backslash"),
        (with(r#"msg:"x"; pcre:"/a(?#b/"; sid:1;"#), "a comment of the expression is not closed"),
        (with(r#"msg:"x"; pcre:"/Evil/W"; sid:1;"#), "has no upper case"),
        (with(&format!("msg:\"x\"; pcre:\"/{}a{}/\"; sid:1;", "(".repeat(300), ")".repeat(300))), "250 deep"),
        (
            with(
                r#"msg:"x"; pcre:"/^(?i:[]\]a[:alpha:][[:^digit:]]{2,})++(?<n>\Q(*[\E|\/|)(?(1)b|c)(?>d)(?=e)(?#()*?$/Wi"; sid:1;"#,
            ),
            "",
        ),
        (with(r#"msg:"x"; pcre:"/a # ( not closed, and no matter/x"; sid:1;"#), ""),
        // To Suricata this is one option, whatever its backslashes are to each other.
        (with(r#"msg:"x"; reference:url,a\\; lua:evil.lua; sid:1;"#), ""),
        (with(r#"msg:"x"; sid:1; reference:url,a\\;"#), "has no `;` behind it"),
        (with(r#"msg:"x"; lua:evil.lua; sid:1;"#), "column 40: `lua` runs a script at the receiver"),
        (
            with(r#"msg:"x"; dns.query; dataset:set,x,type string,save /etc/passwd; sid:1;"#),
            "names files and sets",
        ),
        (with(r#"msg:"x"; datarep:x, >, 1, load /etc/passwd, type string; sid:1;"#), "names files and sets"),
        (with(r#"msg:"x"; filestore; sid:1;"#), "writes files"),
        (with(r#"msg:"x"; filemd5:/etc/passwd; sid:1;"#), "reads a file"),
        (with(r#"msg:"x"; file:/etc/passwd; sid:1;"#), "names a file"),
        (with(r#"msg:"x"; frobnicate:1; sid:1;"#), "`frobnicate` is no option that is known to do no harm"),
        (with(r#"msg:"x"; flowbits:noalert; sid:1;"#), "`flowbits` with `noalert` is held"),
        (with(r#"msg:"x"; bypass; sid:1;"#), "not look at the flow"),
        ("pass tcp any any -> any any (msg:\"x\"; sid:1;)".to_owned(), "`pass` has other rules not look"),
        ("log tcp any any -> any any (msg:\"x\"; sid:1;)".to_owned(), "`log` is no action"),
        ("alert tcp any -> any any (msg:\"x\"; sid:1;)".to_owned(), "a rule begins with action, protocol"),
        ("alert frob any any -> any any (msg:\"x\"; sid:1;)".to_owned(), "column 7: `frob` is no protocol"),
        ("alert tcp $MINE any -> any any (msg:\"x\"; sid:1;)".to_owned(), "column 11: `$MINE` is no address"),
        ("alert tcp [any any -> any any (msg:\"x\"; sid:1;)".to_owned(), "`[` is not closed"),
        ("alert tcp any 99999 -> any any (msg:\"x\"; sid:1;)".to_owned(), "`99999` is no address, port"),
        ("alert tcp any any => any any (msg:\"x\"; sid:1;)".to_owned(), "`=>` is no direction"),
        (
            format!("alert tcp {}any{} any -> any any (msg:\"x\"; sid:1;)", "[".repeat(50), "]".repeat(50)),
            "lists go at most 8 deep",
        ),
        (
            format!("# one\n{}", with("msg:\"x\u{1b}[0m\"; sid:1;")),
            "line 2, column 37: a character that is not seen",
        ),
        (with(&format!("msg:\"{}\"; sid:1;", "x".repeat(8_000))), "a rule has at most 7000 bytes"),
        ("x".repeat(10 << 20), "rules have at most 1048576 bytes"),
        ("alert tcp any any -> any any \\".to_owned(), "the last line goes on"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    told(read, &cases);
}
