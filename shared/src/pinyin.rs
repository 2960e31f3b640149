//! How a name is spelt in Latin letters, so that it can be found and sorted by them (talk.md 14.1).

use std::sync::LazyLock;

/// At most so many spellings in each list. Each further heteronym at least doubles them, and a name has up to 128 characters.
pub const MOST_SPELLINGS: usize = 64;

/// A name in pinyin, without tones and with `ü` as `v`, in lower case. What is not Chinese stands in all four as it is.
///
/// The readings and their order are those of npm's `pinyin` 2.11.2 (`hotoo/pinyin`), which the Talk dialect's clients know.
/// `重庆 Team` is `zhongqing team`, or `chongqing team`; `zq team`, or `cq team`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Spelling {
    /// The first reading of each character, joined.
    pub pinyin: String,
    /// All combinations of readings, the first character varying fastest, repeats as the original has them; the first
    /// [`MOST_SPELLINGS`] of them (the original has no bound).
    pub pinyins: Vec<String>,
    /// The initial of the first reading of each character, joined.
    pub py: String,
    /// All combinations of initials, like `pinyins`; readings with the same initial count once.
    pub pys: Vec<String>,
}

impl Spelling {
    /// Spells a name. The empty name has empty spellings.
    pub fn of(name: &str) -> Self {
        let tokens = tokens(name);
        let pinyins = combinations(tokens.iter().map(Token::readings));
        let pys = combinations(tokens.iter().map(Token::initials));
        let first = |spellings: &[String]| spellings.first().cloned().unwrap_or_default();
        Self { pinyin: first(&pinyins), py: first(&pys), pinyins, pys }
    }
}

/// What is spelt at one go.
enum Token<'a> {
    /// One character, by its readings: `dan,shan,chan`.
    Chinese(&'static str),
    /// A run of anything else.
    Other(&'a str),
}

impl<'a> Token<'a> {
    fn readings(&self) -> Vec<&'a str> {
        match self {
            Self::Chinese(readings) => readings.split(',').collect(),
            Self::Other(run) => vec![run],
        }
    }

    /// The first letters of the readings. Equal ones are merged here, before they are combined.
    fn initials(&self) -> Vec<&'a str> {
        match self {
            Self::Chinese(readings) => {
                let mut initials = Vec::new();
                for initial in readings.split(',').filter_map(|reading| reading.get(..1)) {
                    if !initials.contains(&initial) {
                        initials.push(initial);
                    }
                }
                initials
            }
            Self::Other(run) => vec![run],
        }
    }
}

fn tokens(name: &str) -> Vec<Token<'_>> {
    let mut tokens = Vec::new();
    let mut run = 0; // where the run of other characters began
    for (at, c) in name.char_indices() {
        if let Some(readings) = DICTIONARY.readings(c) {
            if run < at {
                tokens.push(Token::Other(&name[run..at]));
            }
            tokens.push(Token::Chinese(readings));
            run = at + c.len_utf8();
        }
    }
    if run < name.len() {
        tokens.push(Token::Other(&name[run..]));
    }
    tokens
}

/// Each token's first reading is appended to all; each further one to a copy of all that there are by then, the earlier
/// copies included: so a token of 1, 2, 3, 4 readings makes the list 1, 2, 4, 8 times as long.
fn combinations<'a>(tokens: impl Iterator<Item = Vec<&'a str>>) -> Vec<String> {
    let mut spellings = Vec::new();
    for (place, readings) in tokens.enumerate() {
        if place == 0 {
            spellings.push(String::new());
        }
        let mut endings = Vec::new();
        for reading in readings {
            // The ending of the copies replaces that of what is copied, so only the number of copies matters.
            endings.resize((endings.len() * 2).max(1), reading);
        }
        let longer =
            endings.iter().flat_map(|ending| spellings.iter().map(move |spelling| format!("{spelling}{ending}")));
        spellings = longer.take(MOST_SPELLINGS).collect();
    }
    spellings.iter().map(|spelling| spelling.to_lowercase()).collect()
}

/// Which characters have which readings. The file says where they come from.
static DICTIONARY: LazyLock<Dictionary> = LazyLock::new(|| Dictionary::read(include_str!("pinyin.txt")));

/// The character of the dictionary that comes first in Unicode.
const FIRST: u32 = '〇' as u32;

/// For each character from [`FIRST`] on, the place of its readings in the list, counted from 1; 0 for none.
struct Dictionary {
    readings: Vec<&'static str>,
    places: Vec<u16>,
}

