//! An e-mail or a mobile as a person writes it, and the one form in which two writings of it are compared (D33).

use std::fmt;

use idna::uts46::{AsciiDenyList, DnsLength, Hyphens, Uts46};
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumberFormat};

/// The longest e-mail, in bytes, as written and in its canonical form (RFC 5321, with the angle brackets off).
const LONGEST_EMAIL: usize = 254;
/// The longest part before the `@`, in bytes (RFC 5321).
const LONGEST_LOCAL_PART: usize = 64;
/// The digits of a mobile, fewest and most (talk.md 1.3; the most is that of E.164 as well).
const DIGITS: std::ops::RangeInclusive<usize> = 4..=15;

/// An address at which somebody can be invited. Equal addresses are those with the same canonical form, however written.
///
/// `Debug` shows the kind alone: addresses are never logged.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Address {
    /// `ann@x.io`.
    Email(Email),
    /// `+8613100000000`.
    Mobile(Mobile),
}

/// An e-mail address.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Email(Text);

/// A mobile number.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Mobile(Text);

impl Address {
    /// Reads an e-mail: one `@`, a local part of RFC 5322 atoms (no quotes) or letters beyond ASCII, a domain of two or more
    /// labels. White space around it is dropped; inside it is refused. (talk.md 1.3.)
    pub fn email(written: &str) -> Result<Self, BadAddress> {
        let canonical = canonical_email(written.trim())?;
        Ok(Self::Email(Email(Text { written: written.to_owned(), canonical })))
    }

    /// Reads a mobile: an optional `+` and 4 to 15 digits, among any of the spaces, dashes, dots and brackets that people
    /// type. What has no `+` is read as somebody in `region` would dial it.
    ///
    /// Full-width signs (`１３１`, `＋`, `（`) are read as their plain twins: a Chinese keyboard gives them for the same
    /// keys, and an invitation must not be lost on that. Digits of other scripts are refused.
    pub fn mobile(written: &str, region: &Region) -> Result<Self, BadAddress> {
        let canonical = canonical_mobile(written, region)?;
        Ok(Self::Mobile(Mobile(Text { written: written.to_owned(), canonical })))
    }

    /// The form to compare and to look up by: `new.person@example.com`, `+8613100000000`.
    ///
    /// An e-mail is trimmed, lower-cased, its domain in ASCII (`xn--…`). A mobile is E.164 if that is a valid number, else its
    /// digits; it keeps a `+` even then if without it the digits would be somebody else's valid number.
    pub fn canonical(&self) -> &str {
        &self.text().canonical
    }

    /// What was sent, to the letter, for the reply to echo.
    pub fn written(&self) -> &str {
        &self.text().written
    }

    fn text(&self) -> &Text {
        match self {
            Self::Email(Email(text)) | Self::Mobile(Mobile(text)) => text,
        }
    }
}

impl Email {
    /// What stands before the `@`, in the case in which it was written: a name to show.
    pub fn local_part(&self) -> &str {
        split(self.0.written.trim()).0
    }

    /// What stands after the `@`, in its canonical form: `x.io`, `xn--bcher-kva.example`.
    pub fn domain(&self) -> &str {
        split(&self.0.canonical).1
    }
}

/// The two sides of an address that is known to have one `@`.
fn split(email: &str) -> (&str, &str) {
    email.split_once('@').unwrap_or((email, ""))
}

/// Both forms of an address; the canonical one alone tells addresses apart (only an e-mail's has an `@`).
#[derive(Clone)]
struct Text {
    written: String,
    canonical: String,
}

impl fmt::Debug for Text {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("_")
    }
}

impl PartialEq for Text {
    fn eq(&self, other: &Self) -> bool {
        self.canonical == other.canonical
    }
}

impl Eq for Text {}

impl PartialOrd for Text {
    fn partial_cmp(&self, other: &Self) -> Option<std::cmp::Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Text {
    fn cmp(&self, other: &Self) -> std::cmp::Ordering {
        self.canonical.cmp(&other.canonical)
    }
}

impl std::hash::Hash for Text {
    fn hash<H: std::hash::Hasher>(&self, state: &mut H) {
        self.canonical.hash(state);
    }
}

/// Why a text is no address. The sentence goes on from the parameter's name and never repeats the address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum BadAddress {
    /// None, or several.
    #[error("must be an e-mail address with exactly one `@`")]
    NotOneAt,
    /// `@x.io`, `a..b@x.io`, `.a@x.io`, or a local part over 64 bytes.
    #[error("must have 1 to 64 bytes before the `@`, with no dot at either end and no two in a row")]
    LocalPart,
    /// A space, a control or invisible character, or one of `"(),:;<>[\]`.
    #[error("must not contain spaces, control characters or any of `\"(),:;<>[\\]`")]
    Character,
    /// No dot, an empty label, or not a name that the DNS can hold.
    #[error("must have a domain name after the `@`, such as `example.com`")]
    Domain,
    /// Over 254 bytes.
    #[error("must be at most {LONGEST_EMAIL} bytes long")]
    TooLong,
    /// Something other than digits and the signs between them, or a `+` that does not come first.
    #[error(
        "must be a mobile number: digits after an optional `+`, with spaces, dashes, dots or brackets between them"
    )]
    NotAMobile,
    /// Too few or too many digits.
    #[error("must have {} to {} digits", DIGITS.start(), DIGITS.end())]
    Digits,
}

