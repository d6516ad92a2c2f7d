//! Reading `tar` archives.

use std::io::{self, Read};

use super::{BLOCK, Header, Kind, checksum};
use crate::{damaged, read_up_to, skip};

/// The longest extended header or GNU long name.
const MOST_EXTENDED: u64 = 1 << 20;

/// Reads an archive: old, ustar, GNU and pax forms.
pub struct Reader<R: Read> {
    input: R,
    /// Bytes of the current member that have not been read.
    content: u64,
    padding: u64,
    /// pax records for every member that follows.
    global: Vec<(String, Vec<u8>)>,
    ended: bool,
}

/// What the members before a member say of it.
#[derive(Default)]
struct Extended {
    path: Option<Vec<u8>>,
    link: Option<Vec<u8>>,
    records: Vec<(String, Vec<u8>)>,
}

impl Extended {
    fn is_empty(&self) -> bool {
        self.path.is_none() && self.link.is_none() && self.records.is_empty()
    }
}

impl<R: Read> Reader<R> {
    /// Begins to read an archive.
    pub fn new(input: R) -> Self {
        Self { input, content: 0, padding: 0, global: Vec::new(), ended: false }
    }

    /// The next member; its content follows through [`Read`]. `None` at the end.
    ///
    /// # Errors
    /// When the archive is damaged or cannot be read.
    pub fn next_header(&mut self) -> io::Result<Option<Header>> {
        let mut extended = Extended::default();
        // Few members stand before one: more is an attack.
        for _ in 0..8 {
            let Some(block) = self.block()? else {
                return if extended.is_empty() { Ok(None) } else { Err(damaged("a tar member is missing")) };
            };
            let size = number(&block[124..136])?;
            match block[156] {
                b'L' => extended.path = Some(self.text(size)?),
                b'K' => extended.link = Some(self.text(size)?),
                b'x' => extended.records.extend(records(&self.text(size)?)?),
                b'g' => self.global = records(&self.text(size)?)?,
                _ => return self.member(&block, extended).map(Some),
            }
        }
        Err(damaged("too many extended headers before one tar member"))
    }

    /// Gives the input back, wherever it stands.
    pub fn into_inner(self) -> R {
        self.input
    }

    /// The next header block. `None` at the end mark, or where the input ends between members.
    fn block(&mut self) -> io::Result<Option<[u8; BLOCK]>> {
        if self.ended {
            return Ok(None);
        }
        skip(&mut self.input, self.content)?;
        skip(&mut self.input, self.padding)?;
        (self.content, self.padding) = (0, 0);
        let mut block = [0; BLOCK];
        let length = read_up_to(&mut self.input, &mut block)?;
        if length == 0 || (length == BLOCK && block.iter().all(|&b| b == 0)) {
            self.ended = true;
            return Ok(None);
        }
        if length < BLOCK {
            return Err(damaged("a tar header is cut off"));
        }
        if number(&block[148..156])? != u64::from(checksum(&block)) {
            return Err(damaged("the checksum of a tar header is wrong"));
        }
        Ok(Some(block))
    }

    /// The content of a member that describes another.
    fn text(&mut self, size: u64) -> io::Result<Vec<u8>> {
        if size > MOST_EXTENDED {
            return Err(damaged(format!("an extended tar header of {size} bytes is too long")));
        }
        self.begin(size);
        let mut text = Vec::new();
        self.read_to_end(&mut text)?;
        Ok(text)
    }

    fn begin(&mut self, size: u64) {
        self.content = size;
        self.padding = (BLOCK as u64 - size % BLOCK as u64) % BLOCK as u64;
    }

    fn member(&mut self, block: &[u8; BLOCK], extended: Extended) -> io::Result<Header> {
        let ustar = block[257..263] == *b"ustar\0";
        let mut path = string(&block[..100]);
        if ustar && block[345] != 0 {
            path = format!("{}/{path}", string(&block[345..500]));
        }
        let mut header = Header {
            path,
            kind: match block[156] {
                0 | b'0' | b'7' => Kind::File,
                b'1' => Kind::Hardlink,
                b'2' => Kind::Symlink,
                b'5' => Kind::Directory,
                _ => Kind::Special,
            },
            mode: (number(&block[100..108])? & 0o7777) as u32,
            uid: number(&block[108..116])?,
            gid: number(&block[116..124])?,
            uname: string(&block[265..297]),
            gname: string(&block[297..329]),
            size: number(&block[124..136])?,
            mtime: signed(&block[136..148])?,
            link: string(&block[157..257]),
            pax: Vec::new(),
        };
        if let Some(path) = extended.path {
            header.path = string(&path);
        }
        if let Some(link) = extended.link {
            header.link = string(&link);
        }
        for (key, value) in self.global.iter().cloned().chain(extended.records) {
            apply(&mut header, key, value)?;
        }
        if header.path.ends_with('/') {
            // Archives from before ustar mark a directory by its name alone.
            if header.kind == Kind::File {
                header.kind = Kind::Directory;
            }
            header.path.truncate(header.path.trim_end_matches('/').len());
        }
        // Links and directories have no content, whatever their size field says; of other types it is skipped.
        let content = match header.kind {
            Kind::File | Kind::Special => header.size,
            _ => 0,
        };
        header.size = content;
        self.begin(content);
        Ok(header)
    }
}

