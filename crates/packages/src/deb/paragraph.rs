//! Reading a control file: one paragraph of Debian Policy §5.1.

/// The fields of a paragraph, in order; the lines of a value are separated by line breaks, without the space that
/// marks them and with ` .` read as an empty line. Reading ends at the first empty line.
///
/// # Errors
/// With the number and the text of a line that is neither a field nor a continuation of one.
pub(super) fn fields(text: &str) -> Result<Vec<(String, String)>, String> {
    let mut fields: Vec<(String, String)> = Vec::new();
    for (number, line) in text.lines().enumerate() {
        if line.trim().is_empty() {
            if fields.is_empty() {
                continue;
            }
            break;
        }
        if line.starts_with('#') {
            continue;
        }
        let wrong = || {
            let shown: String = line.chars().take(80).collect();
            format!("line {} of the control file is no field: {shown:?}", number + 1)
        };
        if let Some(rest) = line.strip_prefix([' ', '\t']) {
            let (_, value) = fields.last_mut().ok_or_else(wrong)?;
            value.push('\n');
            value.push_str(if rest.trim_end() == "." { "" } else { rest.trim_end() });
            continue;
        }
        let (name, value) = line.split_once(':').filter(|(name, _)| !name.is_empty()).ok_or_else(wrong)?;
        fields.push((name.trim_end().to_owned(), value.trim().to_owned()));
    }
    Ok(fields)
}

/// The value of the field called `name`, whatever the case of its letters.
pub(super) fn value<'a>(fields: &'a [(String, String)], name: &str) -> Option<&'a str> {
    fields.iter().find(|(known, _)| known.eq_ignore_ascii_case(name)).map(|(_, value)| value.as_str())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_paragraph_is_taken_apart() {
        let text = "\nPackage: demo\nDescription: short\n long\n .\n  verbatim\nEmpty:\n\nPackage: other\n";
        let fields = fields(text).unwrap();
        assert_eq!(value(&fields, "package"), Some("demo"));
        assert_eq!(value(&fields, "Description"), Some("short\nlong\n\n verbatim"));
        assert_eq!(value(&fields, "Empty"), Some(""));
        assert_eq!(fields.len(), 3);
    }

    #[test]
    fn what_is_no_field_is_refused() {
        assert!(fields(" continuation").is_err());
        assert!(fields("Package: demo\nnonsense\n").unwrap_err().contains("line 2"));
    }
}
