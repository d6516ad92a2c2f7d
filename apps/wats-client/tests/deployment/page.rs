//! A page, taken apart.

use std::fs;
use std::path::{Path, PathBuf};

/// A page of docs/deploy.
pub(crate) struct Page {
    pub(crate) path: PathBuf,
    pub(crate) text: String,
}

/// A block of commands.
pub(crate) struct Block {
    /// Number of its first line.
    pub(crate) line: usize,
    /// What stands behind the opening fence: `sh run` is run by the tests.
    pub(crate) kind: String,
    pub(crate) text: String,
}

/// Where the repository is.
pub(crate) fn repository() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// All pages, by name.
pub(crate) fn pages() -> Vec<Page> {
    let folder = repository().join("docs/deploy");
    let mut paths: Vec<PathBuf> = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    paths.into_iter().map(|path| Page { text: fs::read_to_string(&path).unwrap(), path }).collect()
}

impl Page {
    pub(crate) fn named(name: &str) -> Self {
        pages().into_iter().find(|page| page.name() == name).unwrap()
    }

    pub(crate) fn name(&self) -> &str {
        self.path.file_name().unwrap().to_str().unwrap()
    }

    pub(crate) fn blocks(&self) -> Vec<Block> {
        let mut blocks = Vec::new();
        let mut open: Option<(usize, Block)> = None;
        for (index, line) in self.text.lines().enumerate() {
            let bare = line.trim_start();
            match (&mut open, bare.strip_prefix("```")) {
                (None, Some(kind)) => {
                    let block = Block { line: index + 2, kind: kind.to_owned(), text: String::new() };
                    open = Some((line.len() - bare.len(), block));
                }
                (Some(_), Some(_)) => blocks.extend(open.take().map(|(_, block)| block)),
                (Some((indent, block)), None) => {
                    block.text.push_str(line.get(*indent..).unwrap_or_default());
                    block.text.push('\n');
                }
                (None, None) => {}
            }
        }
        assert!(open.is_none(), "{}: a block has no end", self.name());
        blocks
    }

    /// What is set as code in its sentences and tables.
    pub(crate) fn spans(&self) -> Vec<String> {
        let mut spans = Vec::new();
        let mut fenced = false;
        for line in self.text.lines() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            } else if !fenced {
                spans.extend(line.split('`').skip(1).step_by(2).map(|span| span.replace("\\|", "|")));
            }
        }
        spans
    }

    /// Every command line: those of the blocks, with continued lines joined, and the spans.
    pub(crate) fn commands(&self) -> Vec<String> {
        let mut commands = self.spans();
        for block in self.blocks() {
            let joined = block.text.replace("\\\n", " ").replace("`\n", " ");
            commands.extend(joined.lines().map(str::to_owned));
        }
        commands
    }

    /// Link targets.
    pub(crate) fn links(&self) -> Vec<String> {
        let ends = self.text.split("](").skip(1);
        ends.filter_map(|rest| rest.split_once(')')).map(|(target, _)| target.to_owned()).collect()
    }
}

/// The words of a command line, without quotes, up to what is another command.
pub(crate) fn words(line: &str) -> Vec<String> {
    let (mut words, mut word, mut quote): (Vec<String>, Option<String>, Option<char>) = (vec![], None, None);
    for c in line.chars() {
        match (quote, c) {
            (Some(open), c) if c == open => quote = None,
            (None, '\'' | '"') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, '|' | ';' | '>' | '<') => break,
            (None, c) if c.is_whitespace() => words.extend(word.take()),
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    words.extend(word);
    words
}
