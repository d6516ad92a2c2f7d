//! How each package manager compares versions.

use std::cmp::Ordering;

use landfall_payload::Format;

/// Compares two versions as a format's own package manager does; `None` for archives, which have none.
pub fn compare(format: Format, one: &str, other: &str) -> Option<Ordering> {
    Some(match format {
        Format::Deb => parts(one, other, "0", debian),
        Format::Rpm => parts(one, other, "", rpm),
        // libalpm's comparison is rpm's of before `~` and `^`.
        Format::Arch => parts(one, other, "", alpm),
        Format::Apk => alpine(one, other),
        Format::Msi => installer(one).cmp(&installer(other)),
        Format::TarGz | Format::TarZst | Format::Zip | Format::Exe => return None,
    })
}

/// Windows Installer compares three numbers and nothing else.
fn installer(version: &str) -> [u32; 3] {
    let mut numbers = version.split('.').map(|number| number.parse().unwrap_or(0));
    [(); 3].map(|()| numbers.next().unwrap_or(0))
}

/// `[epoch:]version[-release]`, part by part. A release that is missing counts as `without`, or where that is
/// empty as equal to any.
fn parts(one: &str, other: &str, without: &str, compare: fn(&str, &str) -> Ordering) -> Ordering {
    let split = |text: &str| {
        let (epoch, rest) = text.split_once(':').unwrap_or(("0", text));
        let (version, release) = rest.rsplit_once('-').unwrap_or((rest, without));
        (epoch.trim_start_matches('0').parse().unwrap_or(0_u64), version.to_owned(), release.to_owned())
    };
    let (a, b) = (split(one), split(other));
    let releases = || {
        if a.2.is_empty() || b.2.is_empty() { Ordering::Equal } else { compare(&a.2, &b.2) }
    };
    a.0.cmp(&b.0).then_with(|| compare(&a.1, &b.1)).then_with(releases)
}

/// Debian Policy §5.6.12: text and numbers in turn; `~` sorts before the end, letters before everything else.
fn debian(one: &str, other: &str) -> Ordering {
    let weight = |b: Option<&u8>| match b {
        None => 0,
        Some(b'~') => -1,
        Some(b) if b.is_ascii_alphabetic() => i32::from(*b),
        Some(b) => i32::from(*b) + 256,
    };
    let (mut a, mut b) = (one.as_bytes(), other.as_bytes());
    while !a.is_empty() || !b.is_empty() {
        loop {
            let (x, y) =
                (a.first().filter(|x| !x.is_ascii_digit()), b.first().filter(|y| !y.is_ascii_digit()));
            if x.is_none() && y.is_none() {
                break;
            }
            let order = weight(x).cmp(&weight(y));
            if order != Ordering::Equal {
                return order;
            }
            (a, b) = (&a[1..], &b[1..]);
        }
        let order = numbers(take(&mut a, u8::is_ascii_digit), take(&mut b, u8::is_ascii_digit));
        if order != Ordering::Equal {
            return order;
        }
    }
    Ordering::Equal
}

/// Takes the bytes at the beginning for which `is` holds.
fn take<'a>(text: &mut &'a [u8], is: fn(&u8) -> bool) -> &'a [u8] {
    let end = text.iter().position(|b| !is(b)).unwrap_or(text.len());
    let (head, rest) = text.split_at(end);
    *text = rest;
    head
}

/// Numbers of any length.
fn numbers(one: &[u8], other: &[u8]) -> Ordering {
    let bare = |n: &[u8]| n.iter().copied().skip_while(|b| *b == b'0').collect::<Vec<u8>>();
    let (a, b) = (bare(one), bare(other));
    a.len().cmp(&b.len()).then_with(|| a.cmp(&b))
}

/// rpm-version(7): segments of letters and of digits; `~` sorts before the end, `^` after it but before more.
fn rpm(one: &str, other: &str) -> Ordering {
    segments(one, other, true)
}

fn alpm(one: &str, other: &str) -> Ordering {
    segments(one, other, false)
}

fn segments(one: &str, other: &str, marks: bool) -> Ordering {
    let (mut a, mut b) = (one.as_bytes(), other.as_bytes());
    // rpm passes over a separator at the end; for pacman it is something that the other version lacks.
    'parts: while marks || !a.is_empty() && !b.is_empty() {
        let separator: fn(&u8) -> bool = if marks {
            |b| !b.is_ascii_alphanumeric() && *b != b'~' && *b != b'^'
        } else {
            |b| !b.is_ascii_alphanumeric()
        };
        let (skipped_a, skipped_b) = (take(&mut a, separator).len(), take(&mut b, separator).len());
        for (mark, before_end) in [(b'~', true), (b'^', false)].into_iter().filter(|_| marks) {
            match (a.first() == Some(&mark), b.first() == Some(&mark)) {
                (false, false) => {}
                (true, true) => {
                    (a, b) = (&a[1..], &b[1..]);
                    continue 'parts;
                }
                (true, false) if before_end || !b.is_empty() => return Ordering::Less,
                (true, false) => return Ordering::Greater,
                (false, true) if before_end || !a.is_empty() => return Ordering::Greater,
                (false, true) => return Ordering::Less,
            }
        }
        if a.is_empty() || b.is_empty() {
            break;
        }
        if !marks && skipped_a != skipped_b {
            return skipped_a.cmp(&skipped_b);
        }
        let digits = a[0].is_ascii_digit();
        let is: fn(&u8) -> bool = if digits { u8::is_ascii_digit } else { u8::is_ascii_alphabetic };
        let (x, y) = (take(&mut a, is), take(&mut b, is));
        if y.is_empty() {
            // A number is newer than a word.
            return if digits { Ordering::Greater } else { Ordering::Less };
        }
        let order = if digits { numbers(x, y) } else { x.cmp(y) };
        if order != Ordering::Equal {
            return order;
        }
    }
    match (a.first(), b.first()) {
        (None, None) => Ordering::Equal,
        // For pacman, letters after everything else are a pre-release.
        (None, Some(c)) if !marks && c.is_ascii_alphabetic() => Ordering::Greater,
        (Some(c), None) if !marks && c.is_ascii_alphabetic() => Ordering::Less,
        (None, _) => Ordering::Less,
        (_, None) => Ordering::Greater,
        (Some(_), Some(_)) => Ordering::Equal,
    }
}

