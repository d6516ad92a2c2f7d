//! Line by line.

use serde::Serialize;

/// A line that comes or goes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Line {
    /// A line of the old text that is gone.
    Removed(String),
    /// A line that is new.
    Added(String),
}

/// Texts with more lines than this, after what they have in common at both ends, are shown whole: the time
/// grows with the product of their lengths.
const MOST_LINES: usize = 2000;

/// The lines that come and go, in their order: the fewest that make one text of the other.
pub(super) fn lines(old: &str, new: &str) -> Vec<Line> {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let head = old.iter().zip(&new).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[head..], &new[head..]);
    let tail = old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old, new) = (&old[..old.len() - tail], &new[..new.len() - tail]);
    let removed = |line: &str| Line::Removed(line.to_owned());
    let added = |line: &str| Line::Added(line.to_owned());
    if old.len() > MOST_LINES || new.len() > MOST_LINES {
        return old.iter().map(|l| removed(l)).chain(new.iter().map(|l| added(l))).collect();
    }
    // `common[i][j]`: how many lines the rests from `i` and `j` on have in common.
    let mut common = vec![vec![0_u16; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i][j] = if old[i] == new[j] {
                common[i + 1][j + 1] + 1
            } else {
                common[i + 1][j].max(common[i][j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && common[i + 1][j] >= common[i][j + 1] {
            lines.push(removed(old[i]));
            i += 1;
        } else {
            lines.push(added(new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_differs_is_shown() {
        let gone = |line: &str| Line::Removed(line.into());
        let come = |line: &str| Line::Added(line.into());
        assert_eq!(lines("a\nb\nc\n", "a\nb\nc\n"), []);
        assert_eq!(lines("a\nb\nc\nd\n", "a\nx\nc\nd\ne\n"), [gone("b"), come("x"), come("e")]);
        assert_eq!(lines("", "a\n"), [come("a")]);
        assert_eq!(lines("a\n", ""), [gone("a")]);
        let long: String = (0..5000).map(|n| format!("{n}\n")).collect();
        assert_eq!(lines(&long, &long.replace("2500\n", "x\n")), [gone("2500"), come("x")]);
    }
}
