//! Which addresses may be called.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};

use percent_encoding::percent_decode_str;
use url::{Host, Url};

/// What is let through besides public `https://` addresses.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Guard {
    /// The demo's or a test's sandbox: this exact address and port, by plain http, without its control API.
    pub allowed: Option<SocketAddr>,
}

/// Why an address may not be called. The texts are for people.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Forbidden {
    #[error("the address must begin with https://")]
    Scheme,
    #[error("the address must not contain a user name or a password")]
    UserInfo,
    #[error("the address has no host")]
    NoHost,
    #[error("the address leads into a private or reserved network")]
    Network,
    #[error("the sandbox's control interface cannot be connected")]
    Control,
}

impl Guard {
    /// Whether the address may be called, as far as it can be told without resolving its name.
    ///
    /// # Errors
    /// Why not.
    pub fn check(&self, url: &Url) -> Result<(), Forbidden> {
        if !url.username().is_empty() || url.password().is_some() {
            return Err(Forbidden::UserInfo);
        }
        let host = url.host().ok_or(Forbidden::NoHost)?;
        if self.is_sandbox(url, &host) {
            return if names_control(url.path()) { Err(Forbidden::Control) } else { Ok(()) };
        }
        match (url.scheme(), literal(&host)) {
            (_, Some(ip)) if !is_public(ip) => Err(Forbidden::Network),
            // The resolver answers this name with the sandbox's address, so it must not be asked for another port.
            _ if host == Host::Domain("localhost") => Err(Forbidden::Network),
            ("https", _) => Ok(()),
            _ => Err(Forbidden::Scheme),
        }
    }

    fn is_sandbox(&self, url: &Url, host: &Host<&str>) -> bool {
        let Some(allowed) = self.allowed else { return false };
        let same_host = literal(host).map_or(*host == Host::Domain("localhost"), |ip| ip == allowed.ip());
        url.scheme() == "http" && same_host && url.port_or_known_default() == Some(allowed.port())
    }
}

fn literal(host: &Host<&str>) -> Option<IpAddr> {
    match host {
        Host::Domain(_) => None,
        Host::Ipv4(ip) => Some(IpAddr::V4(*ip)),
        Host::Ipv6(ip) => Some(IpAddr::V6(*ip)),
    }
}

/// The control API lies at `/_control`. A server may decode a path more often than we do, so each round of decoding
/// is looked at, until nothing is left to decode.
fn names_control(path: &str) -> bool {
    let mut path = path.to_owned();
    loop {
        if path.split(['/', '\\']).any(|segment| segment.trim().eq_ignore_ascii_case("_control")) {
            return true;
        }
        let decoded = percent_decode_str(&path).decode_utf8_lossy().into_owned();
        if decoded == path {
            return false;
        }
        path = decoded;
    }
}

/// Whether an address is one of the public internet's: not private, local, shared, multicast, reserved, for
/// documentation or benchmarks, nor an IPv6 form that carries an IPv4 address. By IANA's special-purpose registries.
#[must_use]
pub fn is_public(ip: IpAddr) -> bool {
    match ip {
        IpAddr::V4(ip) => is_public_v4(ip),
        IpAddr::V6(ip) => is_public_v6(ip),
    }
}

fn is_public_v4(ip: Ipv4Addr) -> bool {
    let special = matches!(
        ip.octets(),
        [0 | 10 | 127 | 224..=255, ..]
            | [100, 64..=127, ..]
            | [169, 254, ..]
            | [172, 16..=31, ..]
            | [192, 168, ..]
            | [192, 0, 0 | 2, _]
            | [192, 88, 99, _]
            | [198, 18 | 19, ..]
            | [198, 51, 100, _]
            | [203, 0, 113, _]
    );
    !special
}

