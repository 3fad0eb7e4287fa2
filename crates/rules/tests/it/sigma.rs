use rules::sigma::read;

use crate::told;

const HEAD: &str =
    "title: A rule\nid: 6F7E1c10-2dc9-4312-adb6-9574ff09a5c8\nlogsource:\n    product: windows\n";

#[test]
fn a_rule_is_written_with_another_id_and_nothing_else_changed() {
    let rule = format!(
        "---\r\n{HEAD}detection:\n    selection:\n        Image|endswith: '\\ü.exe'\n    condition: selection\nname: mine"
    );
    let rules = read(&rule).unwrap();
    assert_eq!(rules.rules.len(), 1);
    assert_eq!(rules.rules[0].id.as_deref(), Some("6f7e1c10-2dc9-4312-adb6-9574ff09a5c8"));
    assert_eq!((rules.rules[0].name.as_deref(), rules.rules[0].line), (Some("mine"), 2));
    let written = rules.written(|_| Some("00000000-0000-4000-8000-000000000001".to_owned()));
    assert!(
        written.starts_with("title: A rule\nid: 00000000-0000-4000-8000-000000000001\nlogsource:"),
        "{written}"
    );
    assert!(written.ends_with("name: mine\n"));
    // Two documents of one text stay two.
    let two = read(&format!("{rule}\n---\n{}", rule.replace("name: mine", "name: other"))).unwrap();
    assert_eq!(two.rules.len(), 2);
    assert_eq!(read(&two.written(|_| None)).unwrap().rules.len(), 2);
}

#[test]
fn what_does_not_pass_is_told_with_its_place() {
    let detection = |text: &str| format!("{HEAD}detection:\n{text}");
    let one = |field: &str| detection(&format!("    a:\n        {field}\n    condition: a\n"));
    let condition = |text: &str| {
        detection(&format!(
            "    a: {{ x: 1 }}\n    b_1: {{ x: 2 }}\n    b_2: [word, null]\n    condition: {text}\n"
        ))
    };
    let bomb: String = (1..12)
        .map(|n| format!("    a{n}: &a{n} [{}]\n", vec![format!("*a{}", n - 1); 9].join(", ")))
        .collect();
    let cases = [
        (one("Image: x"), ""),
        (one("Image|re: '^a(?!b)'"), ""),
        (one("Image: null"), ""),
        (one("Image|re: '(a'"), "line 7, column 19: the expression cannot be read"),
        (one("Image|frob: x"), "line 7, column 9: `frob` is no modifier"),
        (one("Ip|cidr: 10.0.0.0/99"), "`10.0.0.0/99` is no network"),
        (one("Size|gt: many"), "`many` is no number"),
        (one("Image: [[a]]"), "the value of a field"),
        (one("Image: !!python/object:os.system x"), "a tag of YAML"),
        (one("Image: 2026-02-31"), "a date that is none"),
        (one("Image: 2026-01-01"), ""),
        (one("Image: ="), "`=` stands between quotes"),
        (one(&format!("Image: {}", "9".repeat(5_000))), "a number of more than 1000 digits"),
        (one("Image: x\n        Image: y"), "line 8, column 9: `Image` stands there twice"),
        (one("<<: { x: 1 }"), "keys are not merged"),
        (one("? [a]\n        : x"), "a key is a text"),
        (condition("a and not (b_1 or b_2)"), ""),
        (condition("1 of b_* and all of them"), ""),
        (condition("c"), "`c` is nothing that `detection` looks for"),
        (condition("1 of c*"), "`c*` is nothing"),
        (condition("a and"), "the condition ends too soon"),
        (condition("(a"), "a parenthesis is not closed"),
        (condition("a b_1"), "`b_1` is not expected"),
        (condition("a | count() > 5"), "conditions that count"),
        (
            condition(&format!("{}a{}", "(".repeat(3_000), ")".repeat(3_000))),
            "parentheses go at most 30 deep",
        ),
        (format!("{}a0: &a0 [x]\n{bomb}", detection("    ")), "of more than 20000 values"),
        (
            detection(&format!("    a: {}{}", "[".repeat(5_000), "]".repeat(5_000))),
            "no YAML: recursion limit exceeded",
        ),
        (detection(&format!("    a: {}", "{a: ".repeat(5_000))), "values go at most 32 deep"),
        (detection("    a: *b\n"), "line 6, column"),
        (format!("%YAML 1.1\n---\n{HEAD}"), "line 1, column 1: a directive"),
        ("title: A\u{7}".to_owned(), "line 1, column 9: a character that is not seen"),
        ("action: global\ntitle: A".to_owned(), "`action` is about other rules"),
        (format!("{HEAD}filter:\n    rules: any\n"), "`filter` is about other rules"),
        (format!("{HEAD}correlation:\n    rules: any\n"), "`correlation` is about other rules"),
        ("- a\n".to_owned(), "a rule is a mapping"),
        ("a: [".to_owned(), "no YAML"),
        (HEAD.to_owned(), "a rule has a `detection`"),
        (HEAD.replace("6F7E1c10", "x"), "is no UUID"),
        (String::new(), "there is no rule"),
        ("# nothing\n".to_owned(), "there is no rule"),
        ("x".repeat(10 << 20), "at most 262144 bytes"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    told(read, &cases);
}
