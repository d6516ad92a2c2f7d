//! `changelog.Debian.gz`: Debian Policy §4.4, deb-changelog(5).

use landfall_payload::{Payload, Version};
use time::OffsetDateTime;

use super::text;

/// The text of the changelog, newest release first.
pub(super) fn changelog(payload: &Payload) -> String {
    let product = &payload.product;
    let mut text = String::new();
    for (index, entry) in payload.changelog.iter().enumerate() {
        let version = if index == 0 {
            // The newest entry is this very package, whose revision and epoch only the product knows.
            product.version.deb()
        } else {
            match Version::new(&entry.version, 1, product.version.epoch()) {
                Ok(version) => version.deb(),
                // Nothing that dpkg could name: old headings such as "Unreleased".
                Err(_) => continue,
            }
        };
        text.push_str(&format!("{} ({version}) stable; urgency=medium\n\n", product.name));
        for item in &entry.items {
            for (line, content) in text::wrap(item, text::WIDTH - 4).iter().enumerate() {
                text.push_str(if line == 0 { "  * " } else { "    " });
                text.push_str(content);
                text.push('\n');
            }
        }
        text.push_str(&format!("\n -- {}  {}\n\n", product.maintainer, date(entry.time)));
    }
    text.pop();
    text
}

/// A date as RFC 5322 writes it, in UTC.
fn date(seconds: i64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds).unwrap_or(OffsetDateTime::UNIX_EPOCH);
    let weekday = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"]
        [usize::from(time.weekday().number_days_from_monday())];
    let month = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        [usize::from(u8::from(time.month())) - 1];
    format!(
        "{weekday}, {:02} {month} {:04} {:02}:{:02}:{:02} +0000",
        time.day(),
        time.year(),
        time.hour(),
        time.minute(),
        time.second()
    )
}

#[cfg(test)]
mod tests {
    #[test]
    fn dates_are_written_as_mail_writes_them() {
        assert_eq!(super::date(1_700_000_000), "Tue, 14 Nov 2023 22:13:20 +0000");
        assert_eq!(super::date(0), "Thu, 01 Jan 1970 00:00:00 +0000");
    }
}
