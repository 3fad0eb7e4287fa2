//! Patterns: text to tree, text to error, there and back.

#![expect(clippy::unwrap_used, clippy::indexing_slicing, reason = "the helpers of tests fail as tests do")]

use std::fmt::Write as _;

use stix::pattern::{
    BooleanOperator, Comparison, ComparisonOperator, Constant, Dialect, Expression, Fault, Limits,
    ObjectPath, Observation, ObservationOperator, Operand, Pattern, Qualifier, Step, Timestamp,
    TimestampForm, parse, read,
};

/// Runs `text` through the parser in each dialect of the case; gives the outline or the error.
fn answer(text: &str, dialect: Dialect) -> String {
    match parse(text, dialect, &Limits::default()) {
        Ok(pattern) => {
            let written = pattern.to_string();
            let again = parse(&written, dialect, &Limits::default());
            assert_eq!(again.as_ref(), Ok(&pattern), "written back as {written}");
            outline(&pattern)
        }
        Err(error) => {
            assert!(text.is_char_boundary(error.offset), "{text}");
            format!("{} {error}", error.fault.clause())
        }
    }
}

/// Cases of a fixture: `dialect: text` and below it `=> answer`.
fn check(fixture: &str) {
    let mut lines = fixture.lines().filter(|line| !line.is_empty() && !line.starts_with('#'));
    let mut wrong = String::new();
    let mut cases = 0;
    while let (Some(case), Some(expected)) = (lines.next(), lines.next()) {
        let (dialects, text) = case.split_once(": ").unwrap();
        let text = text.replace("\\n", "\n");
        let dialects: &[Dialect] = match dialects {
            "2.0" => &[Dialect::Stix20],
            "2.1" => &[Dialect::Stix21],
            _ => &[Dialect::Stix20, Dialect::Stix21],
        };
        for &dialect in dialects {
            let answer = answer(&text, dialect);
            if Some(answer.as_str()) != expected.strip_prefix("  => ") {
                writeln!(wrong, "{case}\n  => {answer}").unwrap();
            }
        }
        cases += 1;
    }
    assert!(wrong.is_empty(), "these cases answer differently:\n{wrong}");
    assert!(cases > 30, "the fixture was not read");
}

#[test]
fn good_patterns_give_their_tree() {
    check(include_str!("pattern/good.txt"));
}

#[test]
fn bad_patterns_say_where_and_what() {
    check(include_str!("pattern/bad.txt"));
}

fn outline(pattern: &Pattern) -> String {
    let mut out = String::new();
    observation(&mut out, &pattern.root);
    out
}

fn listed<T>(out: &mut String, head: &str, operands: &[T], each: fn(&mut String, &T)) {
    out.push('(');
    out.push_str(head);
    for (nth, operand) in operands.iter().enumerate() {
        out.push_str(if nth == 0 { " " } else { "; " });
        each(out, operand);
    }
    out.push(')');
}

fn observation(out: &mut String, it: &Observation) {
    match it {
        Observation::Single(inside) => {
            out.push('{');
            expression(out, inside);
            out.push('}');
        }
        Observation::Joined { operator, operands } => {
            let head = format!("{operator:?}").to_lowercase();
            listed(out, &head, operands, observation);
        }
        Observation::Qualified { observation: inside, qualifiers } => {
            out.push('(');
            observation(out, inside);
            for qualifier in qualifiers {
                match qualifier {
                    Qualifier::Within { seconds } => write!(out, " within {seconds}").unwrap(),
                    Qualifier::Repeats { times } => write!(out, " repeats {times}").unwrap(),
                    Qualifier::StartStop { start, stop, .. } => {
                        write!(out, " start {} stop {}", start.as_str(), stop.as_str()).unwrap();
                    }
                }
            }
            out.push(')');
        }
    }
}

