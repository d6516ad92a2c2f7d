//! Numbers as test equipment writes them.

use serde_json::{Number, Value};

/// Reads a number and keeps its digits as they stand: `1.500` stays `1.500`. A decimal comma becomes a point.
///
/// What is no finite number but a usual word for one becomes a text that WATS knows: `NaN`, `Infinity`, `-Infinity`.
/// `None` when the text is no number.
pub(crate) fn read(text: &str) -> Option<Value> {
    scaled(text, 0)
}

/// Reads a number that is to be multiplied by a power of ten, without rounding: `62.5` and -3 give `62.5e-3`.
pub(crate) fn scaled(text: &str, exponent: i32) -> Option<Value> {
    let text = text.trim();
    let (negative, digits) = match text.as_bytes().first()? {
        b'-' => (true, &text[1..]),
        b'+' => (false, &text[1..]),
        _ => (false, text),
    };
    if digits.as_bytes().first().is_some_and(u8::is_ascii_alphabetic) {
        return word(digits, negative);
    }
    // The usual case: it is JSON already.
    if exponent == 0 && !text.starts_with('+') && is_json(text) {
        return finite(text.to_owned());
    }
    let (mantissa, own) = match digits.find(['e', 'E']) {
        Some(at) => (&digits[..at], digits[at + 1..].parse::<i32>().ok()?),
        None => (digits, 0),
    };
    let mantissa = with_point(mantissa)?;
    let (whole, fraction) = mantissa.split_once('.').unwrap_or((&mantissa, ""));
    if whole.len() + fraction.len() == 0
        || !whole.bytes().chain(fraction.bytes()).all(|byte| byte.is_ascii_digit())
    {
        return None;
    }
    let whole = match whole.trim_start_matches('0') {
        "" => "0",
        rest => rest,
    };
    let mut number = String::with_capacity(text.len() + 6);
    if negative {
        number.push('-');
    }
    number.push_str(whole);
    if !fraction.is_empty() {
        number.push('.');
        number.push_str(fraction);
    }
    let exponent = own.checked_add(exponent)?;
    if exponent != 0 {
        number.push('e');
        number.push_str(&exponent.to_string());
    }
    finite(number)
}

/// A number with an engineering letter behind it, such as `100.2K` or `9.9N`.
///
/// `M` is milli and `MEG` mega, as in circuit simulators and in-circuit testers.
pub(crate) fn engineering(text: &str) -> Option<Value> {
    let text = text.trim();
    let end = text.trim_end_matches(|letter: char| letter.is_ascii_alphabetic()).len();
    let (number, suffix) = text.split_at(end);
    let exponent = match suffix {
        "" => 0,
        "T" => 12,
        "G" => 9,
        "MEG" => 6,
        "K" | "k" => 3,
        "M" | "m" => -3,
        "U" | "u" => -6,
        "N" | "n" => -9,
        "P" | "p" => -12,
        "F" | "f" => -15,
        _ => return read(text),
    };
    scaled(number, exponent)
}

/// Exponent of an SI prefix in a field of its own, where `m` is milli and `M` mega.
pub(crate) fn prefix(text: &str) -> Option<i32> {
    Some(match text.trim() {
        "" => 0,
        "T" => 12,
        "G" => 9,
        "M" | "MEG" | "Meg" => 6,
        "k" | "K" => 3,
        "m" => -3,
        "u" | "U" | "µ" | "μ" => -6,
        "n" | "N" => -9,
        "p" | "P" => -12,
        "f" | "F" => -15,
        _ => return None,
    })
}

/// As a floating-point number; NaN and infinities included.
pub(crate) fn as_f64(value: &Value) -> Option<f64> {
    match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => match text.as_str() {
            "NaN" => Some(f64::NAN),
            "Infinity" => Some(f64::INFINITY),
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => None,
        },
        _ => None,
    }
}

/// A JSON number of a computed value; a text where JSON has no number.
pub(crate) fn computed(value: f64) -> Value {
    match Number::from_f64(value) {
        Some(number) => Value::Number(number),
        None if value.is_nan() => Value::from("NaN"),
        None if value > 0.0 => Value::from("Infinity"),
        None => Value::from("-Infinity"),
    }
}