/// Only 2000::/3 is global unicast, which leaves out ::1, ::ffff:0:0/96, 64:ff9b::/32, fc00::/7, fe80::/10 and ff00::/8.
fn is_public_v6(ip: Ipv6Addr) -> bool {
    let [a, b, ..] = ip.segments();
    let global = a & 0xe000 == 0x2000;
    // 2001::/23 holds Teredo, ORCHID and benchmarking; 2002::/16 is 6to4.
    let special = (a == 0x2001 && (b < 0x0200 || b == 0x0db8)) || a == 0x2002 || (a == 0x3fff && b < 0x1000);
    global && !special
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_public_addresses_are_public() {
        let refused = "0.0.0.0 10.1.2.3 100.64.0.1 127.0.0.1 127.9.9.9 169.254.169.254 172.16.0.1 172.31.255.255 \
            192.0.0.8 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.7 203.0.113.9 224.0.0.1 \
            240.0.0.1 255.255.255.255 :: ::1 ::ffff:127.0.0.1 ::ffff:8.8.8.8 ::127.0.0.1 64:ff9b::a9fe:a9fe 64:ff9b:1::1 \
            100::1 2001::1 2001:2::1 2001:10::1 2001:db8::1 2002:7f00:1:: 3fff::1 fc00::1 fd00:ec2::254 fe80::1 fec0::1 ff02::1";
        for ip in refused.split_whitespace() {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
        for ip in ["1.1.1.1", "23.227.38.74", "100.128.0.1", "172.32.0.1", "2606:4700::1111", "2a00:1450:4001::1"] {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn an_address_is_refused_as_it_is_written() {
        let guard = Guard::default();
        let refused = [
            ("http://shop.example", Forbidden::Scheme),
            ("ftp://shop.example", Forbidden::Scheme),
            ("file:///etc/passwd", Forbidden::NoHost),
            ("https://user:secret@shop.example", Forbidden::UserInfo),
            ("https://127.0.0.1", Forbidden::Network),
            ("https://2130706433/", Forbidden::Network),
            ("https://0x7f.1/", Forbidden::Network),
            ("https://[::ffff:10.0.0.1]/", Forbidden::Network),
            ("http://169.254.169.254/latest/meta-data", Forbidden::Network),
            ("http://localhost:3000/", Forbidden::Network),
            ("https://localhost/", Forbidden::Network),
        ];
        for (url, why) in refused {
            assert_eq!(guard.check(&url.parse().unwrap()), Err(why), "{url}");
        }
        assert_eq!(guard.check(&"https://shop.example/admin".parse().unwrap()), Ok(()));
        assert_eq!(guard.check(&"https://1.1.1.1/".parse().unwrap()), Ok(()));
    }

    #[test]
    fn the_sandbox_is_let_through_at_its_exact_address_and_without_its_control_api() {
        let guard = Guard { allowed: Some("127.0.0.1:4000".parse().unwrap()) };
        for url in ["http://127.0.0.1:4000/shopify/a", "http://localhost:4000/", "http://LOCALHOST:4000/x"] {
            assert_eq!(guard.check(&url.parse().unwrap()), Ok(()), "{url}");
        }
        let refused = [
            "http://127.0.0.1:4001/",
            "http://localhost/",
            "https://127.0.0.1:4000/",
            "https://localhost:4000/",
            "http://127.0.0.2:4000/",
            "http://[::1]:4000/",
            "http://localhost.:4000/",
            "http://a@127.0.0.1:4000/",
            "http://127.0.0.1:4000/_control/faults",
            "http://127.0.0.1:4000//_control",
            "http://127.0.0.1:4000/%5fcontrol",
            "http://127.0.0.1:4000/%255Fcontrol",
            "http://127.0.0.1:4000/%2525255Fcontrol",
            "http://127.0.0.1:4000/%25252525255Fcontrol",
            "http://127.0.0.1:4000/x/..%2f_control",
            "http://127.0.0.1:4000/x/../_control/accounts",
            "http://127.0.0.1:4000/x/%2e%2e/_Control",
        ];
        for url in refused {
            assert!(guard.check(&url.parse().unwrap()).is_err(), "{url}");
        }
    }
}
