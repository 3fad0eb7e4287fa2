// Accord: rules of YARA that members share
// node: hub
// as_of: 2026-06-01T00:00:00.000000Z
// trusted_seconds: 3600
// accord_object: indicator--1, accord_tlp: GREEN, accord_until: 1780358461, accord_lines: 2
import "pe"
rule accord_2d591d8932d38a09_beacon { strings: $a = "evil.example" wide condition: pe.is_pe and $a }
// complete: 1 entries