fn expression(out: &mut String, it: &Expression) {
    match it {
        Expression::Joined { operator, operands } => {
            listed(out, &format!("{operator:?}").to_lowercase(), operands, expression);
        }
        Expression::Comparison(comparison) => {
            write!(out, "{}", comparison.path.object_type).unwrap();
            for step in &comparison.path.steps {
                match step {
                    Step::Key(key) => write!(out, " {key}").unwrap(),
                    Step::Reference(key) => write!(out, " *{key}").unwrap(),
                    Step::Index(index) => write!(out, " [{index}]").unwrap(),
                    Step::Any => out.push_str(" [*]"),
                }
            }
            let not = if comparison.negated { " not" } else { "" };
            write!(out, "{not} {}", comparison.operator.to_string().to_lowercase()).unwrap();
            let constants: Vec<String> = comparison.constants().iter().map(ToString::to_string).collect();
            match comparison.operand {
                Operand::Nothing => {}
                Operand::Constant(_) => write!(out, " {}", constants.join(" ")).unwrap(),
                Operand::Set(_) => write!(out, " {{{}}}", constants.join(" ")).unwrap(),
            }
        }
    }
}

#[test]
fn comparisons_come_in_the_order_of_the_text() {
    let text =
        "[a:b = 1 AND (a:c IN (2, 3) OR d:e NOT LIKE 'x')] FOLLOWEDBY ([f:g_ref.h = 4] AND [EXISTS i:j])";
    let pattern = parse(text, Dialect::Stix21, &Limits::default()).unwrap();
    let seen: Vec<String> = pattern
        .comparisons()
        .map(|it| format!("{} {} {} {}", it.path, it.negated, it.operator, it.constants().len()))
        .collect();
    let expected =
        ["a:b false = 1", "a:c false IN 2", "d:e true LIKE 1", "f:g_ref.h false = 1", "i:j false EXISTS 0"];
    assert_eq!(seen, expected);
}

#[test]
fn a_pattern_that_breaks_rules_can_be_read() {
    let text = "[a:b = 1 AND c:d IN (1, 'x') AND c:e LIKE 5] WITHIN 0 SECONDS";
    let reading = read(text, Dialect::Stix21, &Limits::default()).unwrap();
    let told: Vec<String> =
        reading.violations.iter().map(|it| format!("{} {}", it.offset, it.found)).collect();
    assert_eq!(told, ["13 `c:d IN (1, 'x')`", "24 `'x'`", "42 `5`", "52 `0`"].map(|it| it.to_owned()));
    assert_eq!(reading.pattern.comparisons().count(), 3);
    assert_eq!(parse(text, Dialect::Stix21, &Limits::default()).as_ref(), Err(&reading.violations[0]));
    assert!(read("[a:b = ]", Dialect::Stix21, &Limits::default()).is_err());
    let many = format!("[{}]", vec!["a:b > true"; 2000].join(" OR "));
    assert_eq!(read(&many, Dialect::Stix21, &Limits::default()).unwrap().violations.len(), 100);
}

#[test]
fn limits_hold() {
    let limits = Limits { bytes: 1000, depth: 8, nodes: 20 };
    let fault = |text: &str| parse(text, Dialect::Stix21, &limits).map_err(|error| error.fault).err();
    let nested = |depth: usize| format!("{}[a:b = 1]{}", "(".repeat(depth - 1), ")".repeat(depth - 1));
    assert_eq!(fault(&nested(8)), None);
    assert_eq!(fault(&nested(9)), Some(Fault::Limit));
    let inner = |depth: usize| format!("[{}a:b = 1{}]", "(".repeat(depth - 1), ")".repeat(depth - 1));
    assert_eq!(fault(&inner(8)), None);
    assert_eq!(fault(&inner(9)), Some(Fault::Limit));
    let set = |members: usize| format!("[a:b IN (1{})]", ", 1".repeat(members - 1));
    assert_eq!(fault(&set(17)), None);
    assert_eq!(fault(&set(18)), Some(Fault::Limit));
    let long = |bytes: usize| format!("[a:b = '{}']", "x".repeat(bytes - 10));
    assert_eq!(fault(&long(1000)), None);
    assert_eq!(fault(&long(1001)), Some(Fault::Limit));
    let wide = "é".repeat(600);
    assert_eq!(fault(&wide), Some(Fault::Limit), "cut within a character");
}

