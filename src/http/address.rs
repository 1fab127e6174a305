//! The client's address: the connection's, or what a trusted proxy says of it.
//!
//! Each proxy adds the address it was spoken to from at the end. Read from there, an entry counts as long as whoever wrote
//! it is trusted; anything before that may be the client's own invention.

use std::net::{IpAddr, SocketAddr};

use axum::http::{HeaderMap, HeaderName, header::FORWARDED};
use ipnet::IpNet;

use crate::config::{ForwardedBy, HttpConfig};

const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Proxies that may stand in a row.
const HOPS: usize = 16;

/// The client of a request that came from `peer`.
pub(super) fn client(peer: IpAddr, headers: &HeaderMap, config: &HttpConfig) -> IpAddr {
    let trusted = |address: IpAddr| config.trusted_proxies.iter().any(|network| holds(network, address));
    let mut address = peer.to_canonical();
    if !trusted(address) {
        return address;
    }
    let name = match config.forwarded_by {
        ForwardedBy::XForwardedFor => X_FORWARDED_FOR,
        ForwardedBy::Forwarded => FORWARDED,
    };
    let lines: Vec<&str> =
        headers.get_all(name).iter().map(|line| line.to_str().unwrap_or_default()).collect();
    let entries = lines.iter().rev().flat_map(|line| line.rsplit(','));
    for entry in entries.take(HOPS) {
        let said = match config.forwarded_by {
            ForwardedBy::XForwardedFor => parse(entry.trim()),
            ForwardedBy::Forwarded => forwarded_for(entry),
        };
        // `unknown`, a hidden name or nonsense: whoever is behind it cannot be told from this proxy.
        let Some(said) = said else { break };
        address = said;
        if !trusted(address) {
            break;
        }
    }
    address
}

fn holds(network: &IpNet, address: IpAddr) -> bool {
    network.contains(&address)
}

/// `for=` of one element of `Forwarded`.
fn forwarded_for(element: &str) -> Option<IpAddr> {
    element.split(';').find_map(|pair| {
        let (name, value) = pair.split_once('=')?;
        name.trim().eq_ignore_ascii_case("for").then(|| parse(value.trim().trim_matches('"')))?
    })
}

/// `192.0.2.1`, `192.0.2.1:80`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:80`.
fn parse(text: &str) -> Option<IpAddr> {
    let address = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|address| address.ip()))
        .or_else(|| text.strip_prefix('[')?.strip_suffix(']')?.parse().ok())?;
    Some(address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(peer: &str, trusted: &[&str], by: ForwardedBy, headers: &[(&'static str, &str)]) -> String {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        let config = HttpConfig {
            trusted_proxies: trusted.iter().map(|network| network.parse().unwrap()).collect(),
            forwarded_by: by,
            ..HttpConfig::default()
        };
        client(peer.parse().unwrap(), &map, &config).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_trusted() {
        let by = ForwardedBy::XForwardedFor;
        let spoofed = [("x-forwarded-for", "1.1.1.1"), ("forwarded", "for=1.1.1.1")];
        assert_eq!(seen("9.9.9.9", &[], by, &spoofed), "9.9.9.9");
        assert_eq!(seen("9.9.9.9", &["10.0.0.0/8"], by, &spoofed), "9.9.9.9");
        // The other header than the one the proxy writes is the client's own.
        assert_eq!(seen("10.0.0.1", &["10.0.0.0/8"], by, &[("forwarded", "for=1.1.1.1")]), "10.0.0.1");
        let other = ForwardedBy::Forwarded;
        assert_eq!(seen("10.0.0.1", &["10.0.0.0/8"], other, &[("x-forwarded-for", "1.1.1.1")]), "10.0.0.1");
    }

    #[test]
    fn entries_count_from_the_right_as_far_as_proxies_are_trusted() {
        let by = ForwardedBy::XForwardedFor;
        let trusted = ["10.0.0.0/8", "2001:db8::/32"];
        for (lines, expected) in [
            (vec!["1.1.1.1"], "1.1.1.1"),
            (vec!["6.6.6.6, 1.1.1.1"], "1.1.1.1"),
            (vec!["6.6.6.6, 1.1.1.1, 10.0.0.7"], "1.1.1.1"),
            (vec!["6.6.6.6", "1.1.1.1", "10.0.0.7,10.0.0.8"], "1.1.1.1"),
            (vec!["1.1.1.1:4711"], "1.1.1.1"),
            (vec!["[2a00::1]:4711, 2001:db8::5"], "2a00::1"),
            (vec!["::ffff:1.1.1.1"], "1.1.1.1"),
            (vec!["6.6.6.6, unknown"], "10.0.0.1"),
            (vec!["6.6.6.6, unknown, 10.0.0.7"], "10.0.0.7"),
            (vec![""], "10.0.0.1"),
            (vec!["10.0.0.9"], "10.0.0.9"),
        ] {
            let headers: Vec<_> = lines.iter().map(|line| ("x-forwarded-for", *line)).collect();
            assert_eq!(seen("10.0.0.1", &trusted, by, &headers), expected, "{lines:?}");
            assert_eq!(seen("::ffff:10.0.0.1", &trusted, by, &headers), expected, "{lines:?}");
        }
    }

    #[test]
    fn the_standard_header_is_read_too() {
        for (line, expected) in [
            ("for=1.1.1.1", "1.1.1.1"),
            ("for=6.6.6.6, proto=https;For=\"1.1.1.1:80\";by=10.0.0.1", "1.1.1.1"),
            ("for=\"[2a00::1]\"", "2a00::1"),
            ("for=_hidden", "10.0.0.1"),
            ("by=1.1.1.1", "10.0.0.1"),
        ] {
            let headers = [("forwarded", line)];
            assert_eq!(seen("10.0.0.1", &["10.0.0.1/32"], ForwardedBy::Forwarded, &headers), expected);
        }
    }
}
