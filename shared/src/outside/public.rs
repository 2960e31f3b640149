//! Which addresses webhooks may go to: those that lead into the public internet, held against what a name resolves to.

use std::future::Future;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::pin::Pin;
use std::task::{Context, Poll};

use hyper_util::client::legacy::connect::dns::{GaiResolver, Name};
use tower_service::Service;

use crate::webhook::Loopback;

/// Special IPv4 blocks (IANA's registry): none of them is globally reachable.
const SPECIAL_V4: [(Ipv4Addr, u32); 14] = [
    (Ipv4Addr::new(0, 0, 0, 0), 8),
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(100, 64, 0, 0), 10),
    (Ipv4Addr::new(127, 0, 0, 0), 8),
    (Ipv4Addr::new(169, 254, 0, 0), 16),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 0, 0, 0), 24),
    (Ipv4Addr::new(192, 0, 2, 0), 24),
    (Ipv4Addr::new(192, 88, 99, 0), 24),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
    (Ipv4Addr::new(198, 18, 0, 0), 15),
    (Ipv4Addr::new(198, 51, 100, 0), 24),
    (Ipv4Addr::new(203, 0, 113, 0), 24),
    (Ipv4Addr::new(224, 0, 0, 0), 3), // multicast, reserved, broadcast
];

/// Special blocks within IPv6's global unicast, `2000::/3`; everything outside that is special as well.
const SPECIAL_V6: [(Ipv6Addr, u32); 4] = [
    (Ipv6Addr::new(0x2001, 0, 0, 0, 0, 0, 0, 0), 23), // tunnels, benchmarks, ORCHID
    (Ipv6Addr::new(0x2001, 0xdb8, 0, 0, 0, 0, 0, 0), 32),
    (Ipv6Addr::new(0x2002, 0, 0, 0, 0, 0, 0, 0), 16), // 6to4: holds an IPv4 address
    (Ipv6Addr::new(0x3fff, 0, 0, 0, 0, 0, 0, 0), 20),
];

/// Whether an address leads into the public internet.
pub fn is_public(ip: IpAddr) -> bool {
    match ip.to_canonical() {
        IpAddr::V4(ip) => !SPECIAL_V4.iter().any(|(block, bits)| (ip.to_bits() ^ block.to_bits()) >> (32 - bits) == 0),
        IpAddr::V6(ip) => {
            let within = |block: &Ipv6Addr, bits: u32| (ip.to_bits() ^ block.to_bits()) >> (128 - bits) == 0;
            within(&Ipv6Addr::new(0x2000, 0, 0, 0, 0, 0, 0, 0), 3)
                && !SPECIAL_V6.iter().any(|(block, bits)| within(block, *bits))
        }
    }
}

/// Whether an address leads to this machine.
pub fn is_loopback(ip: IpAddr) -> bool {
    ip.to_canonical().is_loopback()
}

/// Finds the addresses of a name, and leaves out those that webhooks may not go to. What it gives back is what is connected
/// to: a name that resolves otherwise the next time gains nothing.
#[derive(Clone)]
pub(super) struct PublicResolver {
    names: GaiResolver,
    loopback: Loopback,
}

impl PublicResolver {
    pub(super) fn new(loopback: Loopback) -> Self {
        Self { names: GaiResolver::new(), loopback }
    }
}

/// Whether webhooks may go there.
pub(super) fn is_allowed(ip: IpAddr, loopback: Loopback) -> bool {
    is_public(ip) || (loopback == Loopback::Allowed && is_loopback(ip))
}

impl Service<Name> for PublicResolver {
    type Response = std::vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, io::Error>> + Send>>;

    fn poll_ready(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), io::Error>> {
        self.names.poll_ready(cx)
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let (found, loopback) = (self.names.call(name), self.loopback);
        Box::pin(async move {
            let addresses: Vec<SocketAddr> = found.await?.filter(|found| is_allowed(found.ip(), loopback)).collect();
            if addresses.is_empty() {
                return Err(io::Error::new(io::ErrorKind::PermissionDenied, "the name leads to no public address"));
            }
            Ok(addresses.into_iter())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_leads_into_the_public_internet_is_told_from_what_does_not() {
        let public = ["8.8.8.8", "1.1.1.1", "172.32.0.1", "100.128.0.1", "2606:4700::1111", "::ffff:8.8.8.8"];
        for ip in public {
            assert!(is_public(ip.parse().unwrap()), "{ip}");
        }
        let special = [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "127.255.255.255",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.8",
            "192.0.2.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.19.255.255",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "fe80::1",
            "fc00::1",
            "fd00:ec2::254",
            "ff02::1",
            "64:ff9b::7f00:1",
            "2001::1",
            "2001:db8::1",
            "2002:7f00:1::",
            "::ffff:127.0.0.1",
            "::ffff:10.0.0.1",
            "::127.0.0.1",
        ];
        for ip in special {
            assert!(!is_public(ip.parse().unwrap()), "{ip}");
        }
    }

    #[test]
    fn this_machine_is_allowed_only_where_that_is_set() {
        let here: IpAddr = "127.0.0.1".parse().unwrap();
        assert!(is_allowed(here, Loopback::Allowed) && !is_allowed(here, Loopback::Refused));
        assert!(!is_allowed("10.0.0.1".parse().unwrap(), Loopback::Allowed));
    }

    #[tokio::test]
    async fn a_name_that_leads_to_a_private_address_is_refused_when_it_is_resolved() {
        let resolve = async |loopback| {
            let name: Name = "localhost".parse().unwrap();
            PublicResolver::new(loopback).call(name).await.map(Iterator::count)
        };
        assert_eq!(resolve(Loopback::Refused).await.unwrap_err().kind(), io::ErrorKind::PermissionDenied);
        assert!(resolve(Loopback::Allowed).await.unwrap() > 0);
    }
}
