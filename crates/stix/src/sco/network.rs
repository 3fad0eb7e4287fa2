//! §6.2, §6.4, §6.8 to §6.10, §6.12, §6.15: autonomous systems, names, addresses, traffic with its extensions, URLs.

use crate::finding::{Findings, Path};
use crate::types::{
    Count, DictionaryOfIntegers, DictionaryOfIntegersAndStrings, DictionaryOfLists, DomainNameText, Flag,
    Hex, Integer, Ipv4Text, Ipv6Text, List, LowercaseText, MacText, Reference, Rule, Term, Text, Time,
    ToArtifact, ToAutonomousSystem, ToEndpoint, ToMacAddress, ToNetworkTraffic, ToResolved, Url as UrlText,
    Whole,
};
use crate::vocab::{SocketAddressFamily, SocketType};
use strictjson::{Node, Object};

object! {
    /// An autonomous system of the internet (§6.2).
    AutonomousSystem, AUTONOMOUS_SYSTEM: "autonomous-system", "STIX 2.1 §6.2" {
        required number: Integer,
        optional name: Text,
        optional rir: Text,
    }
    rules []
}

object! {
    /// A domain name (§6.4).
    DomainName, DOMAIN_NAME: "domain-name", "STIX 2.1 §6.4" {
        required value: DomainNameText,
        optional resolves_to_refs: List<Reference<ToResolved>>,
    }
    rules []
}

object! {
    /// One or more IPv4 addresses (§6.8).
    Ipv4Address, IPV4_ADDRESS: "ipv4-addr", "STIX 2.1 §6.8" {
        required value: Ipv4Text,
        optional resolves_to_refs: List<Reference<ToMacAddress>>,
        optional belongs_to_refs: List<Reference<ToAutonomousSystem>>,
    }
    rules []
}

object! {
    /// One or more IPv6 addresses (§6.9).
    Ipv6Address, IPV6_ADDRESS: "ipv6-addr", "STIX 2.1 §6.9" {
        required value: Ipv6Text,
        optional resolves_to_refs: List<Reference<ToMacAddress>>,
        optional belongs_to_refs: List<Reference<ToAutonomousSystem>>,
    }
    rules []
}

object! {
    /// A MAC address (§6.10).
    MacAddress, MAC_ADDRESS: "mac-addr", "STIX 2.1 §6.10" {
        required value: MacText,
    }
    rules []
}

/// A port, 0 to 65535.
type Port = Whole<0, 65_535>;

object! {
    /// Traffic from a source to a destination (§6.12).
    NetworkTraffic, NETWORK_TRAFFIC: "network-traffic", "STIX 2.1 §6.12" {
        optional start: Time,
        optional end: Time,
        optional is_active: Flag,
        optional src_ref: Reference<ToEndpoint>,
        optional dst_ref: Reference<ToEndpoint>,
        optional src_port: Port,
        optional dst_port: Port,
        required protocols: List<Text>,
        optional src_byte_count: Count,
        optional dst_byte_count: Count,
        optional src_packets: Count,
        optional dst_packets: Count,
        optional ipfix: DictionaryOfIntegersAndStrings,
        optional src_payload_ref: Reference<ToArtifact>,
        optional dst_payload_ref: Reference<ToArtifact>,
        optional encapsulates_refs: List<Reference<ToNetworkTraffic>>,
        optional encapsulated_by_ref: Reference<ToNetworkTraffic>,
    }
    rules [
        Rule::OneOf(&["src_ref", "dst_ref"]),
        Rule::NotBefore("end", "start"),
        Rule::Own(ended_is_not_active),
        Rule::Own(extension_protocols),
    ]
}

/// §6.12: what has ended is not active.
fn ended_is_not_active(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    if object.contains_key("end") && object.get("is_active").and_then(Node::as_bool) == Some(true) {
        findings.must(&path.key("end"), "exclusive-properties", clause, || {
            "`end` must not be there when `is_active` is true".into()
        });
    }
}

/// §6.12: the protocol of an extension SHOULD be listed.
fn extension_protocols(findings: &mut Findings, object: &Object<'_>, path: &Path<'_>, clause: &'static str) {
    let Some(extensions) = object.get("extensions").and_then(Node::as_object) else { return };
    let protocols = object.get("protocols").and_then(Node::as_array).unwrap_or(&[]);
    for (extension, protocol) in [("http-request-ext", "http"), ("icmp-ext", "icmp"), ("tcp-ext", "tcp")] {
        let listed = protocols.iter().any(|node| node.as_str() == Some(protocol));
        if extensions.contains_key(extension) && !listed {
            findings.should(&path.key("protocols"), "protocol-not-listed", clause, || {
                format!("`{protocol}` should be listed beside the extension `{extension}`")
            });
        }
    }
}

shape! {
    /// An HTTP request (§6.12.2).
    HttpRequestExtension, HTTP_REQUEST_EXT: "http-request-ext", "STIX 2.1 §6.12.2" {
        required request_method: LowercaseText,
        required request_value: Text,
        optional request_version: LowercaseText,
        optional request_header: DictionaryOfLists,
        optional message_body_length: Integer,
        optional message_body_data_ref: Reference<ToArtifact>,
    }
    rules []
}

shape! {
    /// An ICMP message (§6.12.3).
    IcmpExtension, ICMP_EXT: "icmp-ext", "STIX 2.1 §6.12.3" {
        required icmp_type_hex: Hex,
        required icmp_code_hex: Hex,
    }
    rules []
}

shape! {
    /// A network socket (§6.12.4).
    SocketExtension, SOCKET_EXT: "socket-ext", "STIX 2.1 §6.12.4" {
        required address_family: Term<SocketAddressFamily>,
        optional is_blocking: Flag,
        optional is_listening: Flag,
        optional options: DictionaryOfIntegers,
        optional socket_type: Term<SocketType>,
        optional socket_descriptor: Count,
        optional socket_handle: Integer,
    }
    rules []
}

shape! {
    /// TCP flags (§6.12.5).
    TcpExtension, TCP_EXT: "tcp-ext", "STIX 2.1 §6.12.5" {
        optional src_flags_hex: Hex,
        optional dst_flags_hex: Hex,
    }
    rules [Rule::NotEmpty]
}

object! {
    /// A URL (§6.15).
    Url, URL: "url", "STIX 2.1 §6.15" {
        required value: UrlText,
    }
    rules []
}