#[test]
fn hostile_nesting_ends_in_an_error() {
    for unit in ["(", "[", "[(", "[a:b IN (", "((((", "[a:b[", "/*", "'", "\\", "t'", "NOT "] {
        for tail in ["", "[a:b = 1]", ")"] {
            let text = unit.repeat(60_000 / unit.len()) + tail;
            assert!(parse(&text, Dialect::Stix21, &Limits::default()).is_err(), "{unit}");
        }
    }
}

/// Numbers that look random and are the same in each run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % sides as u64).unwrap()
    }

    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[self.below(of.len())].clone()
    }
}

fn any_constant(dice: &mut Dice, kind: usize) -> Constant {
    let time = |text: &str| Constant::Timestamp(Timestamp::parse(text).unwrap());
    match kind {
        0 => Constant::String(
            dice.one(&["", "x", "it's", "\\", "a\\'b", "é\n\t\u{1F600}", "/*", "]"]).to_owned(),
        ),
        1 => Constant::Integer(dice.one(&[0, 1, -1, 42, (1 << 53) - 1, 1 - (1 << 53)])),
        2 => Constant::Float(dice.one(&[0.0, -0.0, 0.5, 1.0, -2.25, 1e300, 1e-300, 0.1])),
        3 => Constant::Boolean(dice.below(2) == 0),
        4 => Constant::Hex(dice.one(&[vec![], vec![0, 255], vec![16]])),
        5 => Constant::Binary(dice.one(&[vec![], vec![1], vec![1, 2], vec![251, 255, 254]])),
        _ => time(dice.one(&["2020-02-29T12:00:00Z", "1999-12-31T23:59:59.999Z"])),
    }
}

fn any_comparison(dice: &mut Dice, object_type: &str) -> Expression {
    use ComparisonOperator as Op;
    let mut steps =
        vec![Step::Key(dice.one(&["value", "a b", "SHA-256", "it's", "IN", "true", "_", ""]).to_owned())];
    for _ in 0..dice.below(4) {
        steps.push(match dice.below(4) {
            0 => Step::Index(dice.below(9) as u64),
            1 => Step::Any,
            2 => Step::Reference("x_ref".to_owned()),
            _ => Step::Key(dice.one(&["size", "é", "a.b", "[*]"]).to_owned()),
        });
    }
    steps.push(Step::Key("value".to_owned()));
    let negated = dice.below(3) == 0;
    let kind = dice.below(7);
    let (operator, operand) = match dice.below(6) {
        0 => (dice.one(&[Op::Equal, Op::NotEqual]), Operand::Constant(any_constant(dice, kind))),
        1 => {
            let operator = dice.one(&[Op::Greater, Op::Less, Op::GreaterOrEqual, Op::LessOrEqual]);
            (operator, Operand::Constant(any_constant(dice, kind % 3)))
        }
        2 => {
            let members = dice.below(4);
            (Op::In, Operand::Set((0..members).map(|_| any_constant(dice, kind)).collect()))
        }
        3 => (dice.one(&[Op::Like, Op::Matches]), Operand::Constant(any_constant(dice, 0))),
        4 => {
            steps = vec![Step::Reference("src_ref".to_owned()), Step::Key("value".to_owned())];
            let network = dice.one(&["10.0.0.0/8", "::1", "0.0.0.0/0", "2001:db8::/128"]);
            (
                dice.one(&[Op::IsSubset, Op::IsSuperset]),
                Operand::Constant(Constant::String(network.to_owned())),
            )
        }
        _ => (Op::Exists, Operand::Nothing),
    };
    let path = ObjectPath { object_type: object_type.to_owned(), steps };
    Expression::Comparison(Comparison { path, operator, negated, operand })
}

