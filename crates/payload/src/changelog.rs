//! Changelogs in the form of keepachangelog.com.

use crate::model::ChangelogEntry;

/// Reads the releases of a changelog, newest first as written: headings such as `## [1.2.0] - 2026-01-15`, and
/// below each the items of its lists. The section of what is not yet released is passed over, and so is a
/// release without a date or without items.
pub(crate) fn parse(text: &str) -> Vec<ChangelogEntry> {
    let mut releases = Vec::new();
    let mut current: Option<ChangelogEntry> = None;
    for line in text.lines() {
        if let Some(heading) = line.strip_prefix("## ") {
            releases.extend(current.take().filter(|e| !e.items.is_empty()));
            current = release(heading);
        } else if let Some(entry) = &mut current {
            let text = line.trim();
            if let Some(item) = line.strip_prefix("- ").or_else(|| line.strip_prefix("* ")) {
                entry.items.push(item.trim().to_owned());
            } else if line.starts_with(' ')
                && !text.is_empty()
                && let Some(last) = entry.items.last_mut()
            {
                last.push(' ');
                last.push_str(text.trim_start_matches(['-', '*', ' ']));
            }
        }
    }
    releases.extend(current.filter(|e| !e.items.is_empty()));
    releases
}

fn release(heading: &str) -> Option<ChangelogEntry> {
    let (version, rest) = heading.trim().split_once(' ')?;
    let version = version.trim_matches(['[', ']']).trim_start_matches('v');
    let date = rest.trim().trim_start_matches(['-', '–', '(']).trim().get(..10)?;
    Some(ChangelogEntry { version: version.to_owned(), time: noon(date)?, items: Vec::new() })
}

/// Noon (UTC) of a date `2026-01-15`, in seconds since 1970: the same day in every time zone but the farthest.
fn noon(date: &str) -> Option<i64> {
    let mut parts = date.split('-').map(|p| p.parse::<i64>().ok());
    let (year, month, day) = (parts.next()??, parts.next()??, parts.next()??);
    if parts.next().is_some() || !(1..=12).contains(&month) || !(1..=31).contains(&day) || year < 1970 {
        return None;
    }
    // Days since 1970-01-01, counted in years that begin in March, so that leap days come last.
    let (y, m) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let days = 365 * y + y / 4 - y / 100 + y / 400 + (153 * m + 2) / 5 + day - 1 - 719_468;
    Some(days * 86_400 + 43_200)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn releases_are_read_with_their_items() {
        let text = "# Changelog\n\n## [Unreleased]\n- not yet\n\n## [1.1.0] - 2026-02-03\n### Added\n- one\n  goes \
                    on\n* two\n\n## 1.0.0 (2026-01-15)\n- first\n\n## 0.9.0\n- no date\n";
        let found = parse(text);
        assert_eq!(found.len(), 2);
        assert_eq!((found[0].version.as_str(), found[0].time), ("1.1.0", 1_770_120_000));
        assert_eq!(found[0].items, ["one goes on", "two"]);
        assert_eq!(found[1].version, "1.0.0");
    }

    #[test]
    fn dates() {
        assert_eq!(noon("1970-01-01"), Some(43_200));
        assert_eq!(noon("2024-02-29"), Some(1_709_208_000));
        assert_eq!(noon("2024-13-01"), None);
        assert_eq!(noon("yesterday"), None);
    }
}
