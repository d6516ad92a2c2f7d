//! Date and time of a file.

use crate::{Error, Result};

/// Date and time of a file as a cabinet stores them: 1980 to 2107, in steps of two seconds, without a time zone
/// ([MS-CAB] §2.3, `date` and `time`). Windows takes it for local time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct DateTime {
    pub(crate) date: u16,
    pub(crate) time: u16,
}

/// 1980-01-01T00:00:00Z.
const FIRST: i64 = 315_532_800;
/// 2108-01-01T00:00:00Z.
const END: i64 = 4_354_819_200;

impl DateTime {
    /// The earliest moment there is: 1980-01-01 00:00:00.
    pub const EARLIEST: Self = Self { date: 0x21, time: 0 };

    /// The moment `seconds` after 1970-01-01T00:00:00Z, in UTC; odd seconds are rounded down.
    ///
    /// # Errors
    /// [`Error::Date`] before 1980 and after 2107.
    pub fn from_unix(seconds: i64) -> Result<Self> {
        if !(FIRST..END).contains(&seconds) {
            return Err(Error::Date(seconds));
        }
        let (year, month, day) = civil(seconds.div_euclid(86_400));
        let of_day = (seconds.rem_euclid(86_400) / 2) as u16;
        let (hour, minute, half) = (of_day / 1800, of_day / 30 % 60, of_day % 30);
        Ok(Self { date: (year - 1980) << 9 | month << 5 | day, time: hour << 11 | minute << 5 | half })
    }

    /// Year, month, day, hour, minute and second as they are stored. In a damaged cabinet they may be no date.
    pub fn parts(self) -> (u16, u8, u8, u8, u8, u8) {
        (
            1980 + (self.date >> 9),
            (self.date >> 5 & 15) as u8,
            (self.date & 31) as u8,
            (self.time >> 11) as u8,
            (self.time >> 5 & 63) as u8,
            ((self.time & 31) * 2) as u8,
        )
    }
}

/// `2023-11-14 22:13:20`.
impl std::fmt::Display for DateTime {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (year, month, day, hour, minute, second) = self.parts();
        write!(f, "{year:04}-{month:02}-{day:02} {hour:02}:{minute:02}:{second:02}")
    }
}

/// Year, month and day of the `days`th day after 1970-01-01 in the Gregorian calendar.
fn civil(mut days: i64) -> (u16, u16, u16) {
    let leap = |year: u16| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
    let mut year = 1970;
    while days >= 365 + i64::from(leap(year)) {
        days -= 365 + i64::from(leap(year));
        year += 1;
    }
    let february = 28 + i64::from(leap(year));
    let mut month = 1;
    for length in [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31] {
        if days < length {
            break;
        }
        days -= length;
        month += 1;
    }
    (year, month, days as u16 + 1)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn moments_become_what_date_says() {
        for (seconds, text) in [
            (FIRST, "1980-01-01 00:00:00"),
            (951_782_399, "2000-02-28 23:59:58"),
            (951_782_400, "2000-02-29 00:00:00"),
            (1_700_000_000, "2023-11-14 22:13:20"),
            (4_107_542_400, "2100-03-01 00:00:00"),
            (END - 1, "2107-12-31 23:59:58"),
        ] {
            assert_eq!(DateTime::from_unix(seconds).unwrap().to_string(), text);
        }
        assert_eq!(DateTime::from_unix(FIRST).unwrap(), DateTime::EARLIEST);
        assert!(matches!(DateTime::from_unix(FIRST - 1), Err(Error::Date(_))));
        assert!(matches!(DateTime::from_unix(END), Err(Error::Date(_))));
    }
}