fn canonical_email(trimmed: &str) -> Result<String, BadAddress> {
    if trimmed.len() > LONGEST_EMAIL {
        return Err(BadAddress::TooLong);
    }
    let (local, domain) = trimmed.split_once('@').ok_or(BadAddress::NotOneAt)?;
    if domain.contains('@') {
        return Err(BadAddress::NotOneAt);
    }
    let local = local.to_lowercase();
    if local.len() > LONGEST_LOCAL_PART || local.split('.').any(str::is_empty) {
        return Err(BadAddress::LocalPart);
    }
    if trimmed.chars().any(is_never_in_an_email) {
        return Err(BadAddress::Character);
    }
    let email = format!("{local}@{}", canonical_domain(domain)?);
    if email.len() > LONGEST_EMAIL { Err(BadAddress::TooLong) } else { Ok(email) }
}

fn is_never_in_an_email(c: char) -> bool {
    c.is_whitespace() || c.is_control() || is_invisible(c) || r#""(),:;<>[\]"#.contains(c)
}

/// Marks that come along when text is pasted: two addresses that look the same would differ by them.
fn is_invisible(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn canonical_domain(domain: &str) -> Result<String, BadAddress> {
    let ascii = Uts46::new()
        .to_ascii(domain.as_bytes(), AsciiDenyList::STD3, Hyphens::CheckFirstLast, DnsLength::Verify)
        .map_err(|_| BadAddress::Domain)?;
    let (_, top) = ascii.rsplit_once('.').ok_or(BadAddress::Domain)?;
    let named = top.starts_with("xn--") || top.bytes().all(|byte| byte.is_ascii_alphabetic());
    if named && top.len() > 1 { Ok(ascii.into_owned()) } else { Err(BadAddress::Domain) }
}

fn canonical_mobile(written: &str, region: &Region) -> Result<String, BadAddress> {
    let dialled: String = written.chars().map(plain).filter(|c| !is_between_digits(*c)).collect();
    let digits = dialled.strip_prefix('+').unwrap_or(&dialled);
    if !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(BadAddress::NotAMobile);
    }
    if !DIGITS.contains(&digits.len()) {
        return Err(BadAddress::Digits);
    }
    if let Some(number) = e164(&dialled, region) {
        return Ok(number);
    }
    let another = dialled.len() > digits.len() && e164(digits, region).is_some();
    Ok(if another { dialled } else { digits.to_owned() })
}

/// The plain twin of a full-width sign.
fn plain(c: char) -> char {
    match c {
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(c) - 0xfee0).unwrap_or(c),
        other => other,
    }
}

fn is_between_digits(c: char) -> bool {
    let dash = matches!(c, '-' | '\u{2010}'..='\u{2015}' | '\u{2212}');
    dash || c == ' ' || c == '.' || "()[]".contains(c) || (c.is_whitespace() && !c.is_control())
}

/// The number in E.164, if it is a valid one.
fn e164(dialled: &str, region: &Region) -> Option<String> {
    let number = PHONE_NUMBER_UTIL.parse(dialled, Some(region.0)).ok()?;
    let valid = PHONE_NUMBER_UTIL.is_valid_number(&number);
    let text = valid.then(|| PHONE_NUMBER_UTIL.format(&number, PhoneNumberFormat::E164).into_owned())?;
    (text.len() <= 1 + DIGITS.end()).then_some(text)
}

/// The part of the world from which a number without `+` is dialled: an ISO 3166-1 alpha-2 code. `CN` unless told otherwise.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Region(rlibphonenumber::Region);

/// Every region that has numbers of its own; a list, so that reading a region does not load the numbers of the world.
const REGIONS: &str = "\
    AC AD AE AF AG AI AL AM AO AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BW BY BZ CA \
    CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO FR \
    GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GT GU GW GY HK HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE JM JO JP \
    KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO MP MQ MR \
    MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PR PS PT PW PY QA RE RO \
    RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TA TC TD TG TH TJ TK TL TM TN TO TR TT \
    TV TW TZ UA UG US UY UZ VA VC VE VG VI VN VU WF WS XK YE YT ZA ZM ZW";

