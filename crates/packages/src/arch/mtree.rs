//! `.MTREE`: what `pacman -Qkk` compares the installed files with. The form is that of libarchive's mtree writer
//! (mtree(5)), which makepkg uses.

use std::collections::BTreeMap;
use std::io::{self, Write};

use landfall_payload::{Entry, EntryKind};
use md5::{Digest, Md5};
use sha2::Sha256;

/// Takes both digests of what is written to it.
#[derive(Default)]
pub(super) struct Surveyor {
    md5: Md5,
    sha256: Sha256,
}

/// A file's digests: pacman compares MD5 before version 6.1, and SHA-256 since.
pub(super) struct Digests {
    md5: [u8; 16],
    /// SHA-256.
    pub(super) sha256: [u8; 32],
}

impl Surveyor {
    pub(super) fn finish(self) -> Digests {
        Digests { md5: self.md5.finalize().into(), sha256: self.sha256.finalize().into() }
    }
}

impl Write for Surveyor {
    fn write(&mut self, data: &[u8]) -> io::Result<usize> {
        self.md5.update(data);
        self.sha256.update(data);
        Ok(data.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Digests {
    /// Those of a text in memory.
    pub(super) fn of(text: &str) -> Self {
        Self { md5: Md5::digest(text).into(), sha256: Sha256::digest(text).into() }
    }

    fn words(&self) -> String {
        format!("md5digest={} sha256digest={}", hex::encode(self.md5), hex::encode(self.sha256))
    }
}

/// The text before compression: `own` are the package's metadata files, and `digests` has those of every regular
/// file of the tree.
pub(super) fn mtree(
    epoch: i64,
    own: &[(&str, String)],
    tree: &BTreeMap<String, Entry>,
    digests: &BTreeMap<&str, Digests>,
) -> String {
    let mut text = String::from("#mtree\n/set type=file uid=0 gid=0 mode=644\n");
    let time = format!("time={epoch}.0");
    for (name, content) in own {
        let (size, words) = (content.len(), Digests::of(content).words());
        text.push_str(&format!("./{name} {time} size={size} {words}\n"));
    }
    for entry in tree.values() {
        let path = escape(entry.path.trim_start_matches('/'));
        let mode = entry.mode & 0o7777;
        match &entry.kind {
            EntryKind::File(content) => {
                let mode = if mode == 0o644 { String::new() } else { format!(" mode={mode:o}") };
                let digest = digests.get(entry.path.as_str()).map(Digests::words).unwrap_or_default();
                let size = content.size();
                text.push_str(&format!("./{path} {time}{mode} size={size} {digest}\n"));
            }
            EntryKind::Directory => text.push_str(&format!("./{path} {time} mode={mode:o} type=dir\n")),
            EntryKind::Symlink(target) => {
                text.push_str(&format!("./{path} {time} mode=777 type=link link={}\n", escape(target)));
            }
            EntryKind::Ghost => {}
        }
    }
    text
}

/// The SHA-256 of files by path, as far as a text from any package says.
pub(super) fn digests(text: &str) -> BTreeMap<String, String> {
    text.lines()
        .filter_map(|line| {
            let mut words = line.split_ascii_whitespace();
            let path = unescape(words.next()?.strip_prefix("./")?);
            let digest = words.find_map(|word| word.strip_prefix("sha256digest="))?;
            let sound = digest.len() == 64 && digest.bytes().all(|b| b.is_ascii_hexdigit());
            sound.then(|| (path, digest.to_ascii_lowercase()))
        })
        .collect()
}

/// Everything but plain characters as a backslash and three octal digits.
fn escape(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_graphic() && !b"\\#=".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("\\{byte:03o}"));
        }
    }
    out
}

fn unescape(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let octal = bytes.get(at + 1..at + 4).filter(|_| byte == b'\\');
        let octal = octal.filter(|digits| digits.iter().all(|digit| (b'0'..=b'7').contains(digit)));
        if let Some(&[high, middle, low]) = octal {
            out.push(((high - b'0') & 3) << 6 | (middle - b'0') << 3 | (low - b'0'));
            at += 4;
        } else {
            out.push(byte);
            at += 1;
        }
    }
    String::from_utf8_lossy(&out).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_escaped() {
        assert_eq!(escape("usr/share/a b#ü"), "usr/share/a\\040b\\043\\303\\274");
        assert_eq!(unescape(&escape("usr/share/a b#ü\\040=")), "usr/share/a b#ü\\040=");
        assert_eq!(unescape("a\\9\\12"), "a\\9\\12");
    }

    #[test]
    fn digests_are_found() {
        let digest = "0".repeat(64);
        let text = format!(
            "#mtree\n/set type=file\n./usr/a\\040b time=1.0 size=1 sha256digest={digest}\n./dir type=dir\n\
             ./short sha256digest=00\n"
        );
        assert_eq!(digests(&text), BTreeMap::from([("usr/a b".to_owned(), digest)]));
    }
}
