//! Numbers and times for people.

use maud::{Markup, html};
use std::time::{Duration, SystemTime};
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;
use time::macros::format_description;

/// A number with its thousands apart: `12 345`, with narrow spaces that do not break.
pub(super) fn number(value: u64) -> String {
    let digits = value.to_string();
    let mut text = String::with_capacity(digits.len() * 2);
    for (index, digit) in digits.chars().enumerate() {
        if index > 0 && (digits.len() - index).is_multiple_of(3) {
            text.push('\u{202f}');
        }
        text.push(digit);
    }
    text
}

/// A number and the right form of its noun.
pub(super) fn count(value: u64, one: &str, many: &str) -> String {
    format!("{} {}", number(value), if value == 1 { one } else { many })
}

/// A number of bytes.
pub(super) fn size(bytes: u64) -> String {
    const UNITS: [&str; 5] = ["B", "KiB", "MiB", "GiB", "TiB"];
    let mut value = bytes as f64;
    let mut unit = 0;
    while value >= 1024.0 && unit + 1 < UNITS.len() {
        value /= 1024.0;
        unit += 1;
    }
    let digits = usize::from(unit > 0 && value < 10.0);
    format!("{value:.digits$} {}", UNITS[unit])
}

/// A length of time in the unit that suits it.
pub(super) fn period(length: Duration) -> String {
    let seconds = length.as_secs();
    match seconds {
        0 => format!("{} ms", length.as_millis()),
        1..10 => format!("{:.1} s", length.as_secs_f64()),
        10..120 => format!("{seconds} s"),
        120..7200 => format!("{} min", seconds / 60),
        7200..172_800 => format!("{} h", seconds / 3600),
        _ => format!("{} days", seconds / 86_400),
    }
}

/// A length of time as the configuration file has it.
pub(super) fn setting(length: Duration) -> String {
    let milliseconds = length.as_millis();
    for (unit, size) in [("d", 86_400_000), ("h", 3_600_000), ("m", 60_000), ("s", 1000)] {
        if milliseconds > 0 && milliseconds.is_multiple_of(size) {
            return format!("{}{unit}", milliseconds / size);
        }
    }
    format!("{milliseconds}ms")
}

/// A time that is stored as milliseconds since 1970.
pub(super) fn moment(milliseconds: i64) -> Option<OffsetDateTime> {
    OffsetDateTime::from_unix_timestamp_nanos(i128::from(milliseconds) * 1_000_000).ok()
}

/// A time, in the form that the page's script turns into local time.
pub(super) fn when(time: Option<OffsetDateTime>) -> Markup {
    let shown = time.map(|time| time.to_offset(time::UtcOffset::UTC)).and_then(|time| {
        let format = format_description!("[year]-[month]-[day] [hour]:[minute]:[second] UTC");
        Some((time.format(&Rfc3339).ok()?, time.format(format).ok()?))
    });
    html! {
        @match shown {
            Some((machine, human)) => time datetime=(machine) { (human) },
            None => "–",
        }
    }
}

/// A time of the operating system.
pub(super) fn system_time(time: SystemTime) -> Markup {
    when(Some(OffsetDateTime::from(time)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_sizes_and_times_read_well() {
        assert_eq!(number(0), "0");
        assert_eq!(number(1_234_567), "1\u{202f}234\u{202f}567");
        assert_eq!(count(1, "report", "reports"), "1 report");
        assert_eq!(count(0, "report", "reports"), "0 reports");
        for (bytes, text) in [
            (0, "0 B"),
            (1023, "1023 B"),
            (1536, "1.5 KiB"),
            (20 << 20, "20 MiB"),
            (u64::MAX, "16777216 TiB"),
        ] {
            assert_eq!(size(bytes), text);
        }
        for (milliseconds, text, written) in [
            (7, "7 ms", "7ms"),
            (1500, "1.5 s", "1500ms"),
            (59_000, "59 s", "59s"),
            (180_000, "3 min", "3m"),
            (86_400_000, "24 h", "1d"),
            (3 * 86_400_000, "3 days", "3d"),
        ] {
            let length = Duration::from_millis(milliseconds);
            assert_eq!((period(length).as_str(), setting(length).as_str()), (text, written));
        }
        assert!(when(moment(0)).into_string().contains("1970-01-01 00:00:00 UTC"));
        assert_eq!(when(moment(i64::MAX)).into_string(), "–");
    }
}