/// apk-package(5), «Package versions»: numbers, a letter, suffixes, a revision.
fn alpine(one: &str, other: &str) -> Ordering {
    let (a, b) = (AlpineVersion::parse(one), AlpineVersion::parse(other));
    let mut order = Ordering::Equal;
    for at in 0..a.numbers.len().max(b.numbers.len()) {
        order = order.then_with(|| match (a.numbers.get(at), b.numbers.get(at)) {
            (Some(x), Some(y)) => numbers(x.as_bytes(), y.as_bytes()),
            (x, y) => x.is_some().cmp(&y.is_some()),
        });
    }
    let suffix = |version: &AlpineVersion, at: usize| version.suffixes.get(at).copied().unwrap_or((0, 0));
    order = order.then_with(|| a.letter.cmp(&b.letter));
    for at in 0..a.suffixes.len().max(b.suffixes.len()) {
        order = order.then_with(|| suffix(&a, at).cmp(&suffix(&b, at)));
    }
    order.then_with(|| a.revision.cmp(&b.revision))
}

/// An Alpine version, taken apart.
pub(crate) struct AlpineVersion {
    numbers: Vec<String>,
    letter: Option<char>,
    /// Rank below or above a version without suffix, and number.
    suffixes: Vec<(i32, u64)>,
    revision: u64,
    /// Whether it follows the grammar.
    pub(crate) is_valid: bool,
}

impl AlpineVersion {
    pub(crate) fn parse(text: &str) -> Self {
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
        let (text, revision) = text.rsplit_once("-r").unwrap_or((text, "0"));
        let text = text.split('~').next().unwrap_or_default();
        let mut parts = text.split('_');
        let mut core = parts.next().unwrap_or_default();
        let letter = core.chars().last().filter(char::is_ascii_lowercase);
        if letter.is_some() {
            core = &core[..core.len() - 1];
        }
        let numbers: Vec<String> = core.split('.').map(str::to_owned).collect();
        let mut is_valid = numbers.iter().all(|n| !n.is_empty() && n.bytes().all(|b| b.is_ascii_digit()));
        let mut suffixes = Vec::new();
        for part in parts {
            let end = part.find(|c: char| c.is_ascii_digit()).unwrap_or(part.len());
            let (word, number) = part.split_at(end);
            let rank = SUFFIXES.iter().find(|(known, _)| *known == word).map(|(_, rank)| *rank);
            let number = if number.is_empty() { Some(0) } else { number.parse().ok() };
            is_valid &= rank.is_some() && number.is_some();
            suffixes.push((rank.unwrap_or(0), number.unwrap_or(0)));
        }
        is_valid &= !revision.is_empty() && revision.bytes().all(|b| b.is_ascii_digit());
        Self { numbers, letter, suffixes, revision: revision.parse().unwrap_or(0), is_valid }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Each list is in order.
    #[test]
    fn versions_sort_as_their_package_managers_sort_them() {
        for (format, sorted) in [
            (
                Format::Deb,
                &["0.9-1", "1.0~rc1-1", "1.0-0ubuntu1", "1.0-1", "1.0+b1-1", "1.0.1-1", "1.0.10-1", "1:0.1-1"]
                    as &[&str],
            ),
            (Format::Rpm, &["0.9-1", "1.0~rc1-1", "1.0-1", "1.0^git1-1", "1.0.1-1", "1.0.10-1", "1:0.1-1"]),
            (
                Format::Arch,
                &["0.9-1", "1.0alpha-1", "1.0rc1-1", "1.0-1", "1.0-2", "1.0.1-1", "1.0.10-1", "1:0.1-1"],
            ),
            (
                Format::Apk,
                &[
                    "0.9-r0",
                    "1.0_alpha1-r0",
                    "1.0_rc2-r0",
                    "1.0-r0",
                    "1.0-r1",
                    "1.0_p1-r0",
                    "1.0a-r0",
                    "1.0.1-r0",
                    "1.0.10-r0",
                ],
            ),
        ] {
            for (i, one) in sorted.iter().enumerate() {
                for (j, other) in sorted.iter().enumerate() {
                    assert_eq!(compare(format, one, other), Some(i.cmp(&j)), "{format} {one} {other}");
                }
            }
        }
        assert_eq!(compare(Format::Deb, "1.0", "1.00-0"), Some(Ordering::Equal));
        assert_eq!(compare(Format::Zip, "1", "2"), None);
    }
}
