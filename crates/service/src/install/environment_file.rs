//! The file of `NAME=value` lines from which a service manager takes a service's variables (systemd.exec(5),
//! `EnvironmentFile=`). An administrator may have written it by hand, so everything else in it stays as it is.

/// Why a value cannot stand in the file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Unwritable(pub(crate) &'static str);

/// The text with the variables set: in the line where each stood last, else at the end.
pub(crate) fn set(text: &str, variables: &[(String, String)]) -> Result<String, Unwritable> {
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    for (name, value) in variables {
        let line = format!("{name}={}", quoted(value)?);
        let mut places = (0..lines.len()).filter(|&at| self::name(&lines[at]) == Some(name));
        match places.next_back() {
            Some(place) => lines[place] = line,
            None => lines.push(line),
        }
    }
    Ok(lines.into_iter().map(|line| line + "\n").collect())
}

/// The value of a variable in the text of an environment file, as a service would see it.
#[must_use]
pub fn get(text: &str, name: &str) -> Option<String> {
    let line = text.lines().rev().find(|line| self::name(line) == Some(name))?;
    let value = line.split_once('=')?.1.trim();
    let inner = |quote: char| value.strip_prefix(quote)?.strip_suffix(quote);
    let plain = inner('\'').map(str::to_owned);
    Some(plain.or_else(|| inner('"').map(unescaped)).unwrap_or_else(|| value.to_owned()))
}

fn unescaped(text: &str) -> String {
    let mut result = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        result.push(if character == '\\' { characters.next().unwrap_or('\\') } else { character });
    }
    result
}

/// The variable that a line sets.
fn name(line: &str) -> Option<&str> {
    let name = line.split_once('=')?.0.trim();
    (!name.is_empty() && !name.starts_with(['#', ';'])).then_some(name)
}

/// A value in the one form that systemd and the init scripts' own reader understand alike: bare, or between quotes
/// that do not occur in it. The scripts know no escapes.
fn quoted(value: &str) -> Result<String, Unwritable> {
    if value.contains(['\n', '\r', '\0']) {
        return Err(Unwritable("it must be one line"));
    }
    let bare = |c: char| c.is_alphanumeric() || "-_./:,+@%=?&~^!()[]{}".contains(c);
    if value.chars().all(bare) {
        return Ok(value.to_owned());
    }
    if !value.contains('\'') {
        return Ok(format!("'{value}'"));
    }
    if !value.contains(['"', '\\', '$', '`']) {
        return Ok(format!("\"{value}\""));
    }
    Err(Unwritable(
        "it holds an apostrophe together with one of \" \\ $ `, which no environment file can carry",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(name: &str, value: &str) -> (String, String) {
        (name.to_owned(), value.to_owned())
    }

    #[test]
    fn what_others_wrote_stays() {
        let text = "# by hand\nURL=https://old\n;URL=x\nOTHER='a b'\n URL = https://last";
        let changed = set(text, &[pair("URL", "https://x/?a=b&c=d"), pair("NEW", "two words")]).unwrap();
        assert_eq!(
            changed,
            "# by hand\nURL=https://old\n;URL=x\nOTHER='a b'\nURL=https://x/?a=b&c=d\nNEW='two words'\n"
        );
        assert_eq!(set("", &[]).unwrap(), "");
    }

    #[test]
    fn values_come_back_as_they_went_in() {
        for value in
            ["", "plain", "two words", "it's", "$HOME `x` \\ \"q\"", "#5", " lead", "ende\u{e4}", "50%"]
        {
            let text = set("", &[pair("A", value)]).unwrap();
            assert_eq!(get(&text, "A").as_deref(), Some(value), "{text}");
        }
        assert_eq!(get("A=\"say \\\"hi\\\"\"\nB=1", "A").as_deref(), Some("say \"hi\""));
        assert_eq!(get("#A=1\n", "A"), None);
    }

    #[test]
    fn what_no_reader_would_understand_is_refused() {
        assert!(set("", &[pair("A", "it's $5")]).is_err());
        assert!(set("", &[pair("A", "two\nlines")]).is_err());
    }
}
