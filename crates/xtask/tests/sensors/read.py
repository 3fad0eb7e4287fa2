"""Reads the files that `cargo xtask sensors` wrote as their readers would: rules with suricataparser, tables with csv,
documents with json, shared rules with pySigma, YARA and YARA-X, the rest by the letter of their formats."""

import base64
import csv
import ipaddress
import json
import pathlib
import re
import sys

import yara
import yara_x
from sigma.collection import SigmaCollection
from suricataparser import parse_rule

out = pathlib.Path(sys.argv[1])
# Of addresses alone: so many at least in every file that takes them, and the others may be empty.
LEAST = int(sys.argv[3]) if sys.argv[2:3] == ["--addresses"] else None
OF_ADDRESSES = {
    "suricata-rules", "zeek", "elastic", "csv", "accord_ip_intel.csv", "accord-ipv4.txt", "accord-address", "address lists",
}
NAME = re.compile(r"[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})+")


def say(name, count):
    least = 1 if LEAST is None else LEAST if name in OF_ADDRESSES else 0
    assert count >= least, f"{name}: {count} in it, not {least}"
    print(f"{name}: read, {count}")


def lines(path):
    raw = path.read_bytes()
    assert not raw.startswith(b"\xef\xbb\xbf") and b"\0" not in raw and b"\r" not in raw, path
    assert not raw or raw.endswith(b"\n"), path
    return raw.decode("utf-8").split("\n")[:-1]


def entries(path, sign="#"):
    """The lines that are no comments; the last comment must count what is there."""
    all_lines = lines(path)
    assert re.fullmatch(re.escape(sign) + r" complete: \d+ entries", all_lines[-1]), path
    return [line for line in all_lines if not line.startswith(sign)]


def rules(folder, datasets):
    path = out / folder / "accord.rules"
    seen = set()
    for line in entries(path):
        rule = parse_rule(line)
        assert rule is not None and rule.enabled and rule.rev >= 1, line
        assert rule.action in ("alert", "drop") and rule.msg.startswith("Accord "), line
        assert rule.sid not in seen and 1_000_000_000 <= rule.sid < 2**31, line
        seen.add(rule.sid)
        for option in rule.options:
            if option.name == "dataset":
                load = re.search(r"load (\S+)$", option.value).group(1)
                assert (out / folder / load).is_file(), load
            if option.name.startswith("file"):
                assert (out / folder / option.value).is_file(), line
    assert seen or LEAST, path
    addresses = 0
    if datasets:
        for path in (out / folder).glob("*.lst"):
            digest = re.search(r"-(md5|sha1|sha256)\.", path.name)
            own = entries(path) if digest else lines(path)
            # Suricata refuses the rules of a list of digests that is empty.
            assert own or not digest, path
            for line in own:
                if digest:
                    bytes.fromhex(line)
                elif "-address." in path.name:
                    ipaddress.ip_address(line)
                    addresses += 1
                else:
                    value = base64.b64decode(line, validate=True).decode()
                    assert "-domain." not in path.name or NAME.fullmatch(value), value
        say("address lists", addresses)
    return len(seen)


def shared(folder):
    """Rules that members share: numbers of their own, and no more than one rule to a line."""
    seen = set()
    for line in lines(out / folder / "shared.rules"):
        if line.startswith("#"):
            continue
        rule = parse_rule(line)
        assert rule is not None and rule.enabled and rule.rev >= 1 and rule.action in ("alert", "drop"), line
        assert rule.sid not in seen and 200_000_000 <= rule.sid < 800_000_000, line
        assert not any(option.name == "lua" for option in rule.options), line
        seen.add(rule.sid)
    assert len(seen) >= (0 if LEAST else 400), len(seen)
    return len(seen)


def sigma():
    text = (out / "sigma" / "accord.yml").read_text()
    rules = SigmaCollection.from_yaml(text, collect_errors=True)
    assert not rules.errors, rules.errors
    assert not any(rule.errors for rule in rules), [rule.errors for rule in rules if rule.errors]
    ids = [rule.id for rule in rules if rule.id]
    assert len(ids) == len(set(ids)) and "python/object" not in text
    return len(rules)