impl Dictionary {
    /// Lines of `readings characters`; `#` begins a comment line.
    fn read(text: &'static str) -> Self {
        let mut dictionary = Self { readings: Vec::new(), places: Vec::new() };
        let lines = text.lines().filter(|line| !line.starts_with('#'));
        for ((readings, characters), place) in lines.filter_map(|line| line.split_once(' ')).zip(1..) {
            dictionary.readings.push(readings);
            for index in characters.chars().filter_map(index) {
                if dictionary.places.len() <= index {
                    dictionary.places.resize(index + 1, 0);
                }
                dictionary.places[index] = place;
            }
        }
        dictionary
    }

    fn readings(&self, c: char) -> Option<&'static str> {
        let place = self.places.get(index(c)?)?;
        self.readings.get(usize::from(*place).checked_sub(1)?).copied()
    }
}

fn index(c: char) -> Option<usize> {
    u32::from(c).checked_sub(FIRST)?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use proptest::prelude::*;

    use super::*;

    fn list(words: &str) -> Vec<String> {
        words.split(", ").map(str::to_owned).collect()
    }

    /// The vectors of talk.md 14.1, to the letter: name, pinyins, pys. The first of each list is `pinyin`, `py`.
    const VECTORS: &[(&str, &str, &str)] = &[
        ("路人甲", "lurenjia", "lrj"),
        ("话题", "huati", "ht"),
        ("重庆 Team", "zhongqing team, chongqing team", "zq team, cq team"),
        ("银行", "yinhang, yinxing", "yh, yx"),
        ("行长", "hangchang, xingchang, hangzhang, xingzhang", "hc, xc, hz, xz"),
        ("单", "dan, shan, chan, chan", "d, s, c, c"),
        ("重重", "zhongzhong, chongzhong, zhongchong, chongchong", "zz, cz, zc, cc"),
        ("音乐", "yinle, yinyue, yinyao, yinyao, yinlao, yinlao, yinlao, yinlao", "yl, yy"),
        ("绿色", "lvse, luse", "ls"),
        (
            "大会2号",
            "dahui2hao, daihui2hao, taihui2hao, taihui2hao, dakuai2hao, daikuai2hao, taikuai2hao, taikuai2hao",
            "dh2h, th2h, dk2h, tk2h",
        ),
        ("2024 计划", "2024 jihua", "2024 jh"),
        ("Ops-组", "ops-zu", "ops-z"),
        ("room1", "room1", "room1"),
    ];

    #[test]
    fn every_vector_of_the_talk_dialect_holds() {
        for (name, pinyins, pys) in VECTORS {
            let (pinyins, pys) = (list(pinyins), list(pys));
            let expected = Spelling { pinyin: pinyins[0].clone(), py: pys[0].clone(), pinyins, pys };
            assert_eq!(Spelling::of(name), expected, "{name}");
        }
    }

    #[test]
    fn an_empty_name_has_no_spellings() {
        assert_eq!(Spelling::of(""), Spelling::default());
    }

    #[test]
    fn a_rare_character_is_read_as_version_2_11_does() {
        assert_eq!(Spelling::of("〇").pinyins, ["ling", "xing"]);
    }

    #[test]
    fn a_character_beyond_the_first_plane_stands_as_it_is() {
        assert_eq!(Spelling::of("𠮷野🎉").pinyin, "𠮷ye🎉");
    }

    #[test]
    fn a_long_name_has_the_first_64_spellings_and_no_more() {
        let all = Spelling::of(&"行".repeat(6));
        let some = Spelling::of(&"行".repeat(128));
        assert_eq!(some.pinyins.len(), MOST_SPELLINGS);
        for (short, long) in all.pinyins.iter().zip(&some.pinyins) {
            assert_eq!(long, &format!("{short}{}", "hang".repeat(122)));
        }
    }

    #[test]
    fn the_dictionary_is_whole_and_lists_no_character_twice() {
        let mut seen = BTreeSet::new();
        for line in include_str!("pinyin.txt").lines().filter(|line| !line.starts_with('#')) {
            let (readings, characters) = line.split_once(' ').unwrap();
            let distinct: BTreeSet<_> = readings.split(',').collect();
            assert_eq!(distinct.len(), readings.split(',').count(), "{line}");
            assert!(distinct.iter().all(|r| !r.is_empty() && r.bytes().all(|b| b.is_ascii_lowercase())), "{line}");
            for c in characters.chars() {
                assert!(seen.insert(c), "{c} is listed twice");
                assert_eq!(DICTIONARY.readings(c), Some(readings));
            }
        }
        assert_eq!(seen.len(), 26_141);
    }

    proptest! {
        #[test]
        fn any_name_has_a_spelling_and_its_first_one_leads_the_list(name in "[大会行a-zA-Z重 \\PC]{1,12}") {
            let spelling = Spelling::of(&name);
            prop_assert_eq!(Some(&spelling.pinyin), spelling.pinyins.first());
            prop_assert_eq!(Some(&spelling.py), spelling.pys.first());
            prop_assert!(spelling.pinyins.len() <= MOST_SPELLINGS);
        }
    }
}
