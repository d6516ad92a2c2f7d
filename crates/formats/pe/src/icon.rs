//! Icons: an `.ico` file becomes a list and its images.

use crate::headers::{u16_at, u32_at};
use crate::tree::{Name, Resource};
use crate::{Error, Result, kind};

/// Largest file that is taken, in bytes.
const LARGEST: usize = 16 << 20;
/// Most images in one icon.
const MOST: u16 = 64;
/// Size of `ICONDIR`, and of `ICONDIRENTRY` in it.
const HEAD: usize = 6;
const ENTRY: usize = 16;

/// An icon with its images.
#[derive(Debug, Clone)]
pub struct Icon {
    /// The first twelve bytes of each entry, and the image.
    images: Vec<([u8; 12], Vec<u8>)>,
}

impl Icon {
    /// Reads an `.ico` file.
    ///
    /// # Errors
    /// [`Error::Icon`] where it is none, is empty or cut off.
    pub fn parse(bytes: &[u8]) -> Result<Self> {
        let wrong = |what: &str| Error::Icon(what.to_owned());
        let cut = |_| wrong("is cut off");
        if bytes.len() > LARGEST {
            return Err(wrong("is larger than 16 MiB"));
        }
        let head = (u16_at(bytes, 0).map_err(cut)?, u16_at(bytes, 2).map_err(cut)?);
        if head != (0, 1) {
            return Err(wrong("is no .ico file: make one with images of 16, 32, 48 and 256 pixels"));
        }
        let count = u16_at(bytes, 4).map_err(cut)?;
        if count == 0 || count > MOST {
            return Err(wrong(&format!("has {count} images: 1 to {MOST} are possible")));
        }
        let mut images = Vec::new();
        for number in 0..usize::from(count) {
            let at = HEAD + number * ENTRY;
            let size = u32_at(bytes, at + 8).map_err(cut)? as usize;
            let from = u32_at(bytes, at + 12).map_err(cut)? as usize;
            let image = from
                .checked_add(size)
                .and_then(|end| bytes.get(from..end))
                .ok_or_else(|| wrong("is cut off"))?;
            // A PNG, or a bitmap with its header of 40 bytes and without that of a file.
            if !image.starts_with(b"\x89PNG\r\n\x1a\n") && !image.starts_with(&40_u32.to_le_bytes()) {
                return Err(wrong("holds an image that is neither PNG nor bitmap"));
            }
            let mut description = [0; 12];
            description.copy_from_slice(&bytes[at..at + 12]);
            images.push((description, image.to_vec()));
        }
        Ok(Self { images })
    }

    /// The list (`GRPICONDIR`), as icon 1, and its images from number 1 on.
    pub(crate) fn resources(&self) -> Vec<Resource> {
        let resource = |kind, number, data| Resource {
            kind: Name::Number(kind),
            name: Name::Number(number),
            language: crate::version::LANGUAGE,
            code_page: 0,
            data,
        };
        let mut list = [0_u16, 1, self.images.len() as u16]
            .iter()
            .flat_map(|word| word.to_le_bytes())
            .collect::<Vec<_>>();
        let mut all = Vec::new();
        for (number, (description, image)) in (1_u16..).zip(&self.images) {
            list.extend(description);
            list.extend(number.to_le_bytes());
            all.push(resource(kind::ICON, number, image.clone()));
        }
        all.push(resource(kind::GROUP_ICON, 1, list));
        all
    }
}

#[cfg(test)]
mod tests {
    use super::Icon;

    #[test]
    fn what_is_no_icon_is_refused() {
        for (bytes, said) in [
            (&b""[..], "cut off"),
            (b"<svg></svg>", "no .ico file"),
            (&[0, 0, 1, 0, 0, 0], "0 images"),
            (&[0, 0, 1, 0, 1, 0, 16], "cut off"),
        ] {
            let error = Icon::parse(bytes).expect_err("refused").to_string();
            assert!(error.contains(said), "{error}");
        }
    }
}
