//! Versions of products.

use std::fmt;
use std::str::FromStr;

use crate::Error;

/// Version of a product: two numbers up to 255 and one up to 65,535. Windows Installer compares nothing more.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ProductVersion {
    /// First number.
    pub major: u8,
    /// Second number.
    pub minor: u8,
    /// Third number.
    pub build: u16,
}

impl fmt::Display for ProductVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}.{}", self.major, self.minor, self.build)
    }
}

impl FromStr for ProductVersion {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        let mut parts = text.split('.');
        let version = Self {
            major: part(text, &mut parts, "first", u8::MAX.into())? as u8,
            minor: part(text, &mut parts, "second", u8::MAX.into())? as u8,
            build: part(text, &mut parts, "third", u16::MAX)?,
        };
        match parts.next() {
            None => Ok(version),
            Some(_) => Err(Error::Limit(format!(
                "the version {text} has more than three numbers, and Windows Installer ignores the others; upgrades \
                 would not be noticed"
            ))),
        }
    }
}

fn part<'t>(
    version: &str,
    parts: &mut impl Iterator<Item = &'t str>,
    place: &str,
    most: u16,
) -> Result<u16, Error> {
    let part = parts.next().unwrap_or("0");
    if part.is_empty() || !part.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Error::Invalid(format!("the version {version} must consist of three numbers, as 1.2.3")));
    }
    part.parse().ok().filter(|number| *number <= most).ok_or_else(|| {
        Error::Limit(format!(
            "the {place} number of the version {version} exceeds {most}, the most that Windows Installer takes"
        ))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keeps_the_limits() {
        assert_eq!("255.255.65535".parse::<ProductVersion>().unwrap().to_string(), "255.255.65535");
        assert_eq!("1.2".parse::<ProductVersion>().unwrap().to_string(), "1.2.0");
        for (wrong, word) in [
            ("256.0.0", "first"),
            ("1.256.0", "second"),
            ("1.0.65536", "third"),
            ("1.2.3.4", "more than three"),
        ] {
            assert!(wrong.parse::<ProductVersion>().unwrap_err().to_string().contains(word), "{wrong}");
        }
        assert!("1.x.0".parse::<ProductVersion>().is_err());
        assert!("1..0".parse::<ProductVersion>().is_err());
    }
}
