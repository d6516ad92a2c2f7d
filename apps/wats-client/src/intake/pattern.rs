//! Which file names are taken.

/// Whether a name matches a pattern with `*` (any characters) and `?` (one character). Case makes no difference:
/// testers write `.JSON` too.
pub(super) fn matches(pattern: &str, name: &str) -> bool {
    let pattern: Vec<char> = pattern.chars().flat_map(char::to_lowercase).collect();
    let name: Vec<char> = name.chars().flat_map(char::to_lowercase).collect();
    let (mut at, mut matched) = (0, 0);
    let mut star: Option<(usize, usize)> = None;
    while matched < name.len() {
        match pattern.get(at) {
            Some('*') => {
                star = Some((at, matched));
                at += 1;
            }
            Some(&wanted) if wanted == '?' || wanted == name[matched] => {
                at += 1;
                matched += 1;
            }
            // Let the last star take one character more.
            _ => match star.as_mut() {
                Some((star_at, taken)) => {
                    *taken += 1;
                    at = *star_at + 1;
                    matched = *taken;
                }
                None => return false,
            },
        }
    }
    pattern[at..].iter().all(|&rest| rest == '*')
}

/// Whether a name belongs to a file that is still being made, or that is none of our business.
pub(super) fn is_unfinished(name: &str) -> bool {
    let lower = name.to_lowercase();
    name.starts_with('.')
        || name.starts_with("~$")
        || [".tmp", ".part"].iter().any(|ending| lower.ends_with(ending))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns() {
        for (pattern, name) in [
            ("*.json", "a.json"),
            ("*.json", "A.JSON"),
            ("*", "x"),
            ("r?p*t*.js*n", "report-1.jsxn"),
            ("**a", "ba"),
            ("é*", "ÉA"),
        ] {
            assert!(matches(pattern, name), "{pattern} {name}");
        }
        for (pattern, name) in [("*.json", "a.json.bak"), ("?", ""), ("a", "ab"), ("*.json", "json")] {
            assert!(!matches(pattern, name), "{pattern} {name}");
        }
    }

    #[test]
    fn unfinished_names() {
        for name in [".hidden.json", "~$a.json", "a.json.tmp", "a.PART"] {
            assert!(is_unfinished(name), "{name}");
        }
        assert!(!is_unfinished("a.json"));
    }
}