impl Region {
    /// Reads a two-letter code, in either case.
    pub fn parse(code: &str) -> Result<Self, UnknownRegion> {
        let code = code.to_ascii_uppercase();
        let known = REGIONS.split(' ').any(|region| region == code);
        let region = if known { code.parse().ok() } else { None };
        region.map(Self).ok_or(UnknownRegion)
    }
}

impl Default for Region {
    fn default() -> Self {
        Self(rlibphonenumber::Region::CN)
    }
}

impl fmt::Display for Region {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A text that names no region with telephone numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("must be the two letters of a country or region, such as `CN`")]
pub struct UnknownRegion;

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn email(written: &str) -> Address {
        Address::email(written).unwrap()
    }

    fn mobile(written: &str, region: &str) -> Address {
        Address::mobile(written, &Region::parse(region).unwrap()).unwrap()
    }

    fn refused(written: &str) -> BadAddress {
        Address::email(written).unwrap_err()
    }

    fn refused_mobile(written: &str) -> BadAddress {
        Address::mobile(written, &Region::default()).unwrap_err()
    }

    #[test]
    fn a_mixed_case_email_equals_its_lower_case() {
        assert_eq!(email(" New.Person@Example.COM "), email("new.person@example.com"));
        assert_eq!(email("ÄNN@x.io"), email("änn@x.io"));
    }

    #[test]
    fn a_domain_in_its_own_letters_equals_the_same_in_ascii() {
        let ascii = email("user@xn--bcher-kva.example");
        for written in
            ["user@BÜCHER.example", "user@bücher.example", "user@bu\u{308}cher。example", "user@XN--bcher-KVA.example"]
        {
            assert_eq!(email(written), ascii, "{written}");
        }
        assert_eq!(ascii.canonical(), "user@xn--bcher-kva.example");
    }

    #[test]
    fn the_reply_can_echo_what_was_sent() {
        assert_eq!(email(" Ann@X.io").written(), " Ann@X.io");
        assert_eq!(mobile("131-0000-0000", "CN").written(), "131-0000-0000");
    }

    #[test]
    fn an_email_has_a_name_as_written_and_a_domain_to_compare() {
        let Address::Email(email) = email(" Ann.B@X.io ") else { unreachable!() };
        assert_eq!((email.local_part(), email.domain()), ("Ann.B", "x.io"));
    }

    #[test]
    fn a_local_part_may_hold_signs_and_letters_beyond_ascii() {
        for written in ["a#b@x.io", "ann+room@x.io", "o'hara@x.io", "张三@例子.中国", "a_b-c@x-y.co.uk"] {
            email(written);
        }
    }

    #[test]
    fn an_email_needs_exactly_one_at() {
        for written in ["", "ann", "ann.x.io", "a@b@x.io", "ann＠x.io", "@@"] {
            assert_eq!(refused(written), BadAddress::NotOneAt, "{written}");
        }
    }

    #[test]
    fn an_email_needs_a_local_part() {
        let long = format!("{}@x.io", "a".repeat(65));
        for written in ["@x.io", ".a@x.io", "a.@x.io", "a..b@x.io", &long] {
            assert_eq!(refused(written), BadAddress::LocalPart, "{written}");
        }
    }

    #[test]
    fn an_email_holds_no_spaces_or_control_or_invisible_characters() {
        for written in [
            "a b@x.io",
            "a@x .io",
            "a\0b@x.io",
            "a\u{200b}@x.io",
            "a@x\u{ad}y.io",
            "\"a\"@x.io",
            "<a@x.io>",
            "a@x.io, b",
        ] {
            assert_eq!(refused(written), BadAddress::Character, "{written}");
        }
    }

    #[test]
    fn an_email_needs_a_domain_with_a_dot_and_no_empty_label() {
        for written in [
            "a@",
            "a@x",
            "a@.io",
            "a@x.",
            "a@x..io",
            "a@x.io.",
            "a@-x.io",
            "a@x_y.io",
            "a@1.2.3.4",
            "a@x.i",
            "a@xn--0.io",
        ] {
            assert_eq!(refused(written), BadAddress::Domain, "{written}");
        }
    }

    #[test]
    fn an_email_is_at_most_254_bytes_long_in_either_form() {
        let labels = |label: &str, times| vec![label; times].join(".");
        let just = format!("a@{}.io", labels(&"x".repeat(49), 5));
        assert_eq!(just.len(), 254);
        email(&just);
        assert_eq!(refused(&format!("a{just}")), BadAddress::TooLong);
        assert_eq!(refused(&format!("{}@{}.io", "a".repeat(64), labels("üä", 24))), BadAddress::TooLong);
    }

    #[test]
    fn however_a_mobile_is_typed_it_is_one_number() {
        let writings = [
            "13100000000",
            "+86 131 0000 0000",
            "8613100000000",
            "0086-131-0000-0000",
            "(+86) 131.0000.0000",
            " 131‑0000–0000 ",
            "１３１　００００－００００",
        ];
        for written in writings {
            assert_eq!(mobile(written, "CN").canonical(), "+8613100000000", "{written}");
        }
    }

    #[test]
    fn a_mobile_without_a_plus_is_dialled_from_its_region() {
        assert_eq!(mobile("(202) 555-0173", "US").canonical(), "+12025550173");
        assert_eq!(mobile("07400 123456", "GB").canonical(), "+447400123456");
        assert_eq!(mobile("+44 7400 123456", "CN"), mobile("07400 123456", "gb"));
    }

    #[test]
    fn a_mobile_that_is_no_number_of_its_region_is_compared_by_digits() {
        assert_eq!(mobile("5550-1234", "CN").canonical(), "55501234");
        assert_eq!(mobile("+210 12345", "CN").canonical(), "21012345");
    }

    #[test]
    fn a_plus_is_kept_where_the_digits_alone_are_somebody_else() {
        let nobody = mobile("+13100000000", "CN");
        assert_eq!(nobody.canonical(), "+13100000000");
        assert_ne!(nobody, mobile("13100000000", "CN"));
    }

    #[test]
    fn a_mobile_has_4_to_15_digits_and_nothing_else() {
        for written in ["", "+", "123", "+1-2 3", "1234567890123456"] {
            assert_eq!(refused_mobile(written), BadAddress::Digits, "{written}");
        }
        for written in
            ["1310000000o", "++86131", "131+0000", "131#0000", "٠١٢٣٤", "131\u{0}0000", "131/0000", "131\n0000"]
        {
            assert_eq!(refused_mobile(written), BadAddress::NotAMobile, "{written}");
        }
        assert_eq!(mobile("1234", "CN").canonical(), "1234");
    }

    #[test]
    fn debug_and_refusals_never_show_the_address() {
        let shown = format!("{:?} {:?}", email("ann@x.io"), mobile("13100000000", "CN"));
        assert_eq!(shown, "Email(Email(_)) Mobile(Mobile(_))");
        for bad in [refused("secret"), refused("sec ret@x.io"), refused("secret@x"), refused_mobile("secret")] {
            assert!(!format!("{bad} {bad:?}").contains("secret"));
        }
    }

    #[test]
    fn a_region_is_known_by_its_two_letters() {
        assert_eq!(Region::parse("cn"), Ok(Region::default()));
        assert_eq!(Region::parse("GB").unwrap().to_string(), "GB");
        for code in ["", "C", "XX", "CHN", "001", "86", "AC AD", "ÄÖ"] {
            assert_eq!(Region::parse(code), Err(UnknownRegion), "{code}");
        }
    }

    #[test]
    fn the_list_of_regions_is_that_of_the_numbers_of_the_world() {
        let mut world: Vec<_> = PHONE_NUMBER_UTIL.get_supported_regions().map(|region| region.to_string()).collect();
        world.sort();
        assert_eq!(REGIONS.split(' ').collect::<Vec<_>>(), world);
    }

    fn any_region() -> impl Strategy<Value = Region> {
        prop::sample::select(REGIONS.split(' ').map(|code| Region::parse(code).unwrap()).collect::<Vec<_>>())
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(2_000))]

        #[test]
        fn no_text_makes_the_reader_panic(text in any::<String>(), region in any_region()) {
            let _ = Address::email(&text);
            let _ = Address::mobile(&text, &region);
        }

        #[test]
        fn the_canonical_email_is_its_own_canonical_form(text in "[ \\t]?[^@ ]{1,9}@([a-zA-ZäßÜ例١０-９ıİΣ-]{1,9}[.。]){1,3}[a-zß中]{2,3}") {
            if let Ok(address) = Address::email(&text) {
                let again = email(address.canonical());
                prop_assert_eq!(again.canonical(), address.canonical());
            }
        }

        #[test]
        fn the_canonical_mobile_is_its_own_canonical_form(text in "[+＋]?[0-9０-９]{3,16}", region in any_region()) {
            if let Ok(address) = Address::mobile(&text, &region) {
                let again = Address::mobile(address.canonical(), &region).unwrap();
                prop_assert_eq!(again.canonical(), address.canonical());
            }
        }
    }
}
