"""Asks a real Unbound what it makes of our local zones and of our policy zone: what is meant is blocked, and nothing else.
Everything that is not blocked is answered by a name server of ours, which has an address for every name."""

import pathlib
import socket
import struct
import subprocess
import sys
import threading
import time

golden = pathlib.Path(__file__).parents[3] / "sensors/tests/golden"
folder = pathlib.Path(sys.argv[1])
ANSWERED, NOWHERE, NO_NAME = "192.0.2.99", "0.0.0.0", "no such name"
# What the items of the golden files mean, and what Unbound's local zones have for each.
MEANT = {
    "evil.example": (NO_NAME, NO_NAME),
    "a.evil.example": (NO_NAME, NO_NAME),
    "www.evil.example": (NO_NAME, NO_NAME),
    "notevil.example": (ANSWERED, ANSWERED),
    "only.example": (NOWHERE, NO_NAME),
    "below.only.example": (ANSWERED, ANSWERED),
    "below.example": (ANSWERED, ANSWERED),
    "a.b.below.example": (ANSWERED, NO_NAME),
    "told.example": (ANSWERED, ANSWERED),
    "a.github.io": (ANSWERED, ANSWERED),
}


def upstream(server):
    while True:
        try:
            query, client = server.recvfrom(4096)
        except OSError:
            return
        end = 12
        while query[end]:
            end += query[end] + 1
        question = query[12 : end + 5]
        has_address = question[-4:-2] == b"\0\1"
        header = query[:2] + struct.pack(">HHHHH", 0x8580, 1, int(has_address), 0, 0)
        answer = b"\xc0\x0c\0\1\0\1\0\0\0\5\0\4" + socket.inet_aton(ANSWERED) if has_address else b""
        server.sendto(header + question + answer, client)


def ask(port, name):
    query = struct.pack(">HHHHHH", 7, 0x0100, 1, 0, 0, 0)
    query += b"".join(bytes([len(label)]) + label.encode() for label in name.split(".")) + b"\0\0\1\0\1"
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as client:
        client.settimeout(1)
        for _ in range(20):
            try:
                client.sendto(query, ("127.0.0.1", port))
                answer = client.recv(4096)
            except OSError:
                time.sleep(0.1)
                continue
            code, answers = answer[3] & 15, answer[7]
            return NO_NAME if code == 3 else socket.inet_ntoa(answer[-4:]) if code == 0 and answers else f"code {code}"
    return "silence"


def free_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def resolver(name, modules, clause, expected, server):
    port = free_port()
    config = folder / f"{name}.conf"
    config.write_text(f"""server:
  interface: 127.0.0.1
  port: {port}
  username: ""
  chroot: ""
  pidfile: ""
  directory: "{folder}"
  use-syslog: no
  do-not-query-localhost: no
  module-config: "{modules}"
forward-zone:
  name: "."
  forward-addr: 127.0.0.1@{server.getsockname()[1]}
{clause}
""")
    with open(folder / f"{name}.log", "wb") as log:
        unbound = subprocess.Popen(["unbound", "-d", "-c", str(config)], stdout=log, stderr=log)
    try:
        for asked, meant in expected.items():
            found = ask(port, asked)
            assert found == meant, f"{name}: {asked} is {found}, and {meant} was meant"
    finally:
        unbound.terminate()
        unbound.wait()
    print(f"{name}: a running Unbound blocks what is meant and nothing else")


server = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
server.bind(("127.0.0.1", 0))
threading.Thread(target=upstream, args=(server,), daemon=True).start()
local = f'include: "{golden}/unbound/accord-unbound.conf"'
resolver("unbound", "iterator", local, {name: meant[0] for name, meant in MEANT.items()}, server)
zone = f'rpz:\n  name: "rpz.local"\n  zonefile: "{golden}/rpz/accord.rpz"'
resolver("rpz", "respip iterator", zone, {name: meant[1] for name, meant in MEANT.items()}, server)
