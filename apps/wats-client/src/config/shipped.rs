//! The configuration file that an installation lays out: every key, commented out, with its default.

use landfall_service_definition::{Folders, Platform};

/// As packages for Linux bring it.
const LINUX: &str = include_str!("../../packaging/config.toml");

/// What reads differently on Windows, beside the folders.
const ON_WINDOWS: [(&str, &str); 2] = [
    ("See wats-client(1).", "See the README."),
    (
        r#""/usr/bin/python3", "/opt/my-tester/convert.py""#,
        r"'C:\Program Files\Python\python.exe', 'C:\my-tester\convert.py'",
    ),
];

/// The file for a service with these folders, which stand in its comments.
pub(crate) fn shipped(folders: &Folders, platform: Platform) -> String {
    let usual = Folders::of(Platform::Linux, "wats-client");
    let moves = [
        (&usual.state, &folders.state),
        (&usual.logs, &folders.logs),
        (&usual.configuration, &folders.configuration),
    ];
    let mut text = LINUX.to_owned();
    for (old, new) in moves {
        text = moved(&text, old, new, platform == Platform::Windows);
    }
    if platform == Platform::Windows {
        for (old, new) in ON_WINDOWS {
            text = text.replace(old, new);
        }
    }
    text
}

/// With each quoted path below `old` moved below `new`. On Windows TOML's literal strings spare the backslashes.
fn moved(text: &str, old: &str, new: &str, windows: bool) -> String {
    let begins = format!("\"{old}/");
    let mut pieces = text.split(&begins);
    let mut result = pieces.next().unwrap_or_default().to_owned();
    for piece in pieces {
        let (below, rest) = piece.split_once('"').unwrap_or((piece, ""));
        let (quote, separator) = if windows { ('\'', "\\") } else { ('"', "/") };
        result.push_str(&format!("{quote}{new}{separator}{}{quote}{rest}", below.replace('/', separator)));
    }
    result
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_folders_of_an_instance_stand_in_its_file() {
        assert_eq!(shipped(&Folders::of(Platform::Linux, "wats-client"), Platform::Linux), LINUX);
        let text = shipped(&Folders::of(Platform::Linux, "wats-client@line2"), Platform::Linux);
        assert!(text.contains("#folder = \"/var/lib/wats-client@line2/queue\"\n"), "{text}");
        assert!(text.contains("#file = \"/var/log/wats-client@line2/wats-client.log\"\n"), "{text}");
        assert!(!text.contains("/wats-client/"), "{text}");
    }

    /// Packages for Windows take a file of their own, which is this one.
    #[test]
    fn the_file_for_windows_names_its_folders() {
        let text = shipped(&Folders::of(Platform::Windows, "wats-client"), Platform::Windows);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("packaging/config.windows.toml");
        if std::env::var_os("UPDATE_GOLDEN").is_some() {
            std::fs::write(&file, &text).unwrap();
        }
        assert_eq!(std::fs::read_to_string(file).unwrap(), text, "UPDATE_GOLDEN=1 writes it anew");
        assert!(text.contains(r"#folder = 'C:\ProgramData\wats-client\state\queue'"), "{text}");
        let linux = ["/etc/", "/var/", "/usr/", "/opt/"];
        assert!(!linux.iter().any(|folder| text.contains(folder)), "{text}");
        // Every path can be switched on.
        let all = text.replace("\n#", "\n");
        let paths = all.lines().filter(|line| line.contains(r"C:\"));
        for line in paths.filter(|line| !line.starts_with(' ')) {
            assert!(toml::from_str::<toml::Table>(line).is_ok(), "{line}");
        }
    }
}
