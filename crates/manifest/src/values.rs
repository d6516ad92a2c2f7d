//! Values that stand in strings: durations and permissions.

/// Seconds of a duration such as `"500ms"` (rounded up), `"10s"`, `"5m"`, `"2h"` or `"1d"`.
///
/// # Errors
/// A sentence that says what a duration looks like.
pub fn seconds(text: &str) -> Result<u64, String> {
    let number_end = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(number_end);
    let factor = match unit.trim() {
        "ms" => None,
        "s" | "sec" => Some(1),
        "m" | "min" => Some(60),
        "h" => Some(3600),
        "d" => Some(86_400),
        _ => {
            return Err(format!(
                "\"{text}\" is not a duration; write a number and a unit: 500ms, 10s, 5m, 2h"
            ));
        }
    };
    let number: u64 =
        number.parse().map_err(|_| format!("\"{text}\" is not a duration; write 10s, 5m or 2h"))?;
    match factor {
        None => Ok(number.div_ceil(1000)),
        Some(f) => number.checked_mul(f).ok_or_else(|| format!("\"{text}\" is too long a time")),
    }
}

/// Permission bits of an octal string such as `"0640"`.
///
/// # Errors
/// A sentence that says what permissions look like.
pub fn mode(text: &str) -> Result<u32, String> {
    match u32::from_str_radix(text, 8) {
        Ok(mode) if mode <= 0o7777 && (3..=4).contains(&text.len()) => Ok(mode),
        _ => {
            Err(format!("\"{text}\" is not a file mode; write three or four octal digits, such as \"0644\""))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn durations() {
        assert_eq!(seconds("10s"), Ok(10));
        assert_eq!(seconds("1500ms"), Ok(2));
        assert_eq!(seconds("5m"), Ok(300));
        for bad in ["", "10", "s", "ten seconds", "-1s", "99999999999999999999s"] {
            assert!(seconds(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn modes() {
        assert_eq!(mode("0644"), Ok(0o644));
        assert_eq!(mode("4755"), Ok(0o4755));
        for bad in ["", "7", "0o644", "888", "07777777", "rw-r--r--"] {
            assert!(mode(bad).is_err(), "{bad}");
        }
    }
}
