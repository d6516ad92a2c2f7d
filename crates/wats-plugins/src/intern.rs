//! Texts that live as long as the program.
//!
//! Converters describe themselves with such texts. Those of plug-ins come from files: each different one is kept once,
//! however often a configuration is read anew.

use crate::module::Declaration;
use std::sync::{Mutex, PoisonError};
use wats_converters::{Argument, Description};

/// A name and a description.
pub(crate) type Described = (&'static str, Description);

static KNOWN: Mutex<Vec<(&'static str, Declaration, Described)>> = Mutex::new(Vec::new());

/// The name of a converter of this kind, such as `plugin:acme`, and its description.
pub(crate) fn describe(kind: &'static str, declaration: &Declaration) -> Described {
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    if let Some((.., described)) = known.iter().find(|(of, own, _)| *of == kind && own == declaration) {
        return *described;
    }
    let name = text(format!("{kind}:{}", declaration.name));
    let patterns: Vec<&'static str> = declaration.patterns.iter().cloned().map(text).collect();
    let arguments: Vec<Argument> = declaration
        .arguments
        .iter()
        .map(|argument| Argument {
            name: text(argument.name.clone()),
            meaning: text(argument.meaning.clone()),
            default: text(argument.default.clone()),
        })
        .collect();
    let description = Description {
        title: text(declaration.title.clone()),
        patterns: Vec::leak(patterns),
        arguments: Vec::leak(arguments),
    };
    known.push((kind, declaration.clone(), (name, description)));
    (name, description)
}

fn text(text: String) -> &'static str {
    String::leak(text)
}
