//! URLs that webhooks are to go to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use proptest::prelude::*;
use shared::outside::{is_loopback, is_public};
use shared::webhook::{Loopback, checked_url};

use crate::given::{cases, text};

/// Texts that are nearly a URL.
fn urls() -> impl Strategy<Value = String> {
    let scheme = prop::sample::select(vec![
        "https://",
        "http://",
        "HTTPS://",
        "ftp://",
        "https:",
        "//",
        "",
        "https:///",
        "file://",
    ]);
    let host = prop_oneof![
        text(),
        "[a-z0-9.-]{0,20}",
        "([a-z]{1,3}(:[a-z]{1,3})?@)?[a-z]{1,5}\\.(com|io)",
        "[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}\\.[0-9]{1,3}",
        "\\[[0-9a-f:.%]{0,20}\\]",
        Just("localhost".to_owned()),
        Just("LocalHost".to_owned()),
    ];
    (scheme, host, "(:[0-9]{0,6})?", prop_oneof![Just(String::new()), "[/?#][ -~]{0,20}", text()])
        .prop_map(|(scheme, host, port, rest)| format!("{scheme}{host}{port}{rest}"))
}

fn refused(url: &str) -> bool {
    checked_url("url", url, Loopback::Refused).is_err()
}

proptest! {
    #![proptest_config(cases(2_000))]

    #[test]
    fn a_url_that_is_taken_is_to_the_letter_what_was_sent_and_leads_outside(url in prop_oneof![urls(), text()]) {
        for loopback in [Loopback::Allowed, Loopback::Refused] {
            let taken = match checked_url("url", &url, loopback) {
                Ok(taken) => taken,
                Err(refusal) => {
                    prop_assert!(refusal.to_string().starts_with("`url` must "), "{}", refusal);
                    continue;
                }
            };
            prop_assert!(taken == url && url.len() <= 2_048 && !url.chars().any(|c| c.is_control() || c == ' '));
            let lower = url.to_ascii_lowercase();
            prop_assert!(lower.starts_with("https://") || (loopback == Loopback::Allowed && lower.starts_with("http://")));
            let authority = lower.split_once("//").unwrap().1.split(['/', '?', '#']).next().unwrap();
            prop_assert!(!authority.is_empty() && !authority.contains('@'));
            if loopback == Loopback::Refused {
                prop_assert!(authority != "localhost" && !authority.starts_with("localhost:"));
            }
        }
    }

    #[test]
    fn a_bare_address_is_taken_if_it_is_public(bits in any::<u32>(), port in any::<u16>(), wide in any::<u128>(), global in any::<bool>()) {
        let ip = Ipv4Addr::from_bits(bits);
        prop_assert_eq!(refused(&format!("https://{ip}:{port}/x")), !is_public(IpAddr::V4(ip)));
        prop_assert_eq!(refused(&format!("https://[{}]/x", ip.to_ipv6_mapped())), !is_public(IpAddr::V4(ip)));
        let wide = if global { wide >> 3 | 1 << 125 } else { wide };
        let ip = Ipv6Addr::from_bits(wide);
        prop_assert_eq!(refused(&format!("https://[{ip}]:{port}")), !is_public(IpAddr::V6(ip)));
    }

    #[test]
    fn this_machine_is_reached_only_where_that_is_allowed(low in 0_u32..1 << 24, port in 1_u16..) {
        let ip = Ipv4Addr::from_bits(127 << 24 | low);
        prop_assert!(is_loopback(ip.into()) && !is_public(ip.into()));
        for host in [ip.to_string(), format!("[{}]", ip.to_ipv6_mapped()), "[::1]".to_owned(), "LOCALHOST".to_owned()] {
            for scheme in ["http", "https"] {
                let url = format!("{scheme}://{host}:{port}/");
                prop_assert!(refused(&url), "{}", url);
                prop_assert!(checked_url("url", &url, Loopback::Allowed).is_ok(), "{}", url);
            }
        }
    }
}
