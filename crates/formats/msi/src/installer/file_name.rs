//! Names of files and folders on Windows: which are allowed, and their short forms.

use std::collections::HashSet;

use sha1::{Digest, Sha1};

use crate::Error;

/// Longest name in UTF-16 units.
const LONGEST: usize = 255;
/// Names that mean devices, whatever their ending.
const RESERVED: [&str; 30] = [
    "CON", "PRN", "AUX", "NUL", "COM¹", "COM²", "COM³", "LPT¹", "LPT²", "LPT³", "COM1", "COM2", "COM3",
    "COM4", "COM5", "COM6", "COM7", "COM8", "COM9", "LPT1", "LPT2", "LPT3", "LPT4", "LPT5", "LPT6", "LPT7",
    "LPT8", "LPT9", "CONIN$", "CONOUT$",
];

/// Checks that Windows takes `name` for a file or folder.
///
/// # Errors
/// When it does not.
pub fn check(name: &str) -> Result<(), Error> {
    let refuse = |why: String| Err(Error::Invalid(format!("Windows takes no file named {name:?}: {why}")));
    if name.is_empty() || name == "." || name == ".." {
        return refuse("it is no name".into());
    }
    if let Some(bad) = name.chars().find(|c| r#"<>:"/\|?*"#.contains(*c) || c.is_control()) {
        return refuse(format!("{bad:?} is not allowed"));
    }
    if name.ends_with(['.', ' ']) || name.starts_with(' ') {
        return refuse("it must not end with a period or a space, nor begin with a space".into());
    }
    if name.encode_utf16().count() > LONGEST {
        return refuse(format!("it has more than {LONGEST} characters"));
    }
    let stem = name.split('.').next().unwrap_or_default().trim_end();
    if RESERVED.iter().any(|reserved| reserved.eq_ignore_ascii_case(stem)) {
        return refuse(format!("{stem} is a device"));
    }
    Ok(())
}

/// How Windows compares names: one character for one, so that `ß` and `SS` are two names.
pub(crate) fn fold(name: &str) -> String {
    let upper = |c: char| {
        let mut upper = c.to_uppercase();
        match (upper.next(), upper.next()) {
            (Some(one), None) => one,
            _ => c,
        }
    };
    name.chars().map(upper).collect()
}

/// Gives names of one folder their short forms.
#[derive(Debug, Default)]
pub(crate) struct ShortNames {
    /// Short forms that are taken, and long names, folded.
    taken: HashSet<String>,
}

impl ShortNames {
    /// Knows of all names of the folder, so that no short form meets another's long one.
    pub(crate) fn new<'n>(names: impl IntoIterator<Item = &'n str>) -> Self {
        Self { taken: names.into_iter().map(fold).collect() }
    }

    /// The value of a `Filename` column: the name itself where it is short already, else `short|long`.
    pub(crate) fn entry(&mut self, name: &str) -> String {
        if is_short(name) {
            return name.to_owned();
        }
        let (stem, extension) = match name.rsplit_once('.') {
            Some((stem, extension)) if !stem.is_empty() => (stem, squeeze(extension, 3)),
            _ => (name, String::new()),
        };
        let dot = if extension.is_empty() { "" } else { "." };
        let readable = squeeze(stem, 6);
        let first = (1..=4).map(|n| format!("{readable}~{n}{dot}{extension}"));
        // As Windows does where many names begin alike: two letters and a digest.
        let start = squeeze(stem, 2);
        let more = (0_u32..).map(|n| {
            let digest = Sha1::digest(format!("{name}\n{n}"));
            format!("{start}{:02X}{:02X}~1{dot}{extension}", digest[0], digest[1])
        });
        // The second iterator never ends.
        let short = first.chain(more).find(|short| self.taken.insert(short.clone())).unwrap_or_default();
        format!("{short}|{name}")
    }
}

fn is_short(name: &str) -> bool {
    let (stem, extension) = name.split_once('.').unwrap_or((name, "x"));
    let sound = |part: &str, most| {
        (1..=most).contains(&part.len())
            && part.chars().all(|c| c.is_ascii_alphanumeric() || "_-$~!#%&'()@^`{}".contains(c))
    };
    sound(stem, 8) && sound(extension, 3)
}

/// At most `most` letters and digits of `text`, in upper case; an underscore where there are none.
fn squeeze(text: &str, most: usize) -> String {
    let letters = text.chars().filter(char::is_ascii_alphanumeric).take(most);
    let squeezed: String = letters.map(|c| c.to_ascii_uppercase()).collect();
    if squeezed.is_empty() { "_".to_owned() } else { squeezed }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn windows_names() {
        for sound in ["a", "wats-client.exe", ".hidden", "Ü.txt", "CONTENT", "a b"] {
            assert!(check(sound).is_ok(), "{sound}");
        }
        for wrong in [
            "",
            "..",
            "a:b",
            "a/b",
            "x.",
            "x ",
            "con",
            "Nul.txt",
            "lpt1.tar.gz",
            "com²",
            "a\u{1}",
            &"x".repeat(256),
        ] {
            assert!(check(wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn names_are_compared_character_by_character() {
        assert_eq!(fold("Größe"), fold("gRÖßE"));
        assert_ne!(fold("straße"), fold("strasse"));
    }

    #[test]
    fn short_forms() {
        let names =
            ["readme.txt", "WATSCL~1.EXE", "wats-client.exe", "wats-client-2.exe", "a.tar.gz", "日本.txt"];
        let mut short = ShortNames::new(names);
        assert_eq!(short.entry("readme.txt"), "readme.txt");
        assert_eq!(short.entry("wats-client.exe"), "WATSCL~2.EXE|wats-client.exe");
        assert_eq!(short.entry("wats-client-2.exe"), "WATSCL~3.EXE|wats-client-2.exe");
        assert_eq!(short.entry("a.tar.gz"), "ATAR~1.GZ|a.tar.gz");
        assert_eq!(short.entry("日本.txt"), "_~1.TXT|日本.txt");
    }

    #[test]
    fn thousands_of_names_that_begin_alike() {
        let names: Vec<String> = (0..5000).map(|n| format!("library-{n}.dll")).collect();
        let mut short = ShortNames::new(names.iter().map(String::as_str));
        let mut seen = HashSet::new();
        for name in &names {
            let entry = short.entry(name);
            let form = entry.split('|').next().unwrap();
            assert!(is_short(form) && form.len() <= 12, "{form}");
            assert!(seen.insert(form.to_owned()));
        }
    }
}