fn any_expression(dice: &mut Dice, depth: usize, object_type: &str) -> Expression {
    if depth == 0 || dice.below(2) == 0 {
        return any_comparison(dice, object_type);
    }
    let operator = dice.one(&[BooleanOperator::And, BooleanOperator::Or]);
    let operands = (0..2 + dice.below(2)).map(|_| any_expression(dice, depth - 1, object_type)).collect();
    Expression::Joined { operator, operands }
}

fn any_observation(dice: &mut Dice, depth: usize) -> Observation {
    if depth == 0 || dice.below(3) == 0 {
        let object_type = dice.one(&["file", "x-y", "true_", "ANDy"]);
        return Observation::Single(any_expression(dice, 3, object_type));
    }
    if dice.below(2) == 0 {
        let observation = Box::new(any_observation(dice, depth - 1));
        let time = |text: &str| Timestamp::parse(text).unwrap();
        let mut qualifiers = vec![
            Qualifier::Within { seconds: dice.one(&[1.0, 0.5, 1e20]) },
            Qualifier::Repeats { times: dice.one(&[1, 5, (1 << 53) - 1]) },
            Qualifier::StartStop {
                start: time("2020-01-01T00:00:00.9Z"),
                stop: time("2020-01-01T00:00:00.91Z"),
                form: TimestampForm::Constant,
            },
        ];
        qualifiers.truncate(1 + dice.below(3));
        if dice.below(4) == 0 {
            qualifiers.extend(qualifiers.clone());
        }
        return Observation::Qualified { observation, qualifiers };
    }
    let operators = [ObservationOperator::And, ObservationOperator::Or, ObservationOperator::FollowedBy];
    let operator = dice.one(&operators);
    let operands = (0..2 + dice.below(2)).map(|_| any_observation(dice, depth - 1)).collect();
    Observation::Joined { operator, operands }
}

#[test]
fn what_is_written_is_read_back_equal() {
    let mut dice = Dice(0x5EED);
    for _ in 0..3000 {
        let pattern = Pattern { dialect: Dialect::Stix21, root: any_observation(&mut dice, 3) };
        let text = pattern.to_string();
        assert_eq!(parse(&text, Dialect::Stix21, &Limits::default()).as_ref(), Ok(&pattern), "{text}");
    }
}

#[test]
fn mutated_patterns_are_answered_and_stay_stable() {
    let mut dice = Dice(0xBAD);
    let pieces = [
        "'", "\\", "[", "]", "(", ")", " AND ", "NOT ", ".", "é", "t'", "h'", "0", "-", "/*", "*/", "=", "IN",
    ];
    for _ in 0..5000 {
        let mut text = Pattern { dialect: Dialect::Stix21, root: any_observation(&mut dice, 1) }.to_string();
        for _ in 0..=dice.below(3) {
            let boundaries: Vec<usize> = text.char_indices().map(|(at, _)| at).chain([text.len()]).collect();
            let (one, other) = (dice.one(&boundaries), dice.one(&boundaries));
            let end = if dice.below(2) == 0 { one } else { other.clamp(one, one.saturating_add(5)) };
            let end = boundaries.iter().copied().find(|&at| at >= end).unwrap();
            text.replace_range(one..end, dice.one(&pieces));
        }
        for dialect in [Dialect::Stix20, Dialect::Stix21] {
            answer(&text, dialect);
        }
    }
}

/// Real patterns; skipped where the corpus is not there.
#[test]
fn the_examples_of_the_standard_parse() {
    let Ok(corpus) = std::env::var("ACCORD_CORPUS") else {
        println!("skipped: ACCORD_CORPUS is not set");
        return;
    };
    let mut lines = 0;
    for file in std::fs::read_dir(format!("{corpus}/patterns")).unwrap() {
        for line in std::fs::read_to_string(file.unwrap().path()).unwrap().lines() {
            let answer = parse(line, Dialect::Stix21, &Limits::default()).map_err(|error| error.to_string());
            assert!(answer.is_ok(), "{line}\n{answer:?}");
            lines += 1;
        }
    }
    assert!(lines >= 23, "only {lines} patterns read");
}
