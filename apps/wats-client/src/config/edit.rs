//! Changing the configuration file: comments, order and unknown keys stay as they are.
//!
//! ```ignore
//! let mut editor = Editor::open(&path, &environment)?;
//! editor.set("server.url", "https://company.wats.com")?;
//! let folder = editor.add_watch(&[("folder", "/srv/reports"), ("converter", "spea")])?;
//! editor.set(&format!("watch[{folder}].arguments.part-number"), "PSU-100")?;
//! let changes = editor.save()?; // the whole is checked first; the file is replaced at once, or not at all
//! ```
//!
//! The running service notices the new file by itself; [`super::Live::reload`] waits until it has.

use super::error::ConfigError;
use super::keys::{self, Key};
use super::{Config, Environment, load};
use crate::files;
use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};
use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, TableLike, Value};

/// A configuration file that is being changed.
pub(crate) struct Editor {
    path: PathBuf,
    environment: Environment,
    /// What was read; `None` when there was no file.
    before: Option<String>,
    document: DocumentMut,
}

/// What a change does to one key. Secrets have no place in the file, so none is shown.
#[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
pub(crate) struct Change {
    /// The key's dotted name.
    pub(crate) key: String,
    /// What the file said before.
    pub(crate) before: Option<String>,
    /// What it says now.
    pub(crate) after: Option<String>,
}

impl Editor {
    /// Reads the file. One that is not there is empty, and made when it is saved.
    ///
    /// # Errors
    /// When it cannot be read or is no TOML; nothing can be changed before that is mended by hand.
    pub(crate) fn open(path: &Path, environment: &Environment) -> Result<Self, ConfigError> {
        Self::of_text(path, read(path)?, environment)
    }

    /// The same for a file of this text; `None` is no file.
    pub(crate) fn of_text(
        path: &Path,
        before: Option<String>,
        environment: &Environment,
    ) -> Result<Self, ConfigError> {
        let text = before.as_deref().unwrap_or_default();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let document = text.parse().map_err(|error: toml_edit::TomlError| {
            ConfigError::at(path, text, error.span().map_or(0, |span| span.start), error.message())
        })?;
        Ok(Self { path: path.to_owned(), environment: environment.clone(), before, document })
    }

    /// What the file says for this key, as text; lists as `["a", "b"]`. `None` when it says nothing.
    pub(crate) fn get(&self, key: &str) -> Result<Option<String>, ConfigError> {
        known(key)?;
        Ok(self.values()?.remove(key))
    }

    /// Gives a key a value, which is checked by itself.
    pub(crate) fn set(&mut self, key: &str, text: &str) -> Result<(), ConfigError> {
        let value = match known(key)? {
            Some(known) => {
                let value = known.value(text)?;
                load::check_value(known, &value).map_err(|error| error.at_key(key))?;
                value
            }
            None => argument(text),
        };
        if let Some((table, name)) = key.split_once('.').filter(|_| !key.starts_with("watch[")) {
            self.uncomment(table, name, &value);
        }
        let (table, name) = self.place(key, true)?;
        if let Some(table) = table {
            put(table, &name, value);
        }
        Ok(())
    }

    /// Takes a key out, so that its default holds. Says whether it was there.
    pub(crate) fn remove(&mut self, key: &str) -> Result<bool, ConfigError> {
        known(key)?;
        let (table, name) = self.place(key, false)?;
        Ok(table.is_some_and(|table| table.remove(&name).is_some()))
    }

    /// How many folders the file names.
    pub(crate) fn watches(&self) -> usize {
        self.document.get("watch").and_then(Item::as_array_of_tables).map_or(0, ArrayOfTables::len)
    }

    /// Adds a folder with these keys, such as `folder` or `arguments.part-number`, and gives its number.
    pub(crate) fn add_watch(&mut self, values: &[(&str, &str)]) -> Result<usize, ConfigError> {
        let number = self.watches();
        let list = self.document.entry("watch").or_insert(Item::ArrayOfTables(ArrayOfTables::new()));
        let list = list.as_array_of_tables_mut().ok_or_else(|| not_in_blocks("watch"))?;
        list.push(Table::new());
        self.edit_watch(number, values)?;
        Ok(number)
    }

