//! Date and time as WATS writes them.

use std::borrow::Cow;
use time::{Date, Month, Time, UtcOffset};

/// Checks an ISO 8601 date and time and gives it back in a form that every reader takes.
///
/// Any number of fractional digits is kept. A decimal point without digits (`08:00:00.Z`, which occurs in files of
/// WATS itself) is taken out. A missing zone is accepted: testers without one write their local time.
/// `None` when the text is no such time.
pub(crate) fn normalise(text: &str) -> Option<Cow<'_, str>> {
    let (date, clock) = text.split_once(['T', 't', ' '])?;
    let mut fields = date.splitn(3, '-');
    let year = digits(fields.next()?, 4)?;
    let month = Month::try_from(u8::try_from(digits(fields.next()?, 2)?).ok()?).ok()?;
    let day = digits(fields.next()?, 2)?;
    Date::from_calendar_date(i32::from(year), month, u8::try_from(day).ok()?).ok()?;

    let zone_at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
    let (clock, zone) = clock.split_at(zone_at);
    if !zone_is_valid(zone) {
        return None;
    }
    let (whole, fraction) =
        clock.split_once('.').map_or((clock, None), |(whole, digits)| (whole, Some(digits)));
    let mut fields =
        whole.split(':').map(|field| digits(field, 2).and_then(|value| u8::try_from(value).ok()));
    let (hour, minute) = (fields.next()??, fields.next()??);
    let second = fields.next().unwrap_or(Some(0))?;
    // A leap second is a valid time of day in ISO 8601.
    Time::from_hms(hour, minute, second.min(59)).ok().filter(|_| second <= 60 && fields.next().is_none())?;

    match fraction {
        Some("") => Some(Cow::Owned(text.replacen('.', "", 1))),
        Some(digits) if !digits.bytes().all(|byte| byte.is_ascii_digit()) => None,
        _ => Some(Cow::Borrowed(text)),
    }
}

fn zone_is_valid(zone: &str) -> bool {
    if zone.is_empty() || zone.eq_ignore_ascii_case("z") {
        return true;
    }
    let offset = &zone[1..];
    let (hours, minutes) = offset.split_once(':').unwrap_or_else(|| offset.split_at(offset.len().min(2)));
    let minutes = if minutes.is_empty() { Some(0) } else { digits(minutes, 2) };
    match (digits(hours, 2), minutes) {
        (Some(hours), Some(minutes)) => UtcOffset::from_hms(hours as i8, minutes as i8, 0).is_ok(),
        _ => false,
    }
}

/// The value of a text of exactly `count` (at most 4) digits.
fn digits(text: &str, count: usize) -> Option<u16> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

#[cfg(test)]
mod tests {
    use super::normalise;

    #[test]
    fn real_spellings_are_accepted() {
        for text in [
            "2026-01-30T22:01:41.4707353+01:00",
            "2026-01-30T21:01:41Z",
            "2026-01-15T10:00:00.000+0100",
            "2026-01-15T10:00:00",
            "2026-01-15 10:00",
            "2024-02-29T23:59:60-03:30",
        ] {
            assert_eq!(normalise(text).as_deref(), Some(text));
        }
    }

    #[test]
    fn a_point_without_digits_is_taken_out() {
        assert_eq!(normalise("2020-01-01T08:00:00.Z").as_deref(), Some("2020-01-01T08:00:00Z"));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in [
            "",
            "today",
            "2026-01-30",
            "2026-13-01T00:00:00Z",
            "2026-02-30T00:00:00Z",
            "2026-01-01T25:00:00Z",
            "2026-01-01T00:00:61Z",
            "2026-01-01T00:00:00.1x",
            "2026-01-01T00:00:00+99:00",
            "2026-01-01T00:00:00+é",
            "30.01.2026T10:00:00",
            "2026-01-01T00:00:00:00Z",
        ] {
            assert_eq!(normalise(text), None, "{text}");
        }
    }
}
