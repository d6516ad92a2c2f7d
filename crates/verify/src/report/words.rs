//! Numbers, times and dates, as people write them.

use super::readable::readable;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};

/// A number with its thousands apart: `12,345`.
pub(super) fn number(number: usize) -> String {
    let digits = number.to_string();
    let mut out = String::new();
    for (position, digit) in digits.chars().enumerate() {
        if position > 0 && (digits.len() - position).is_multiple_of(3) {
            out.push(',');
        }
        out.push(digit);
    }
    out
}

/// A number and its noun: `1 step`, `2 steps`.
pub(super) fn count(n: usize, one: &str, many: &str) -> String {
    format!("{} {}", number(n), if n == 1 { one } else { many })
}

/// A duration with as much precision as it deserves: `340 ms`, `2.1 s`, `3 min 12 s`, `1 h 4 min`.
pub(super) fn duration(milliseconds: u64) -> String {
    let seconds = milliseconds.saturating_add(500) / 1000;
    match milliseconds {
        0..1_000 => format!("{milliseconds} ms"),
        1_000..9_950 => {
            let tenths = (milliseconds + 50) / 100;
            format!("{}.{} s", tenths / 10, tenths % 10)
        }
        9_950..59_500 => format!("{seconds} s"),
        59_500..3_600_000 => format!("{} min {} s", seconds / 60, seconds % 60),
        _ => format!("{} h {} min", milliseconds / 3_600_000, milliseconds / 60_000 % 60),
    }
}

/// A point in time given in RFC 3339: the day, and the minute in UTC. Text that is no such time stays as it is.
pub(super) fn moment(text: &str) -> (String, Option<String>) {
    let Ok(moment) = OffsetDateTime::parse(text, &Rfc3339) else { return (readable(text), None) };
    let utc = moment.to_offset(UtcOffset::UTC);
    let day = format!("{} {} {}", utc.day(), utc.month(), utc.year());
    (day, Some(format!("{:02}:{:02} UTC", utc.hour(), utc.minute())))
}

/// The short form of a commit, as git shows it, with what follows a hyphen. What does not look like a commit stays
/// whole.
pub(super) fn short_commit(commit: &str) -> String {
    let (hash, mark) = commit.split_at(commit.find('-').unwrap_or(commit.len()));
    let is_hash = hash.len() >= 12 && hash.bytes().all(|b| b.is_ascii_hexdigit());
    if is_hash { format!("{}{mark}", &hash[..10]) } else { commit.to_owned() }
}

/// Names, some of which have commas, side by side: `Containers, amd64 · AppImage hosts`.
pub(super) fn names(names: &[&str]) -> String {
    names.join(" · ")
}

/// Words joined for a sentence: `a, b and c`.
pub(super) fn list(words: &[&str]) -> String {
    match words {
        [] => String::new(),
        [one] => (*one).to_owned(),
        [most @ .., last] => format!("{} and {last}", most.join(", ")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        for (ms, words) in [
            (0, "0 ms"),
            (999, "999 ms"),
            (1_000, "1.0 s"),
            (9_949, "9.9 s"),
            (9_950, "10 s"),
            (59_499, "59 s"),
            (59_500, "1 min 0 s"),
            (192_000, "3 min 12 s"),
            (3_840_000, "1 h 4 min"),
            (u64::MAX, "5124095576030 h 25 min"),
        ] {
            assert_eq!(duration(ms), words, "{ms}");
        }
    }

    #[test]
    fn numbers() {
        for (n, words) in [(0, "0"), (999, "999"), (1_000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(number(n), words);
        }
        assert_eq!(
            (count(1, "step", "steps"), count(0, "step", "steps")),
            ("1 step".into(), "0 steps".into())
        );
    }

    #[test]
    fn moments_are_told_in_utc() {
        let told = moment("2026-11-22T00:04:28+02:00");
        assert_eq!(told, ("21 November 2026".into(), Some("22:04 UTC".into())));
        assert_eq!(moment("yesterday"), ("yesterday".into(), None));
    }

    #[test]
    fn commits_are_shortened() {
        assert_eq!(short_commit("10808f4c0ffee10808f4c0ffee10808f4c0ffee1"), "10808f4c0f");
        assert_eq!(short_commit("10808f4c0ffee10808f4c0ffee10808f4c0ffee1-dirty"), "10808f4c0f-dirty");
        assert_eq!(short_commit("main, with changes"), "main, with changes");
    }

    #[test]
    fn lists() {
        assert_eq!(list(&["a"]), "a");
        assert_eq!(list(&["a", "b", "c"]), "a, b and c");
    }
}
