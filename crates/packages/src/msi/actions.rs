//! Custom actions that run programs of the system.

use landfall_msi::installer::{ActionKind, CustomAction, Package, Position, Sequence, Step, Timing};

use super::files::id;
use crate::Error;

/// Longest text of a custom action.
const LONGEST: usize = 255;

/// One run of a program of the system, as LocalSystem.
pub(super) struct Run<'a> {
    pub(super) name: &'a str,
    /// Command line; formatted text.
    pub(super) command: String,
    pub(super) after: &'a str,
    pub(super) condition: Option<String>,
    pub(super) timing: Timing,
    /// Whether its command line stays out of the log.
    pub(super) hidden: bool,
}

/// Adds the run of a program. A failure does not end the installation, but stands in its log.
pub(super) fn run(run: Run<'_>, package: &mut Package) -> Result<(), Error> {
    let position = Position::After(run.after.to_owned());
    run_at(run, position, package)
}

/// As [`run`], at a position of its own.
pub(super) fn run_at(run: Run<'_>, position: Position, package: &mut Package) -> Result<(), Error> {
    let command = if run.command.len() <= LONGEST {
        run.command
    } else {
        // Collected piece by piece in a property, because one text has not enough room.
        let property = format!("Command{}", run.name);
        for (number, piece) in pieces(&run.command, LONGEST - property.len() - 2).iter().enumerate() {
            let value = if number == 0 { piece.clone() } else { format!("[{property}]{piece}") };
            set(&format!("{property}.{number}"), &property, value, None, package)?;
        }
        format!("[{property}]")
    };
    package.actions.push(CustomAction {
        id: id(run.name)?,
        kind: ActionKind::RunProgram { directory: id("System64Folder")?, command },
        timing: run.timing,
        ignore_failure: true,
        hidden: run.hidden,
        steps: vec![Step { sequence: Sequence::Execute, position, condition: run.condition }],
    });
    Ok(())
}

/// Adds an action that gives a property a value once folders are known, after those that were added before.
pub(super) fn set(
    name: &str,
    property: &str,
    value: String,
    condition: Option<String>,
    package: &mut Package,
) -> Result<(), Error> {
    package.actions.push(CustomAction {
        id: id(name)?,
        kind: ActionKind::SetProperty { property: property.to_owned(), value },
        timing: Timing::Immediate,
        ignore_failure: false,
        hidden: false,
        steps: vec![step("CostFinalize", condition)],
    });
    Ok(())
}

fn step(after: &str, condition: Option<String>) -> Step {
    Step { sequence: Sequence::Execute, position: Position::After(after.to_owned()), condition }
}

/// Cuts formatted text where no brackets are open.
fn pieces(text: &str, longest: usize) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end =
            if first == '[' { rest.find(']').map_or(rest.len(), |at| at + 1) } else { first.len_utf8() };
        let (unit, following) = rest.split_at(end);
        rest = following;
        match pieces.last_mut() {
            Some(last) if last.len() + unit.len() <= longest => last.push_str(unit),
            _ => pieces.push(unit.to_owned()),
        }
    }
    pieces
}

/// Text as formatted text that stands for itself.
pub(super) fn literal(text: &str) -> String {
    let mut formatted = String::new();
    for character in text.chars() {
        match character {
            '[' | ']' | '{' | '}' => formatted.extend(['[', '\\', character, ']']),
            other => formatted.push(other),
        }
    }
    formatted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_cut_outside_of_brackets() {
        let text = format!("{}[INSTALLDIR]x", "a".repeat(8));
        let cut = pieces(&text, 12);
        assert_eq!(cut, ["aaaaaaaa", "[INSTALLDIR]", "x"]);
        assert_eq!(cut.concat(), text);
    }

    #[test]
    fn brackets_stand_for_themselves() {
        assert_eq!(literal("a [b] {c}"), r"a [\[]b[\]] [\{]c[\}]");
    }
}
