//! `only` and `except`.

use landfall_manifest::{Diagnostic, Document, Format};

use crate::{Architecture, Os, Target};

/// What a list of selectors lets through.
pub(crate) enum Selection {
    /// Nothing for this target.
    Never,
    /// Everything, or these formats.
    Formats(Option<Vec<Format>>),
}

enum Word {
    System(Os),
    Formats(Vec<Format>),
    Architecture(Architecture),
    Target(String),
}

fn word(text: &str) -> Option<Word> {
    let systems = [Os::Linux, Os::Windows, Os::Macos];
    if let Some(os) = systems.into_iter().find(|os| os.name() == text) {
        return Some(Word::System(os));
    }
    if text == "archive" {
        return Some(Word::Formats(Format::ALL.into_iter().filter(|f| f.is_archive()).collect()));
    }
    if let Ok(format) = text.parse() {
        return Some(Word::Formats(vec![format]));
    }
    if text.contains('-') {
        return text.parse::<Target>().ok().map(|t| Word::Target(t.triple));
    }
    // An architecture is whatever may begin a triple.
    format!("{text}-unknown-linux-gnu").parse::<Target>().ok().map(|t| Word::Architecture(t.architecture))
}

/// Applies `only` and `except` for a target. What is left of them concerns formats.
pub(crate) fn select(
    target: &Target,
    only: &[String],
    except: &[String],
    document: &Document,
    pointer: &str,
    found: &mut Vec<Diagnostic>,
) -> Selection {
    let mut parse = |key: &str, words: &[String]| -> Vec<Word> {
        let mut known = Vec::new();
        for (i, text) in words.iter().enumerate() {
            match word(text) {
                Some(w) => known.push(w),
                None => found.push(
                    document.error(&format!("{pointer}/{key}/{i}"), format!("unknown selector \"{text}\"")).hint(
                        "a system (linux, windows, macos), a format (deb, rpm, apk, arch, msi, exe, tar.gz, tar.zst, zip, \
                         archive), an architecture such as x86_64 or aarch64, or a target triple",
                    ),
                ),
            }
        }
        known
    };
    let only = parse("only", only);
    let except = parse("except", except);

    // Words of one kind are alternatives; each kind that is named must fit.
    let fits = |matches: &dyn Fn(&Word) -> Option<bool>| {
        let answers: Vec<bool> = only.iter().filter_map(matches).collect();
        answers.is_empty() || answers.contains(&true)
    };
    let system = |w: &Word| if let Word::System(os) = w { Some(*os == target.os) } else { None };
    let machine = |w: &Word| match w {
        Word::Architecture(a) => Some(*a == target.architecture),
        Word::Target(t) => Some(*t == target.triple),
        _ => None,
    };
    if !fits(&system) || !fits(&machine) {
        return Selection::Never;
    }
    if except.iter().any(|w| system(w) == Some(true) || machine(w) == Some(true)) {
        return Selection::Never;
    }

    let formats_of = |words: &[Word]| -> Vec<Format> {
        words.iter().flat_map(|w| if let Word::Formats(f) = w { f.clone() } else { Vec::new() }).collect()
    };
    let (wanted, refused) = (formats_of(&only), formats_of(&except));
    if wanted.is_empty() && refused.is_empty() {
        return Selection::Formats(None);
    }
    let formats: Vec<Format> = Format::ALL
        .into_iter()
        .filter(|f| (wanted.is_empty() || wanted.contains(f)) && !refused.contains(f))
        .collect();
    if formats.is_empty() { Selection::Never } else { Selection::Formats(Some(formats)) }
}