    /// Gives keys of a folder these values; an empty one takes the key out.
    pub(crate) fn edit_watch(&mut self, number: usize, values: &[(&str, &str)]) -> Result<(), ConfigError> {
        for (name, text) in values {
            let key = format!("watch[{number}].{name}");
            if text.trim().is_empty() {
                self.remove(&key)?;
            } else {
                self.set(&key, text)?;
            }
        }
        Ok(())
    }

    /// Watches this folder no more. The folders after it move up by one.
    pub(crate) fn remove_watch(&mut self, number: usize) -> Result<(), ConfigError> {
        if number >= self.watches() {
            return Err(self.no_such_watch(number));
        }
        if let Some(list) = self.document.get_mut("watch").and_then(Item::as_array_of_tables_mut) {
            list.remove(number);
        }
        if self.watches() == 0 {
            self.document.remove("watch");
        }
        Ok(())
    }

    /// The configuration as it would be, with the environment.
    pub(crate) fn check(&self) -> Result<Config, ConfigError> {
        Config::of_text(&self.path, Some(&self.text()), &self.environment)
    }

    /// What is different from what was read.
    pub(crate) fn changes(&self) -> Result<Vec<Change>, ConfigError> {
        let before = match &self.before {
            Some(text) => values(&self.path, text)?,
            None => BTreeMap::new(),
        };
        let after = self.values()?;
        Ok(differences(&before, &after))
    }

    /// Checks the whole, writes it, and says what has changed. The file keeps its mode and its owner. When nothing is
    /// different, nothing is written.
    ///
    /// # Errors
    /// When the whole is not valid, when somebody else has changed the file since, or when it cannot be written; the
    /// file is then as it was.
    pub(crate) fn save(&mut self) -> Result<Vec<Change>, ConfigError> {
        self.check()?;
        let changes = self.changes()?;
        if changes.is_empty() {
            return Ok(changes);
        }
        if read(&self.path)? != self.before {
            return Err(ConfigError::Changed { file: self.path.clone() });
        }
        let text = self.text();
        write(&self.path, &text)?;
        self.before = Some(text);
        Ok(changes)
    }

    /// The file as it would be.
    pub(crate) fn text(&self) -> String {
        self.document.to_string()
    }

    fn values(&self) -> Result<BTreeMap<String, String>, ConfigError> {
        values(&self.path, &self.text())
    }

    /// The table that a key is in, made where it is missing if that is wanted, and the key's last part.
    fn place(&mut self, key: &str, make: bool) -> Result<(Option<&mut dyn TableLike>, String), ConfigError> {
        let (number, rest) = match keys::watch_and_rest(key) {
            Some((Some(number), rest)) => (Some(number), rest),
            Some((None, _)) => {
                return Err(ConfigError::of_key(key, "needs the folder's number, such as watch[0].folder"));
            }
            None => (None, key),
        };
        let mut parts: Vec<String> = toml_edit::Key::parse(rest)
            .map_err(|error| ConfigError::of_key(key, error.to_string().trim().to_owned()))?
            .iter()
            .map(|part| part.get().to_owned())
            .collect();
        let name = parts.pop().unwrap_or_default();
        let fault = number.map(|number| self.no_such_watch(number));
        let mut table: &mut dyn TableLike = match number {
            None => self.document.as_table_mut(),
            Some(number) => {
                let list = self.document.get_mut("watch").and_then(Item::as_array_of_tables_mut);
                match list.and_then(|list| list.get_mut(number)) {
                    Some(table) => table,
                    None => return Err(fault.unwrap_or_else(|| not_in_blocks(key))),
                }
            }
        };
        for part in parts {
            if !table.contains_key(&part) {
                if !make {
                    return Ok((None, name));
                }
                table.insert(&part, Item::Table(Table::new()));
            }
            table = table
                .get_mut(&part)
                .and_then(Item::as_table_like_mut)
                .ok_or_else(|| ConfigError::of_key(key, format!("{part} is no table in this file")))?;
        }
        Ok((Some(table), name))
    }