/// The content of the current member.
impl<R: Read> Read for Reader<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let most = usize::try_from(self.content).unwrap_or(usize::MAX).min(buffer.len());
        let count = self.input.read(&mut buffer[..most])?;
        if count == 0 && most > 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.content -= count as u64;
        Ok(count)
    }
}

fn apply(header: &mut Header, key: String, value: Vec<u8>) -> io::Result<()> {
    let text = || String::from_utf8_lossy(&value).into_owned();
    // No system has such a name: what is unpacked would be called otherwise than what is seen here.
    let name = || match value.contains(&0) {
        true => Err(damaged(format!("the pax record {key} has a zero byte"))),
        false => Ok(text()),
    };
    let digits = || text().parse().map_err(|_| damaged(format!("the pax record {key} is no number")));
    match key.as_str() {
        "path" => header.path = name()?,
        "linkpath" => header.link = name()?,
        "uname" => header.uname = name()?,
        "gname" => header.gname = name()?,
        "uid" => header.uid = digits()?,
        "gid" => header.gid = digits()?,
        "size" => header.size = digits()?,
        "mtime" => {
            // A fraction may follow.
            let whole = text();
            let whole = whole.split('.').next().unwrap_or_default();
            header.mtime = whole.parse().map_err(|_| damaged("the pax record mtime is no number"))?;
        }
        _ => header.pax.push((key, value)),
    }
    Ok(())
}

/// Takes «length key=value\n» records apart.
fn records(mut text: &[u8]) -> io::Result<Vec<(String, Vec<u8>)>> {
    let wrong = || damaged("damaged pax records");
    let mut found = Vec::new();
    while !text.is_empty() && text[0] != 0 {
        let space = text.iter().take(20).position(|&b| b == b' ').ok_or_else(wrong)?;
        let length: usize =
            std::str::from_utf8(&text[..space]).ok().and_then(|t| t.parse().ok()).ok_or_else(wrong)?;
        if length > text.len() || length < space + 3 || text[length - 1] != b'\n' {
            return Err(wrong());
        }
        let body = &text[space + 1..length - 1];
        let equals = body.iter().position(|&b| b == b'=').ok_or_else(wrong)?;
        found.push((String::from_utf8_lossy(&body[..equals]).into_owned(), body[equals + 1..].to_vec()));
        text = &text[length..];
    }
    Ok(found)
}

fn string(bytes: &[u8]) -> String {
    let end = bytes.iter().position(|&b| b == 0).unwrap_or(bytes.len());
    String::from_utf8_lossy(&bytes[..end]).into_owned()
}

/// A number in octal digits, or in GNU's base 256.
fn signed(field: &[u8]) -> io::Result<i64> {
    let wrong = || damaged("damaged number in a tar header");
    if field[0] & 0x80 != 0 {
        let negative = field[0] & 0x40 != 0;
        let (head, tail) = field.split_at(field.len() - 8);
        let fill = if negative { 0xff } else { 0 };
        let bytes: [u8; 8] = tail.try_into().map_err(|_| wrong())?;
        // The rest of the field only repeats the sign; an eight-byte field has its mark within the number.
        let (value, head) = match head {
            [] => {
                let mut bytes = bytes;
                bytes[0] = if negative { bytes[0] } else { bytes[0] & 0x7f };
                (i64::from_be_bytes(bytes), head)
            }
            [_, rest @ ..] => (i64::from_be_bytes(bytes), rest),
        };
        return if head.iter().all(|&b| b == fill) && (value < 0) == negative {
            Ok(value)
        } else {
            Err(wrong())
        };
    }
    let text = string(field);
    let digits = text.trim_matches(' ');
    if digits.is_empty() {
        return Ok(0);
    }
    i64::from_str_radix(digits, 8).map_err(|_| wrong())
}

fn number(field: &[u8]) -> io::Result<u64> {
    u64::try_from(signed(field)?).map_err(|_| damaged("negative number in a tar header"))
}