fn word(text: &str, negative: bool) -> Option<Value> {
    match text.to_ascii_lowercase().as_str() {
        "nan" | "ind" => Some("NaN".into()),
        "inf" | "infinity" => Some(if negative { "-Infinity" } else { "Infinity" }.into()),
        _ => None,
    }
}

/// A number too large for a double would be infinite, or refused, for every reader.
fn finite(number: String) -> Option<Value> {
    match number.parse::<f64>() {
        Ok(value) if value.is_finite() => Some(Value::Number(Number::from_string_unchecked(number))),
        Ok(value) => Some(computed(value)),
        Err(_) => None,
    }
}

/// The mantissa with a point for a decimal comma, and without groups of thousands. The last separator of two kinds
/// is the decimal one; a comma alone is decimal.
fn with_point(mantissa: &str) -> Option<String> {
    let (comma, point) = (mantissa.rfind(','), mantissa.rfind('.'));
    Some(match (comma, point) {
        (None, _) => mantissa.to_owned(),
        (Some(_), None) if mantissa.matches(',').count() == 1 => mantissa.replace(',', "."),
        (Some(_), None) => return None,
        (Some(comma), Some(point)) if comma > point => mantissa.replace('.', "").replace(',', "."),
        (Some(_), Some(_)) => mantissa.replace(',', ""),
    })
}

/// Whether the text is a number in the grammar of JSON.
fn is_json(text: &str) -> bool {
    let mut rest = text.strip_prefix('-').unwrap_or(text).as_bytes();
    let run = |rest: &mut &[u8]| {
        let count = rest.iter().take_while(|byte| byte.is_ascii_digit()).count();
        *rest = &rest[count..];
        count
    };
    let leading_zero = rest.first() == Some(&b'0');
    let whole = run(&mut rest);
    if whole == 0 || leading_zero && whole > 1 {
        return false;
    }
    if let [b'.', fraction @ ..] = rest {
        rest = fraction;
        if run(&mut rest) == 0 {
            return false;
        }
    }
    if let [b'e' | b'E', exponent @ ..] = rest {
        rest = match exponent {
            [b'+' | b'-', digits @ ..] => digits,
            digits => digits,
        };
        if run(&mut rest) == 0 {
            return false;
        }
    }
    rest.is_empty()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn text(value: Option<Value>) -> String {
        value.map_or_else(|| "none".to_owned(), |value| value.to_string())
    }

    #[test]
    fn digits_stay() {
        for number in ["1.500000e+03", "-0.10", "0", "123456789012345678901234567890", "1E5"] {
            assert_eq!(text(read(number)), number);
        }
    }

    #[test]
    fn other_spellings_become_json() {
        for (written, read_as) in [
            ("+5", "5"),
            (".5", "0.5"),
            ("5.", "5"),
            ("007", "7"),
            ("1,5", "1.5"),
            ("1.234,50", "1234.50"),
            ("1,234.50", "1234.50"),
            ("-1,5E-3", "-1.5e-3"),
            ("nan", "\"NaN\""),
            ("-INF", "\"-Infinity\""),
            ("1e999", "\"Infinity\""),
            ("1e99999999999", "\"Infinity\""),
        ] {
            assert_eq!(text(read(written)), read_as, "{written}");
        }
    }

    #[test]
    fn other_texts_are_none() {
        for written in ["", "-", "e5", "1e", "1.2.3", "1,2,3", "12 V", "0x10", ".", ",", "é", "--1"] {
            assert_eq!(read(written), None, "{written}");
        }
    }

    #[test]
    fn engineering_letters_lose_nothing() {
        assert_eq!(text(engineering("100.20007K")), "100.20007e3");
        assert_eq!(text(engineering("17.593648MEG")), "17.593648e6");
        assert_eq!(text(engineering("-500M")), "-500e-3");
        assert_eq!(text(engineering("1.5")), "1.5");
        assert_eq!(text(engineering("1.5X")), "none");
        assert_eq!(as_f64(&engineering("10.2U").unwrap()), Some(10.2e-6));
    }
}