    fn no_such_watch(&self, number: usize) -> ConfigError {
        let count = self.watches();
        ConfigError::of_key(
            &format!("watch[{number}]"),
            match count {
                0 => "the file names no folder; add one".to_owned(),
                1 => "the file names one folder, watch[0]".to_owned(),
                _ => format!("the file names {count} folders, watch[0] to watch[{}]", count - 1),
            },
        )
    }

    /// Where the file shows the key as a comment with its default, the value takes the comment's place.
    fn uncomment(&mut self, table: &str, name: &str, value: &Value) {
        let text = self.text();
        let mut inside = false;
        let mut byte = 0;
        for line in text.split_inclusive('\n') {
            let bare = line.trim();
            if bare.starts_with('[') || bare.starts_with("#[") {
                inside =
                    bare.trim_start_matches('#').split('#').next().is_some_and(|header| {
                        !bare.starts_with('#') && header.trim() == format!("[{table}]")
                    });
            }
            let shown = bare.strip_prefix('#').map(str::trim_start);
            if inside && shown.is_some_and(|shown| is_assignment(shown, name)) {
                let end = &line[line.trim_end().len()..];
                let mut changed = text.clone();
                changed.replace_range(byte..byte + line.len(), &format!("{name} = {value}{end}"));
                // Not so in the middle of a text of several lines, where this would be something else.
                let expected = |document: &DocumentMut| {
                    let item = document.get(table).and_then(|item| item.get(name));
                    item.and_then(Item::as_value)
                        .is_some_and(|found| found.to_string().trim() == value.to_string().trim())
                };
                if let Some(document) = changed.parse::<DocumentMut>().ok().filter(expected) {
                    self.document = document;
                }
                return;
            }
            byte += line.len();
        }
    }
}

/// What two sets of values differ in.
pub(super) fn differences(
    before: &BTreeMap<String, String>,
    after: &BTreeMap<String, String>,
) -> Vec<Change> {
    let names: std::collections::BTreeSet<&String> = before.keys().chain(after.keys()).collect();
    let changed = names.into_iter().filter(|name| before.get(*name) != after.get(*name));
    changed
        .map(|name| Change {
            key: name.clone(),
            before: before.get(name).cloned(),
            after: after.get(name).cloned(),
        })
        .collect()
}

/// The key of this name; `None` for what a converter is told.
fn known(name: &str) -> Result<Option<&'static Key>, ConfigError> {
    if let Some(key) = Key::find(name) {
        return Ok(Some(key));
    }
    if keys::is_argument(name) {
        return Ok(None);
    }
    if keys::SECRETS.iter().any(|secret| secret.name == name) {
        return Err(ConfigError::of_key(name, "is a secret and has no place in this file"));
    }
    Err(ConfigError::of_key(name, keys::no_such_key(name)))
}

/// What a converter is told: a number or a truth where it is written like one and reads the same again, which a part
/// number such as `1.10` or `0x10` would not.
fn argument(text: &str) -> Value {
    let trimmed = text.trim();
    let is_plain = trimmed.parse::<toml::Value>().is_ok_and(|value| {
        (value.is_integer() || value.is_float() || value.is_bool()) && value.to_string() == trimmed
    });
    trimmed.parse().ok().filter(|_| is_plain).unwrap_or_else(|| text.into())
}

/// Whether a line gives this key a value.
fn is_assignment(line: &str, name: &str) -> bool {
    line.strip_prefix(name).is_some_and(|rest| rest.trim_start().starts_with('='))
}

/// Sets a value, and leaves the comments beside an old one.
fn put(table: &mut dyn TableLike, name: &str, mut value: Value) {
    match table.get_mut(name) {
        Some(Item::Value(old)) => {
            *value.decor_mut() = old.decor().clone();
            *old = value;
        }
        _ => drop(table.insert(name, Item::Value(value))),
    }
}

fn not_in_blocks(key: &str) -> ConfigError {
    ConfigError::of_key(key, "this file does not write folders as [[watch]] blocks; change it by hand")
}

