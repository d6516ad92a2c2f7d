//! Alpine's order of versions, written from apk-package(5), «Package versions»: numbers, a letter, suffixes, a
//! revision.

use std::cmp::Ordering;

/// A version taken apart.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct ApkVersion {
    numbers: Vec<String>,
    letter: Option<char>,
    /// Rank (below zero before the bare version) and number.
    suffixes: Vec<(i32, u64)>,
    revision: u64,
}

const SUFFIXES: [(&str, i32); 9] = [
    ("alpha", -4),
    ("beta", -3),
    ("pre", -2),
    ("rc", -1),
    ("cvs", 1),
    ("svn", 2),
    ("git", 3),
    ("hg", 4),
    ("p", 5),
];

impl ApkVersion {
    pub(crate) fn parse(text: &str) -> Self {
        let (text, revision) = text.rsplit_once("-r").unwrap_or((text, "0"));
        let mut parts = text.split('_');
        let head = parts.next().unwrap();
        let letter = head.chars().last().filter(char::is_ascii_lowercase);
        let numbers: Vec<String> =
            head.trim_end_matches(|c: char| c.is_ascii_lowercase()).split('.').map(str::to_owned).collect();
        assert!(numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit())), "{text}");
        let suffixes = parts
            .map(|part| {
                let digits = part.trim_start_matches(|c: char| c.is_ascii_lowercase());
                let word = &part[..part.len() - digits.len()];
                let rank =
                    SUFFIXES.iter().find(|(name, _)| *name == word).unwrap_or_else(|| panic!("{text}")).1;
                (rank, if digits.is_empty() { 0 } else { digits.parse().unwrap() })
            })
            .collect();
        Self { numbers, letter, suffixes, revision: revision.parse().unwrap() }
    }
}

impl Ord for ApkVersion {
    fn cmp(&self, other: &Self) -> Ordering {
        for (index, (a, b)) in self.numbers.iter().zip(&other.numbers).enumerate() {
            // After the first, numbers that begin with a zero are compared like decimals.
            let decimal = index > 0 && (a.starts_with('0') || b.starts_with('0'));
            let number = |text: &str| text.parse::<u64>().unwrap();
            let order = if decimal { a.cmp(b) } else { number(a).cmp(&number(b)) };
            if order != Ordering::Equal {
                return order;
            }
        }
        let bare = (0, 0);
        let longest = self.suffixes.len().max(other.suffixes.len());
        let suffixes = (0..longest)
            .map(|i| self.suffixes.get(i).unwrap_or(&bare).cmp(other.suffixes.get(i).unwrap_or(&bare)));
        self.numbers
            .len()
            .cmp(&other.numbers.len())
            .then(self.letter.cmp(&other.letter))
            .then(suffixes.fold(Ordering::Equal, Ordering::then))
            .then(self.revision.cmp(&other.revision))
    }
}

impl PartialOrd for ApkVersion {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}
