//! Date and time in the spellings of test equipment, and as WATS writes them.

use time::{Date, Duration, Month, PrimitiveDateTime, Time};

/// A date and time, with its zone where it is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Moment {
    local: PrimitiveDateTime,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

/// Which field of a date such as `03/14/2025` comes first. A year of four digits in front is noticed by itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    MonthFirst,
    DayFirst,
}

impl Moment {
    /// From numbers; `None` when there is no such day or time.
    pub(crate) fn new(date: (i32, u8, u8), clock: (u8, u8, u8), nanosecond: u32) -> Option<Self> {
        let date = Date::from_calendar_date(date.0, Month::try_from(date.1).ok()?, date.2).ok()?;
        if !(1900..=9999).contains(&date.year()) {
            return None;
        }
        // A leap second is a valid time of day in ISO 8601, and unknown to calendars.
        let clock = Time::from_hms_nano(clock.0, clock.1, clock.2.min(59), nanosecond)
            .ok()
            .filter(|_| clock.2 <= 60)?;
        Some(Self { local: PrimitiveDateTime::new(date, clock), offset: None })
    }

    /// ISO 8601: `2025-03-14T09:00:00`, with or without fraction and zone.
    pub(crate) fn iso(text: &str) -> Option<Self> {
        let (date, clock) = text.trim().split_once(['T', 't', ' '])?;
        let mut fields = date.split('-');
        let date = (
            digits(fields.next()?, 4)? as i32,
            digits(fields.next()?, 2)? as u8,
            digits(fields.next()?, 2)? as u8,
        );
        if fields.next().is_some() {
            return None;
        }
        let at = clock.find(['Z', 'z', '+', '-']).unwrap_or(clock.len());
        let (clock, zone_text) = clock.split_at(at);
        let (clock, nanosecond) = clock_of(clock)?;
        let offset = if zone_text.is_empty() { None } else { Some(zone(zone_text)?) };
        Some(Self { offset, ..Self::new(date, clock, nanosecond)? })
    }

    /// A date with numbers, such as `03/14/2025`, `14-03-2025` or `14.3.25`, and a clock such as `9:30:00.5`.
    pub(crate) fn numeric(date: &str, clock: &str, order: Order) -> Option<Self> {
        let fields: Vec<&str> = date.trim().split(['/', '-', '.']).collect();
        let [first, second, third] = fields[..] else { return None };
        let date = if first.len() == 4 {
            (digits(first, 4)? as i32, short(second)?, short(third)?)
        } else {
            let (month, day) = match order {
                Order::MonthFirst => (first, second),
                Order::DayFirst => (second, first),
            };
            (year(third)?, short(month)?, short(day)?)
        };
        let (clock, nanosecond) = clock_of(clock.trim())?;
        Self::new(date, clock, nanosecond)
    }

    /// `31-JUL-12  14:18:51`.
    pub(crate) fn day_month_name(text: &str) -> Option<Self> {
        let mut words = text.split_whitespace();
        let (date, clock) = (words.next()?, words.next()?);
        let mut fields = date.split('-');
        let (day, name, year_text) = (fields.next()?, fields.next()?, fields.next()?);
        const NAMES: [&str; 12] =
            ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
        let month = NAMES.iter().position(|known| name.eq_ignore_ascii_case(known))? as u8 + 1;
        let (clock, nanosecond) = clock_of(clock)?;
        Self::new((year(year_text)?, month, short(day)?), clock, nanosecond)
    }

