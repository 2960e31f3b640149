//! E-mails and mobiles.

use proptest::prelude::*;
use shared::address::{Address, Region};

use crate::given::{cases, text};

fn regions() -> impl Strategy<Value = Region> {
    prop::sample::select(vec!["CN", "US", "GB", "DE", "IT", "AR", "MX", "SM", "AC"])
        .prop_map(|code| Region::parse(code).unwrap())
}

/// Texts that are nearly an e-mail.
fn emails() -> impl Strategy<Value = String> {
    prop_oneof![
        text(),
        (text(), text()).prop_map(|(local, domain)| format!("{local}@{domain}")),
        "[ \\t]?[A-Za-zÄßİΣ張#+._-]{1,12}@([A-Za-zäß張0-9-]{1,8}[.。．]){1,3}[a-zß]{1,4} ?",
        "[a-z]{60,66}@x\\.io",
    ]
}

/// Texts that are nearly a mobile.
fn mobiles() -> impl Strategy<Value = String> {
    prop_oneof![text(), "[+＋]{0,2}[0-9０-９() .\u{2010}-]{0,22}", "(\\+|00)?(86|1|44|39|54|52)[0-9]{4,14}"]
}

proptest! {
    #![proptest_config(cases(1_500))]

    #[test]
    fn an_email_that_is_taken_has_one_form_with_a_place_in_a_key(written in emails()) {
        let Ok(address) = Address::email(&written) else { return Ok(()) };
        let canonical = address.canonical().to_owned();
        prop_assert_eq!(address.written(), written.as_str());
        prop_assert_eq!(&canonical, &canonical.to_lowercase());
        prop_assert!(canonical.len() <= 254 && !canonical.chars().any(|c| c.is_control() || c.is_whitespace()), "{}", canonical);
        let (local, domain) = canonical.split_once('@').unwrap();
        prop_assert!((1..=64).contains(&local.len()) && !domain.contains('@'));
        prop_assert!(domain.is_ascii() && domain.contains('.') && !domain.contains(['/', '#', '_']));
        let again = Address::email(&canonical).map_err(|flaw| TestCaseError::fail(format!("{canonical}: {flaw}")))?;
        prop_assert_eq!(again.canonical(), canonical.as_str());
        prop_assert_eq!(&again, &address);
        let Address::Email(email) = &address else { panic!("an e-mail") };
        prop_assert_eq!(email.domain(), domain);
        prop_assert_eq!(email.local_part().to_lowercase(), local);
    }

    #[test]
    fn spaces_around_and_letters_case_make_no_other_email(local in "[a-z]{1,8}", domain in "[a-z]{1,8}\\.[a-z]{2,4}", flips in any::<[bool; 5]>()) {
        let plain = format!("{local}@{domain}");
        let flip = |(at, c): (usize, char)| if flips[at % 5] { c.to_ascii_uppercase() } else { c };
        let typed = format!(" {}\t", plain.char_indices().map(flip).collect::<String>());
        prop_assert_eq!(Address::email(&typed).unwrap(), Address::email(&plain).unwrap());
    }

    #[test]
    fn a_mobile_that_is_taken_is_digits_with_at_most_a_plus(written in mobiles(), region in regions()) {
        let Ok(address) = Address::mobile(&written, &region) else { return Ok(()) };
        let canonical = address.canonical().to_owned();
        let digits = canonical.strip_prefix('+').unwrap_or(&canonical);
        prop_assert!((4..=15).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit()), "{}", canonical);
        prop_assert_eq!(address.written(), written.as_str());
        let again = Address::mobile(&canonical, &region).map_err(|flaw| TestCaseError::fail(format!("{canonical}: {flaw}")))?;
        prop_assert_eq!(again.canonical(), canonical.as_str());
    }

    #[test]
    fn neither_a_refusal_nor_a_log_line_shows_an_address(written in prop_oneof![emails(), mobiles()]) {
        prop_assume!(written.trim().len() > 5 && !"must be an e-mail address with exactly one `@`".contains(written.trim()));
        let region = Region::default();
        for read in [Address::email(&written), Address::mobile(&written, &region)] {
            let told = match read {
                Ok(address) => format!("{address:?}"),
                Err(flaw) => format!("{flaw} {flaw:?}"),
            };
            prop_assert!(!told.contains(written.trim()), "{}", told);
        }
    }
}
