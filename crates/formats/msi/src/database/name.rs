//! Names of streams: Windows Installer packs two characters of an identifier into one UTF-16 unit, so that names
//! longer than a compound file allows fit.

/// Comes before the name of a stream that holds a table.
const TABLE_MARK: char = '\u{4840}';
/// Units from here hold two packed characters.
const PAIR: u32 = 0x3800;
/// Units from here, up to [`TABLE_MARK`], hold one.
const SINGLE: u32 = 0x4800;

const ALPHABET: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz._";

/// The packed form of a stream's name; `table`: the stream holds the rows of a table.
pub(crate) fn pack(name: &str, table: bool) -> String {
    let mut packed = String::new();
    if table {
        packed.push(TABLE_MARK);
    }
    let mut characters = name.chars().peekable();
    while let Some(character) = characters.next() {
        let unit = match (digit(character), characters.peek().copied().and_then(digit)) {
            (None, _) => Some(character),
            (Some(first), Some(second)) => {
                characters.next();
                char::from_u32(PAIR + first + (second << 6))
            }
            (Some(first), None) => char::from_u32(SINGLE + first),
        };
        // The ranges hold no surrogates.
        packed.extend(unit);
    }
    packed
}

/// The name behind a packed form, and whether the stream holds a table.
pub(crate) fn unpack(packed: &str) -> (String, bool) {
    let table = packed.starts_with(TABLE_MARK);
    let mut name = String::new();
    for character in packed.chars().skip(usize::from(table)) {
        let unit = u32::from(character);
        match unit {
            PAIR..SINGLE => {
                name.push(letter(unit - PAIR));
                name.push(letter((unit - PAIR) >> 6));
            }
            _ if (SINGLE..u32::from(TABLE_MARK)).contains(&unit) => name.push(letter(unit - SINGLE)),
            _ => name.push(character),
        }
    }
    (name, table)
}

fn digit(character: char) -> Option<u32> {
    ALPHABET.iter().position(|letter| char::from(*letter) == character).map(|index| index as u32)
}

fn letter(digit: u32) -> char {
    char::from(ALPHABET[(digit & 0x3F) as usize])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn packs_as_databases_of_others_do() {
        assert_eq!(pack("Property", true), "\u{4840}\u{4559}\u{44F2}\u{4568}\u{4737}");
        assert_eq!(pack("_Tables", true), "\u{4840}\u{3F7F}\u{4164}\u{422F}\u{4836}");
        assert_eq!(pack("\u{5}SummaryInformation", false).chars().next(), Some('\u{5}'));
    }

    #[test]
    fn unpacks_what_it_packs() {
        for (name, table) in [("File", true), ("a", false), ("Binary.an icon-1", false), ("x.cab", false)] {
            assert_eq!(unpack(&pack(name, table)), (name.to_owned(), table));
        }
    }
}
