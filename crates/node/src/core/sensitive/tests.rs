//! What is looked for before something leaves.

use super::*;

fn found(text: &str) -> Vec<(&'static str, &str)> {
    sensitive_in(text).iter().map(|hit| (hit.rule.name, hit.text)).collect()
}

#[test]
fn each_form_is_found_and_told_as_it_stands() {
    for (text, rule, hit) in [
        ("write to ada@example.org.", "email", "ada@example.org"),
        ("<mailto:Ada.L@mail.example>", "email", "Ada.L@mail.example"),
        ("seen by Dr. Lovelace, twice", "addressed-name", "Lovelace"),
        ("call +49 (30) 901820-11 now", "phone", "+49 (30) 901820-11"),
        ("tel:+14155550123", "phone", "+14155550123"),
        ("to DE89 3704 0044 0532 0130 00.", "iban", "DE89 3704 0044 0532 0130 00"),
        ("GB82WEST12345698765432", "iban", "GB82WEST12345698765432"),
        ("paid by 4111 1111 1111 1111", "payment-card", "4111 1111 1111 1111"),
        ("5555-5555-5555-4444", "payment-card", "5555-5555-5555-4444"),
        ("card=378282246310005", "payment-card", "378282246310005"),
        ("85.07.30-033.28", "national-id", "85.07.30-033.28"),
        ("CPF 529.982.247-25,", "national-id", "529.982.247-25"),
        ("131052-308T", "national-id", "131052-308T"),
        ("RSSMRA85T10A562S", "national-id", "RSSMRA85T10A562S"),
        ("811218-9876", "national-id", "811218-9876"),
        ("2 55 08 14 168 025 38", "national-id", "2 55 08 14 168 025 38"),
        ("C:\\Users\\ada\\AppData\\x.exe", "user-path", "C:\\Users\\ada"),
        ("[file:name = 'c:\\\\users\\\\ada\\\\x']", "user-path", "c:\\\\users\\\\ada"),
        ("/home/ada/.ssh/id", "user-path", "/home/ada"),
        ("file:///Users/ada", "user-path", "/Users/ada"),
        ("copied to \\\\FILES01\\share", "host-path", "\\\\FILES01"),
        ("on 10.1.2.3:445, then", "private-address", "10.1.2.3"),
        ("http://192.168.0.1/a", "private-address", "192.168.0.1"),
        ("fd00::1", "private-address", "fd00::1"),
        ("-----BEGIN RSA PRIVATE KEY-----\nMII", "private-key", "-----BEGIN RSA PRIVATE KEY-----"),
        ("key AKIAIOSFODNN7EXAMPLE", "token", "AKIAIOSFODNN7EXAMPLE"),
        ("ftp://ada:hunter2@files.example/", "password-in-url", "ada:hunter2"),
    ] {
        assert!(found(text).contains(&(rule, hit)), "{text}: {:?}", found(text));
    }
    let github = format!("token ghp_{}", "a1B2".repeat(9));
    assert_eq!(found(&github).first().map(|one| one.0), Some("token"));
    let jwt = format!("eyJ{0}.eyJ{0}.{0}", "hbGciOiJI");
    assert_eq!(found(&format!("{jwt}0")).first().map(|one| one.0), Some("signed-token"));
}

#[test]
fn what_only_looks_like_one_is_passed_over() {
    for text in [
        "Ada saw it",
        "Dr. no",
        "@mention a@b",
        "1.2+3 and +0 or +20 or GMT+02:00",
        "DE89 3704 0044 0532 0130 01",
        "XX89370400440532013000",
        "DE89370400440532013000AB",
        "4111 1111 1111 1112",
        "1234567890123456",
        "0.4111111111111111",
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "85.07.30-033.29",
        "111.111.111-11",
        "131052-308U",
        "RSSMRA85T10A562T",
        "811218-9877",
        "2026-11-23",
        "%USERPROFILE%\\x, C:\\Users\\Public\\x, C:\\Users\\%USERNAME%\\x, D:\\Users",
        "https://bad-site.example/home/index.html",
        "/home/ and /home/user/x",
        "HKLM\\Software\\Run, C:\\\\Windows\\\\x, \\\\.\\pipe\\x, \\\\8.8.8.8\\x",
        "8.8.8.8 and 2606:4700::1 and 10.0.19041.1",
        "-----BEGIN PUBLIC KEY-----",
        "AKIA and AKIAlower, ghp_short",
        "https://bad-site.example/a@b",
        "indicator--11111111-0000-4000-8000-000000000000",
        "2020-01-01T00:00:00.000Z",
        "CVE-2024-3094, CVSS:3.1/AV:N/AC:L",
    ] {
        assert_eq!(found(text), [], "{text}");
    }
}

#[test]
fn what_is_kept_tells_no_more_than_where_to_look() {
    assert_eq!(veiled("4111 1111 1111 1111"), "41…11");
    assert_eq!((veiled("Müller-Ä"), veiled("ada")), ("Mü…-Ä".to_owned(), "…".to_owned()));
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}