    /// `250314091500`: two digits each for year, month, day, hour, minute, second.
    pub(crate) fn compact(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() != 12 || !text.bytes().all(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let pair = |at: usize| text[at..at + 2].parse::<u8>().ok();
        Self::new((2000 + i32::from(pair(0)?), pair(2)?, pair(4)?), (pair(6)?, pair(8)?, pair(10)?), 0)
    }

    /// With this zone, minutes east of UTC, unless it has one.
    pub(crate) fn or_zone(self, offset: Option<i16>) -> Self {
        Self { offset: self.offset.or(offset), ..self }
    }

    /// Seconds from this moment to another; `None` when only one of them has a zone.
    pub(crate) fn seconds_until(&self, later: &Self) -> Option<f64> {
        let utc = |moment: &Self| {
            moment.local.checked_sub(Duration::minutes(moment.offset.unwrap_or_default().into()))
        };
        if self.offset.is_some() != later.offset.is_some() {
            return None;
        }
        Some((utc(later)? - utc(self)?).as_seconds_f64()).filter(|seconds| *seconds >= 0.0)
    }

    /// As WATS writes it.
    pub(crate) fn to_iso(self) -> String {
        let (date, clock) = (self.local.date(), self.local.time());
        let mut text = format!(
            "{:04}-{:02}-{:02}T{:02}:{:02}:{:02}",
            date.year(),
            u8::from(date.month()),
            date.day(),
            clock.hour(),
            clock.minute(),
            clock.second()
        );
        if clock.nanosecond() != 0 {
            let fraction = format!("{:09}", clock.nanosecond());
            let digits = fraction.trim_end_matches('0');
            // Milliseconds at least, as most write them.
            text.push('.');
            text.push_str(&fraction[..digits.len().max(3)]);
        }
        match self.offset {
            None => {}
            Some(0) => text.push('Z'),
            Some(offset) => {
                let (sign, minutes) = if offset < 0 { ('-', -offset) } else { ('+', offset) };
                text.push_str(&format!("{sign}{:02}:{:02}", minutes / 60, minutes % 60));
            }
        }
        text
    }
}

/// Minutes east of UTC: `Z`, `+02:00`, `-0330` or `+02`.
pub(crate) fn zone(text: &str) -> Option<i16> {
    if text.eq_ignore_ascii_case("z") {
        return Some(0);
    }
    let sign = match text.as_bytes().first()? {
        b'+' => 1,
        b'-' => -1,
        _ => return None,
    };
    let rest = &text[1..];
    if !rest.is_ascii() {
        return None;
    }
    let (hours, minutes) = match rest.split_once(':') {
        Some(pair) => pair,
        None => rest.split_at(rest.len().min(2)),
    };
    let hours = digits(hours, 2)? as i16;
    let minutes = if minutes.is_empty() { 0 } else { digits(minutes, 2)? as i16 };
    (hours <= 18 && minutes < 60).then_some(sign * (hours * 60 + minutes))
}

/// Hours, minutes, seconds (which may be missing) and nanoseconds. `16:44:27:988` has milliseconds behind a colon.
fn clock_of(text: &str) -> Option<((u8, u8, u8), u32)> {
    let (whole, fraction) = match text.split_once(['.', ',']) {
        Some((whole, fraction)) => (whole, fraction),
        None => match text.match_indices(':').nth(2) {
            Some((at, _)) => (&text[..at], &text[at + 1..]),
            None => (text, ""),
        },
    };
    if !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let mut fields = whole.split(':');
    let (hour, minute) = (short(fields.next()?)?, short(fields.next()?)?);
    let second = match fields.next() {
        Some(second) => short(second)?,
        None => 0,
    };
    if fields.next().is_some() {
        return None;
    }
    let nanosecond = fraction
        .bytes()
        .chain(std::iter::repeat(b'0'))
        .take(9)
        .fold(0, |sum, digit| sum * 10 + u32::from(digit - b'0'));
    Some(((hour, minute, second), nanosecond))
}

/// The value of a text of exactly `count` (at most 4) digits.
fn digits(text: &str, count: usize) -> Option<u16> {
    (text.len() == count && text.bytes().all(|byte| byte.is_ascii_digit())).then(|| text.parse().ok())?
}

/// A number of one or two digits.
fn short(text: &str) -> Option<u8> {
    (matches!(text.len(), 1 | 2) && text.bytes().all(|byte| byte.is_ascii_digit()))
        .then(|| text.parse().ok())?
}

/// A year of four digits, or of two for this century.
fn year(text: &str) -> Option<i32> {
    match text.len() {
        2 => digits(text, 2).map(|year| 2000 + i32::from(year)),
        _ => digits(text, 4).map(i32::from),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings() {
        for (moment, iso) in [
            (Moment::iso("2019-05-15T14:30:27.058"), "2019-05-15T14:30:27.058"),
            (Moment::iso("2019-05-15 14:30"), "2019-05-15T14:30:00"),
            (Moment::iso("2018-08-10T12:25:32.9968057Z"), "2018-08-10T12:25:32.9968057Z"),
            (Moment::iso("2024-02-29T23:59:60-03:30"), "2024-02-29T23:59:59-03:30"),
            (Moment::numeric("03/14/2025", "09:30:00", Order::MonthFirst), "2025-03-14T09:30:00"),
            (Moment::numeric("14-3-25", "9:30:00,5", Order::DayFirst), "2025-03-14T09:30:00.500"),
            (Moment::numeric("02/09/2023", "16:44:27:988", Order::DayFirst), "2023-09-02T16:44:27.988"),
            (Moment::day_month_name("31-JUL-12  14:18:51"), "2012-07-31T14:18:51"),
            (Moment::compact("250314091500"), "2025-03-14T09:15:00"),
        ] {
            assert_eq!(moment.unwrap().to_iso(), iso);
        }
    }

    #[test]
    fn other_texts_are_none() {
        for text in
            ["", "2025-13-01T00:00:00", "2025-02-30T00:00:00", "2025-01-01T24:00:00", "é", "2025-01-01T1é:00"]
        {
            assert_eq!(Moment::iso(text), None, "{text}");
        }
        assert_eq!(Moment::numeric("1/2", "0:0", Order::DayFirst), None);
        assert_eq!(Moment::day_month_name("31-XXX-12 1:1:1"), None);
        assert_eq!(Moment::compact("25031409150é"), None);
    }

    #[test]
    fn differences() {
        let moment = |text| Moment::iso(text).unwrap();
        let start = moment("2025-03-14T09:00:00+01:00");
        assert_eq!(start.seconds_until(&moment("2025-03-14T08:00:02.5Z")), Some(2.5));
        assert_eq!(start.seconds_until(&moment("2025-03-14T08:00:00")), None);
        assert_eq!(start.seconds_until(&moment("2025-03-14T07:00:00Z")), None);
    }
}
