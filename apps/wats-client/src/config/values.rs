//! Values with a unit, as people write them: `"2s"`, `"512MiB"`.

use serde::de::{self, Deserializer, Visitor};
use std::fmt;
use std::time::Duration;

/// A length of time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Period(pub(crate) Duration);

/// A number of bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Size(pub(crate) u64);

/// A hundred years. No clock could say when a time is over that is much longer.
const LONGEST: Duration = Duration::from_secs(36_500 * 86_400);

/// Splits `"2.5 s"` into its number and its unit.
fn split(text: &str) -> Option<(f64, &str)> {
    let text = text.trim();
    let at =
        text.find(|character: char| !character.is_ascii_digit() && character != '.').unwrap_or(text.len());
    let (number, unit) = text.split_at(at);
    Some((number.parse().ok()?, unit.trim()))
}

impl Period {
    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let seconds = match unit {
            "ms" => 0.001,
            "s" => 1.0,
            "m" | "min" => 60.0,
            "h" => 3600.0,
            "d" => 86_400.0,
            _ => return None,
        };
        Duration::try_from_secs_f64(number * seconds).ok().filter(|time| *time <= LONGEST).map(Self)
    }
}

impl Size {
    fn parse(text: &str) -> Option<Self> {
        let (number, unit) = split(text)?;
        let bytes: f64 = match unit.to_ascii_lowercase().as_str() {
            "" | "b" => 1.0,
            "kb" => 1e3,
            "mb" => 1e6,
            "gb" => 1e9,
            "tb" => 1e12,
            "kib" => 1024.0,
            "mib" => 1024.0 * 1024.0,
            "gib" => 1024.0 * 1024.0 * 1024.0,
            "tib" => 1024.0 * 1024.0 * 1024.0 * 1024.0,
            _ => return None,
        };
        Some(Self((number * bytes) as u64))
    }
}

/// Gives all texts, numbers and truths in a value with their dotted names. A value of another kind is an error: its name.
pub(super) fn flatten(
    name: &str,
    value: &toml::Value,
    each: &mut dyn FnMut(&str, String),
) -> Result<(), String> {
    match value {
        toml::Value::String(text) => each(name, text.clone()),
        toml::Value::Integer(_) | toml::Value::Float(_) | toml::Value::Boolean(_) => {
            each(name, value.to_string());
        }
        toml::Value::Table(values) => {
            for (below, value) in values {
                flatten(&format!("{name}.{below}"), value, each)?;
            }
        }
        toml::Value::Datetime(_) | toml::Value::Array(_) => return Err(name.to_owned()),
    }
    Ok(())
}

impl<'de> de::Deserialize<'de> for Period {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct PeriodVisitor;
        impl Visitor<'_> for PeriodVisitor {
            type Value = Period;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(
                    "a time with its unit, such as \"500ms\", \"2s\", \"5m\" or \"1h\", and at most \"36500d\"",
                )
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Period, E> {
                Period::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
        }
        deserializer.deserialize_str(PeriodVisitor)
    }
}

impl<'de> de::Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct SizeVisitor;
        impl Visitor<'_> for SizeVisitor {
            type Value = Size;
            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("a number of bytes, or one with its unit, such as \"512MiB\" or \"2GiB\"")
            }
            fn visit_str<E: de::Error>(self, text: &str) -> Result<Size, E> {
                Size::parse(text).ok_or_else(|| E::invalid_value(de::Unexpected::Str(text), &self))
            }
            fn visit_i64<E: de::Error>(self, bytes: i64) -> Result<Size, E> {
                u64::try_from(bytes)
                    .map(Size)
                    .map_err(|_| E::invalid_value(de::Unexpected::Signed(bytes), &self))
            }
            fn visit_u64<E: de::Error>(self, bytes: u64) -> Result<Size, E> {
                Ok(Size(bytes))
            }
        }
        deserializer.deserialize_any(SizeVisitor)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn periods() {
        assert_eq!(Period::parse("500ms"), Some(Period(Duration::from_millis(500))));
        assert_eq!(Period::parse("1.5 h"), Some(Period(Duration::from_secs(5400))));
        assert_eq!(Period::parse("36500d"), Some(Period(LONGEST)));
        for text in ["", "2", "s", "-1s", "2 weeks", "1e400d", "36501d", "200000000000000d"] {
            assert_eq!(Period::parse(text), None, "{text}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(Size::parse("2GiB"), Some(Size(2 << 30)));
        assert_eq!(Size::parse("1.5 kB"), Some(Size(1500)));
        assert_eq!(Size::parse("77"), Some(Size(77)));
        assert_eq!(Size::parse("5 apples"), None);
    }
}
