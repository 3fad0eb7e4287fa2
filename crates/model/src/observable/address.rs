//! IP addresses and networks.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use super::{Kind, Observable, Unfit, refang};

pub(super) fn normalise(kind: Kind, raw: &str) -> Result<Observable, Unfit> {
    let refanged = refang(raw.trim());
    let found = parse(&refanged).ok_or(Unfit::Not(kind, "neither an address nor a network"))?;
    match (kind, found.kind()) {
        (Kind::Ipv4 | Kind::Cidr4, Kind::Ipv6 | Kind::Cidr6) => Err(Unfit::Not(kind, "it is of IPv6")),
        (Kind::Ipv6 | Kind::Cidr6, Kind::Ipv4 | Kind::Cidr4) if !refanged.contains(':') => {
            Err(Unfit::Not(kind, "it is of IPv4"))
        }
        _ => Ok(found),
    }
}

/// An address or network of either family: `[`, `]` around an IPv6 address and a zone behind it are cut off.
pub(super) fn parse(text: &str) -> Option<Observable> {
    let (address, prefix) = match text.split_once('/') {
        Some((address, prefix)) => (address, Some(prefix)),
        None => (text, None),
    };
    let prefix = match prefix {
        Some(digits) if !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()) => {
            Some(digits.parse::<u8>().ok()?)
        }
        Some(mask) if !address.contains(':') => Some(of_mask(mask)?),
        Some(_) => return None,
        None => None,
    };
    let bare = address.strip_prefix('[').and_then(|inner| inner.strip_suffix(']')).unwrap_or(address);
    let zoneless =
        if bare.contains(':') { bare.split_once('%').map_or(bare, |(before, _)| before) } else { bare };
    match zoneless.parse().ok()? {
        IpAddr::V4(v4) if bare.len() == address.len() => network_v4(v4, prefix.unwrap_or(32)),
        IpAddr::V4(_) => None,
        IpAddr::V6(v6) => network_v6(v6, prefix.unwrap_or(128)),
    }
}

/// The length of a prefix that is written as a mask: `255.255.255.0`.
fn of_mask(mask: &str) -> Option<u8> {
    let bits = mask.parse::<Ipv4Addr>().ok()?.to_bits();
    // Nothing but zeros behind its ones.
    let is_mask = bits.leading_ones() + bits.trailing_zeros() >= u32::BITS;
    u8::try_from(bits.leading_ones()).ok().filter(|_| is_mask)
}

/// An address with a port behind `:`, or behind `|` as MISP writes the two; an IPv6 address in brackets before `:`.
pub(super) fn ip_port(raw: &str) -> Result<Observable, Unfit> {
    let refanged = refang(raw.trim());
    with_port(&refanged).ok_or(Unfit::Not(Kind::IpPort, "not an address and a port of 1 to 65535"))
}

/// The same without refanging.
pub(super) fn with_port(text: &str) -> Option<Observable> {
    let (address, port) = text.split_once('|').or_else(|| {
        let (address, port) = text.rsplit_once(':')?;
        // Of an IPv6 address without brackets nobody knows where it ends.
        (!address.contains(':') || address.ends_with(']')).then_some((address, port))
    })?;
    let digits = port.bytes().all(|b| b.is_ascii_digit());
    let port: u16 = port.parse().ok().filter(|port| digits && *port > 0)?;
    let address = parse(address).filter(|found| matches!(found.kind(), Kind::Ipv4 | Kind::Ipv6))?;
    Some(of_port(&address, port))
}

/// A single address with a port.
pub(crate) fn of_port(address: &Observable, port: u16) -> Observable {
    let text = match address.kind() {
        Kind::Ipv6 => format!("[{}]:{port}", address.text()),
        _ => format!("{}:{port}", address.text()),
    };
    let bytes = address.key().get(1..).unwrap_or(&[]);
    Observable::new(Kind::IpPort, text, &[bytes, &port.to_be_bytes()].concat())
}

/// One address; an IPv6 address that stands for one of IPv4 becomes that.
pub(super) fn of(address: IpAddr) -> Observable {
    match address.to_canonical() {
        IpAddr::V4(v4) => Observable::new(Kind::Ipv4, v4.to_string(), &v4.octets()),
        IpAddr::V6(v6) => Observable::new(Kind::Ipv6, v6.to_string(), &v6.octets()),
    }
}

/// The network of `length` bits that `address` lies in.
fn network_v4(address: Ipv4Addr, length: u8) -> Option<Observable> {
    let host_bits = 32_u32.checked_sub(u32::from(length))?;
    if host_bits == 0 {
        return Some(of(address.into()));
    }
    let network = Ipv4Addr::from_bits(address.to_bits() & u32::MAX.checked_shl(host_bits).unwrap_or(0));
    let mut form = network.octets().to_vec();
    form.push(length);
    Some(Observable::new(Kind::Cidr4, format!("{network}/{length}"), &form))
}

/// The same for IPv6. A network within the mapped addresses is one of IPv4.
fn network_v6(address: Ipv6Addr, length: u8) -> Option<Observable> {
    let host_bits = 128_u32.checked_sub(u32::from(length))?;
    if host_bits == 0 {
        return Some(of(address.into()));
    }
    if let (Some(v4), Some(length)) = (address.to_ipv4_mapped(), length.checked_sub(96)) {
        return network_v4(v4, length);
    }
    let network = Ipv6Addr::from_bits(address.to_bits() & u128::MAX.checked_shl(host_bits).unwrap_or(0));
    let mut form = network.octets().to_vec();
    form.push(length);
    Some(Observable::new(Kind::Cidr6, format!("{network}/{length}"), &form))
}
