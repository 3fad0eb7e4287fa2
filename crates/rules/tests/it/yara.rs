use rules::yara::read;

use crate::told;

#[test]
fn rules_are_written_with_names_of_their_own() {
    let text = "import \"pe\"\r\nprivate rule a { condition: pe.is_pe }\nrule b : t { meta: m = \"a\" strings: $a = \"a\" condition: a and $a and for any s in (1..2) : (s == 1) }";
    let rules = read(text).unwrap();
    assert_eq!(rules.rules, [("a".to_owned(), 2), ("b".to_owned(), 3)]);
    assert_eq!(rules.modules, ["pe"]);
    let written = rules.written("x_");
    assert_eq!(
        written,
        "private rule x_a { condition: pe.is_pe }\nrule x_b : t { meta: m = \"a\" strings: $a = \"a\" condition: x_a and $a and for any s in (1..2) : (s == 1) }\n"
    );
    assert!(read(&format!("import \"pe\"\n{written}")).is_ok());
}

#[test]
fn names_of_modules_are_those_that_every_yara_knows() {
    let of = |modules: &str, condition: &str| {
        let imports: String = modules.split(' ').map(|module| format!("import \"{module}\"\n")).collect();
        format!("{imports}rule a {{ condition: true }}\nrule r {{ condition: {condition} }}")
    };
    let cases = [
        (of("pe", "pe.sections[pe.number_of_sections - 1].name == \".text\" and pe.imphash() == \"a\""), ""),
        (of("pe", "pe.characteristics & pe.DLL and pe.version_info[\"CompanyName\"] contains \"a\""), ""),
        (of("pe", "for any s in pe.sections : (s.virtual_size > 5 and s.name == \"x\")"), ""),
        (of("pe", "for any k, v in pe.version_info : (k == \"a\" and v == \"b\")"), ""),
        (
            of(
                "pe",
                "pe.imports(\"kernel32.dll\", \"WriteFile\") and pe.signatures[0].certificates[0].subject == \"a\"",
            ),
            "",
        ),
        (
            of(
                "dotnet",
                "dotnet.classes[0].methods[0].parameters[0].name == \"a\" and dotnet.assembly.version.major > 1",
            ),
            "",
        ),
        (of("elf", "elf.type == elf.ET_EXEC and elf.sections[0].type == elf.SHT_NOBITS"), ""),
        (
            of(
                "math hash string time",
                "math.entropy(0, filesize) > 7 and hash.md5(0, filesize) == \"a\" and string.length(\"a\") == 1 and time.now() > 0",
            ),
            "",
        ),
        (of("pe", "pe.is_pee"), "line 3, column 24: `is_pee` is nothing that every YARA knows of `pe`"),
        (
            of("pe", "pe.sections[0].nome == \"x\""),
            "`nome` is nothing that every YARA knows of `pe.sections`",
        ),
        (of("pe", "pe.SECTION_MEM_LOCKED == 1"), "`SECTION_MEM_LOCKED` is nothing that every YARA knows"),
        (of("pe", "pe.sections.len() > 1"), "`len` is nothing that every YARA knows of `pe.sections`"),
        (of("pe", "pe.sections[nothing].name == \"x\""), "`nothing` is no rule"),
        (of("pe", "pe.frobnicate(1)"), "`frobnicate` is nothing"),
        (of("pe", "for any s in pe.sections : (s.nome == \"x\")"), "`nome` is nothing"),
        (of("pe", "for any i in (1..2) : (i.name == \"x\")"), "`name` is asked of what has no fields"),
        (of("pe", "a.name == \"x\""), "`name` is asked of what has no fields"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    told(read, &cases);
    // A rule that is named within an index is given its prefix too.
    let written =
        read(&of("pe", "for any s in pe.sections : (s.name == \"x\" and a)")).unwrap().written("x_");
    assert!(written.contains("and x_a)"), "{written}");
}

#[test]
fn what_does_not_pass_is_told_with_its_place() {
    let rule = |strings: &str, condition: &str| format!("rule r {{ {strings} condition: {condition} }}");
    let string = |string: &str| rule(&format!("strings: $a = {string}"), "$a");
    let cases = [
        (rule("", "true"), ""),
        (
            rule(
                "strings: $a = \"x\" $b = { 01 [2-4] ?2 (03 | 04) } $_c = /x+y/i $ = \"y\"",
                "any of them and #b > 1 and @a[1] < 5 and !a[1] > 0 and $a at 0",
            ),
            "",
        ),
        (rule("strings: $a1 = \"x\" $a2 = \"y\"", "for all of ($a*) : ($ in (0..filesize))"), ""),
        (rule("", "uint16(0) == 0x5a4d"), ""),
        (String::new(), "there is no rule"),
        ("rule r { condition: }".to_owned(), "line 1, column 21:"),
        (
            "include \"/etc/passwd\"\nrule r { condition: true }".to_owned(),
            "line 1, column 1: `include` reads a file",
        ),
        ("import \"cuckoo\"\nrule r { condition: true }".to_owned(), "`cuckoo` is no module"),
        ("import \"console\"\nrule r { condition: console.log(1) }".to_owned(), "`console` is no module"),
        ("global rule r { condition: false }".to_owned(), "column 13: `global` is about all rules"),
        ("rule r { condition: true } rule r { condition: true }".to_owned(), "`r` is the name of two things"),
        (rule("", "other"), "`other` is no rule before this one"),
        (rule("", "pe.is_pe"), "`pe` is no rule before this one, and no module"),
        (rule("", "system(1)"), "`system` is no function"),
        (rule("", "$a"), "the string `$a` is not there"),
        (rule("strings: $a = \"x\"", "true"), "the string `$a` is not asked for"),
        (rule("strings: $a = \"x\" $a = \"y\"", "$a"), "the string `$a` stands there twice"),
        (rule("", "any of them"), "`them` means strings"),
        (rule("strings: $a = \"x\"", "any of ($b*)"), "the string `$b` is not there"),
        (string("\"\""), "at least 1 bytes"),
        (string("\"x\" xor nocase"), "do not go together"),
        (string("/x(/"), "the expression cannot be read"),
        (string("{ 01 [4-2] 02 }"), "backwards"),
        (string("\"\\q\""), "line 1"),
        (rule("", &format!("{}true{}", "(".repeat(20_000), ")".repeat(20_000))), "line 1, column"),
        (rule("", &format!("{}true", "not ".repeat(20_000))), "line 1, column"),
        (string(&format!("{{ {}01{} }}", "(".repeat(5_000), ")".repeat(5_000))), "line 1, column"),
        (rule("", "uint8(uint16(uint32(0))) == 1"), ""),
        (rule("", "uint8(uint8(uint16(uint32(0)))) == 1"), "calls go at most 3 deep"),
        (rule("strings: $a = \"((((\" $b = { 01 /* (((( */ 02 }", "any of them /* (((( */ // ((((\n"), ""),
        (string("\"x"), "line 1, column 24: what begins here is not closed"),
        (string("/x\\\n/"), "what begins here is not closed"),
        (string("{ 01 \" }"), "what begins here is not closed"),
        ("rule r { condition: true } /* x".to_owned(), "what begins here is not closed"),
        ("rule r { condition: true } \u{0}".to_owned(), "a character that is not seen"),
        ("x".repeat(10 << 20), "at most 262144 bytes"),
        (rule("", "for any i in (1..2) : (j == 1)"), "`j` is no rule"),
        (rule("", "with x = 1 : (x == 1)"), "not known to every YARA"),
    ];
    let cases: Vec<(&str, &str)> = cases.iter().map(|(text, expected)| (text.as_str(), *expected)).collect();
    told(read, &cases);
}