def yara_rules():
    text = (out / "yara" / "accord.yar").read_text()
    names = [rule.identifier for rule in yara.compile(source=text, includes=False)]
    assert len(names) == len(set(names)) and all(name.startswith("accord_") for name in names)
    yara_x.compile(text)
    return len(names)


def zeek():
    types = {"ADDR": ipaddress.ip_address, "SUBNET": ipaddress.ip_network}
    all_lines = lines(out / "zeek/accord.intel")
    header = next(line for line in all_lines if line.startswith("#fields")).split("\t")[1:]
    assert header[:3] == ["indicator", "indicator_type", "meta.source"]
    rows = entries(out / "zeek/accord.intel")
    for row in rows:
        fields = row.split("\t")
        assert len(fields) == len(header) and all(fields), row
        assert fields[4] in "TF" and "://" not in fields[0] or "?" in fields[0], row
        types.get(fields[1].removeprefix("Intel::"), str)(fields[0])
    return len(rows)


def elastic():
    all_lines = lines(out / "elastic/accord.ndjson")
    acts, documents = all_lines[::2], all_lines[1::2]
    assert len(acts) == len(documents)
    ids = {json.loads(act)["index"]["_id"] for act in acts}
    assert len(ids) == len(acts)
    for document in map(json.loads, documents):
        indicator = document["threat"]["indicator"]
        assert indicator["type"] and indicator["name"], document
        if "ip" in indicator:
            ipaddress.ip_address(indicator["ip"])
    return len(ids)


def table(path):
    whole = lines(path)
    rows = list(csv.reader(whole, strict=True))
    assert len(rows) == len(whole) and {len(row) for row in rows} == {len(rows[0])}, path
    for row in rows[1:]:
        assert not any(cell[:1] in ("=", "+", "-", "@") for cell in row), row
    return len(rows) - 1


def each(path, form, sign="#"):
    rows = entries(path, sign)
    for row in rows:
        assert form(row), (path, row)
    return len(rows)


def network(text):
    return ipaddress.ip_network(text) is not None


FORMS = {
    "ipv4": network,
    "ipv6": network,
    "cidr4": network,
    "cidr6": network,
    "ip-port": re.compile(r"([\d.]+|\[[0-9a-f:]+\]):\d+").fullmatch,
    "domain": NAME.fullmatch,
    "subdomains": NAME.fullmatch,
    "url": re.compile(r"[a-z0-9+.-]+://[!-~]+").fullmatch,
    "email": re.compile(r"[^@\s]+@[a-z0-9_.-]+").fullmatch,
    "md5": re.compile(r"[0-9a-f]{32}").fullmatch,
    "sha1": re.compile(r"[0-9a-f]{40}").fullmatch,
    "sha256": re.compile(r"[0-9a-f]{64}").fullmatch,
}


say("suricata", rules("suricata", True))
say("suricata-rules", rules("suricata-rules", False))
say("zeek", zeek())
say("elastic", elastic())
say("csv", table(out / "csv/accord.csv"))
for path in sorted((out / "splunk-csv").iterdir()):
    say(path.name, table(path))
for path in sorted((out / "plain").iterdir()):
    say(path.name, each(path, FORMS[path.stem.removeprefix("accord-")]))
say("hosts", each(out / "hosts/accord.hosts", re.compile("0\\.0\\.0\\.0 " + NAME.pattern).fullmatch))
adguard = re.compile(rf"{NAME.pattern}|\|\|{NAME.pattern}\^").fullmatch
say("adguard", each(out / "adguard/accord-adguard.txt", adguard))
keys = set()
for path in sorted((out / "wazuh-cdb").iterdir()):
    own = lines(path)
    for line in own:
        key = re.fullmatch(r'("[^"\\ ]+"|[^":\\ ]+):(alert|block)', line)
        assert key and key.group(1) not in keys, (path, line)
        keys.add(key.group(1))
    say(path.name, len(own))

say("suricata, shared", shared("suricata"))
assert shared("suricata") == shared("suricata-rules")
say("sigma", sigma())
say("yara", yara_rules())