fn values(path: &Path, text: &str) -> Result<BTreeMap<String, String>, ConfigError> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let table: toml::Table =
        toml::from_str(text).map_err(|error| ConfigError::in_file(path, text, &error))?;
    let mut all = BTreeMap::new();
    load::flatten("", &toml::Value::Table(table), &mut all);
    Ok(all)
}

fn read(path: &Path) -> Result<Option<String>, ConfigError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ConfigError::Unreadable { file: path.to_owned(), source }),
    }
}

/// Replaces the file at once: whoever reads it sees the old one or the new one, also after a power cut.
fn write(path: &Path, text: &str) -> Result<(), ConfigError> {
    let fault = |message: String| ConfigError::Unwritable { file: path.to_owned(), message };
    // Behind a link it is the file that is replaced, not the link.
    let real = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = real.parent().ok_or_else(|| fault("it is in no folder".to_owned()))?;
    let io = |error: std::io::Error| {
        fault(match error.kind() {
            ErrorKind::PermissionDenied | ErrorKind::ReadOnlyFilesystem => format!(
                "{error} (in {}); run the command as root or administrator, or let the service's account write there",
                folder.display()
            ),
            _ => format!("{error} (in {})", folder.display()),
        })
    };
    std::fs::create_dir_all(folder).map_err(io)?;
    let mut file =
        tempfile::Builder::new().prefix(".config-").suffix(".tmp").tempfile_in(folder).map_err(io)?;
    file.write_all(text.as_bytes()).map_err(io)?;
    files::take_after(file.as_file(), &real).map_err(io)?;
    file.as_file().sync_all().map_err(io)?;
    file.persist(&real).map_err(|error| io(error.error))?;
    files::sync_folder(folder).map_err(io)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn editor(text: &str) -> (tempfile::TempDir, Editor) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("config.toml");
        fs::write(&path, text).unwrap();
        let editor = Editor::open(&path, &Environment::default()).unwrap();
        (folder, editor)
    }

    fn saved(editor: &mut Editor) -> String {
        editor.save().unwrap();
        fs::read_to_string(&editor.path).unwrap()
    }

    #[test]
    fn comments_order_and_unknown_keys_survive() {
        let text =
            "# Ours\n[server] # main\nurl = \"https://a\" # old\nfuture = 1\n\n[odd]\nx = [1, 2] # kept\n";
        let (_folder, mut editor) = editor(text);
        editor.set("server.url", "https://b.example").unwrap();
        let changes = editor.changes().unwrap();
        assert_eq!(changes.len(), 1);
        assert_eq!(
            (changes[0].key.as_str(), changes[0].before.as_deref()),
            ("server.url", Some("https://a"))
        );
        assert_eq!(saved(&mut editor), text.replace("https://a", "https://b.example"));
        assert_eq!(editor.save().unwrap(), []);
    }

    #[test]
    fn a_value_takes_the_place_of_its_comment() {
        let (_folder, mut editor) = editor(include_str!("../../packaging/config.toml"));
        editor.set("station.location", "Line 1").unwrap();
        editor.set("upload.concurrency", "8").unwrap();
        let expected = include_str!("../../packaging/config.toml")
            .replace("#location = \"\"", "location = \"Line 1\"")
            .replace("#concurrency = 5", "concurrency = 8");
        assert_eq!(saved(&mut editor), expected);
        assert!(editor.remove("station.location").unwrap() && !editor.remove("station.location").unwrap());
        assert_eq!(editor.get("station.location").unwrap(), None);
        assert_eq!(editor.get("upload.concurrency").unwrap().as_deref(), Some("8"));
    }

    #[test]
    fn folders_are_added_changed_and_removed() {
        let (_folder, mut editor) = editor("[server]\nurl = \"https://a\"\n");
        let first = editor.add_watch(&[("folder", "/in/a"), ("patterns", "*.json, *.xml")]).unwrap();
        let second = editor
            .add_watch(&[
                ("folder", "/in/b"),
                ("converter", "csv"),
                ("arguments.columns.serial-number", "SN"),
            ])
            .unwrap();
        assert_eq!((first, second, editor.watches()), (0, 1, 2));
        editor.edit_watch(0, &[("patterns", ""), ("priority", "1")]).unwrap();
        editor.set("watch[1].arguments.low-limits.\"VCC 3.3\"", "3.2").unwrap();
        let config = editor.check().unwrap();
        assert_eq!(config.watches[0].priority, 1);
        assert!(config.watches[0].leave_unknown && !config.watches[1].folder.as_os_str().is_empty());
        let text = saved(&mut editor);
        assert!(
            text.contains("[[watch]]\nfolder = \"/in/b\"") && text.contains("\"VCC 3.3\" = 3.2"),
            "{text}"
        );
        editor.remove_watch(0).unwrap();
        assert_eq!(editor.check().unwrap().watches[0].folder, Path::new("/in/b"));
        let text = editor.remove_watch(3).unwrap_err().to_string();
        assert_eq!(text, "watch[3]: the file names one folder, watch[0]");
    }

    #[test]
    fn what_a_converter_is_told_stays_what_it_is() {
        for text in
            ["10", "-1.5", "true", "1.10", "0x10", "1_000", "007", "1e3", "+5", "a\"b", "1979-05-27", "[1]"]
        {
            let (_folder, mut editor) = editor("");
            editor.add_watch(&[("folder", "/in"), ("arguments.part-number", text)]).unwrap();
            let key = "watch[0].arguments.part-number";
            assert_eq!(editor.get(key).unwrap().as_deref(), Some(text));
            let is_bare = editor.text().contains(&format!("part-number = {text}\n"));
            assert_eq!(is_bare, ["10", "-1.5", "true"].contains(&text), "{}", editor.text());
        }
    }

    #[test]
    fn what_is_not_valid_is_not_written() {
        let (_folder, mut editor) = editor("[server]\nurl = \"https://a\"\n");
        let refusal = |result: Result<(), ConfigError>| result.unwrap_err().to_string();
        assert!(refusal(editor.set("server.url", "company")).starts_with("server.url: \"company\" is not"));
        assert_eq!(
            refusal(editor.set("server.ulr", "x")),
            "server.ulr: there is no such key; did you mean server.url?"
        );
        assert!(refusal(editor.set("server.token", "x")).contains("is a secret"));
        assert!(refusal(editor.set("watch[0].folder", "/a")).contains("the file names no folder"));
        assert!(refusal(editor.set("upload.concurrency", "0")).contains("between 1 and 100"));
        editor.add_watch(&[("folder", "/a"), ("done", "/a")]).unwrap();
        assert!(editor.save().unwrap_err().to_string().contains("is a watched folder itself"));
        assert_eq!(fs::read_to_string(&editor.path).unwrap(), "[server]\nurl = \"https://a\"\n");
    }

    #[test]
    fn a_change_of_somebody_else_is_not_overwritten() {
        let (_folder, mut editor) = editor("");
        editor.set("station.name", "A").unwrap();
        fs::write(&editor.path, "[station]\nname = \"B\"\n").unwrap();
        assert!(matches!(editor.save(), Err(ConfigError::Changed { .. })));
        assert_eq!(fs::read_to_string(&editor.path).unwrap(), "[station]\nname = \"B\"\n");
    }

    #[test]
    fn a_file_that_is_not_there_is_made() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("new/config.toml");
        let mut editor = Editor::open(&path, &Environment::default()).unwrap();
        editor.set("station.name", "A").unwrap();
        assert_eq!(saved(&mut editor), "[station]\nname = \"A\"\n");
    }

    #[cfg(unix)]
    #[test]
    fn mode_and_link_stay() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, mut editor) = editor("");
        fs::set_permissions(&editor.path, fs::Permissions::from_mode(0o640)).unwrap();
        let link = folder.path().join("link.toml");
        std::os::unix::fs::symlink(&editor.path, &link).unwrap();
        editor.path = link.clone();
        editor.set("station.name", "A").unwrap();
        assert_eq!(saved(&mut editor), "[station]\nname = \"A\"\n");
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::metadata(&link).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
