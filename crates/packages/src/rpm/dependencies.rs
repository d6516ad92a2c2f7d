//! What a package requires and provides (rpm-dependencies(7)).

use std::collections::BTreeSet;

use landfall_payload::{Architecture, ElfNeeds, EntryKind, Format, Payload, Role};

use super::evr;
use super::header::{HeaderBuilder, Value};
use super::scriptlets::{SHELL, Slot};
use super::tags::sense;
use crate::Error;

/// A capability with an optional version. Ordered as rpm sorts them: by name, version, flags.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Dependency {
    name: String,
    version: String,
    flags: u32,
}

impl Dependency {
    fn new(name: impl Into<String>, flags: u32) -> Self {
        Self { name: name.into(), version: String::new(), flags }
    }

    fn exact(name: impl Into<String>, version: impl Into<String>, flags: u32) -> Self {
        Self { name: name.into(), version: version.into(), flags: flags | sense::EQUAL }
    }

    fn feature(name: &str, since: &str) -> Self {
        let flags = sense::RPMLIB | sense::LESS | sense::EQUAL;
        Self { name: format!("rpmlib({name})"), version: since.to_owned(), flags }
    }

    fn is_rich(&self) -> bool {
        self.name.starts_with('(')
    }

    /// Takes `name`, `name >= 1.2` or, where allowed, a boolean expression `(a if b)`, which is kept verbatim.
    fn parse(text: &str, rich_allowed: bool) -> Result<Self, String> {
        let text = text.trim();
        if text.starts_with('(') {
            if !rich_allowed {
                return Err("a boolean expression is allowed only in what a package requires, recommends, \
                            suggests or conflicts with"
                    .into());
            }
            // The parentheses of a capability such as `libc.so.6()(64bit)` are balanced too.
            let closes_at = text
                .char_indices()
                .scan(0i64, |depth, (at, c)| {
                    *depth += i64::from(c == '(') - i64::from(c == ')');
                    Some((at, *depth))
                })
                .find(|&(_, depth)| depth == 0);
            return match closes_at {
                Some((at, _)) if at + 1 == text.len() => Ok(Self::new(text, sense::ANY)),
                _ => Err("its parentheses do not match".into()),
            };
        }
        let words: Vec<&str> = text.split_whitespace().collect();
        let (name, flags, version) = match words[..] {
            [name] => (name, sense::ANY, ""),
            [name, operator, version] => {
                let flags = match operator {
                    "<" => sense::LESS,
                    "<=" => sense::LESS | sense::EQUAL,
                    "=" | "==" => sense::EQUAL,
                    ">=" => sense::GREATER | sense::EQUAL,
                    ">" => sense::GREATER,
                    _ => return Err(format!("\"{operator}\" is none of <, <=, =, >= and >")),
                };
                (name, flags, version)
            }
            _ => return Err("write one as `name` or `name >= version`, one dependency an item".into()),
        };
        if name.contains(['<', '>', '=', ',']) || version.contains(['<', '>', '=', ',']) {
            return Err("write spaces around the operator, and one dependency an item".into());
        }
        Ok(Self { name: name.to_owned(), version: version.to_owned(), flags })
    }
}

/// Features of rpm that a package needs, beyond those that every package needs.
#[derive(Debug, Clone, Copy)]
pub(super) struct Features {
    /// The feature that unpacks the payload, with the version of rpm that brought it.
    pub(super) compression: Option<(&'static str, &'static str)>,
    /// Files of 4 GiB and more.
    pub(super) large_files: bool,
}

/// All that a package says about other packages.
#[derive(Debug)]
pub(super) struct Dependencies {
    requires: BTreeSet<Dependency>,
    provides: BTreeSet<Dependency>,
    conflicts: BTreeSet<Dependency>,
    obsoletes: BTreeSet<Dependency>,
    recommends: BTreeSet<Dependency>,
    suggests: BTreeSet<Dependency>,
}

impl Dependencies {
    /// Derives them from the payload and adds those of the manifest.
    ///
    /// # Errors
    /// When one of the manifest is none.
    pub(super) fn new<'a>(
        payload: &Payload,
        scriptlets: impl Iterator<Item = &'a Slot>,
        features: Features,
    ) -> Result<Self, Error> {
        let options = &payload.options.rpm;
        let mut all = Self {
            requires: parse_all("requires", &options.requires, true)?,
            provides: parse_all("provides", &options.provides, false)?,
            conflicts: parse_all("conflicts", &options.conflicts, true)?,
            obsoletes: parse_all("obsoletes", &options.obsoletes, false)?,
            recommends: parse_all("recommends", &options.recommends, true)?,
            suggests: parse_all("suggests", &options.suggests, true)?,
        };
        all.identity(payload);
        all.accounts(payload);
        all.scripts(payload, scriptlets);
        for needs in &payload.needs {
            all.elf(needs, payload);
        }
        all.features(features);
        Ok(all)
    }

    /// The package itself, and its configuration.
    fn identity(&mut self, payload: &Payload) {
        let (name, evr) = (&payload.product.name, evr(payload));
        self.provides.insert(Dependency::exact(name, &evr, 0));
        let isa = isa(payload.target.architecture);
        self.provides.insert(Dependency::exact(format!("{name}({isa})"), &evr, 0));
        let is_config = |e: &&landfall_payload::Entry| {
            e.role == Role::Config && matches!(e.kind, EntryKind::File(_) | EntryKind::Ghost)
        };
        if payload.entries(Format::Rpm).any(|e| is_config(&e)) {
            let config = Dependency::exact(format!("config({name})"), &evr, sense::CONFIG);
            self.provides.insert(config.clone());
            self.requires.insert(config);
        }
    }

    /// What makes the accounts, and the accounts themselves where the package declares them to systemd.
    fn accounts(&mut self, payload: &Payload) {
        if payload.accounts.is_empty() {
            return;
        }
        // Fedora and its descendants call it shadow-utils, SUSE shadow.
        self.requires.insert(Dependency::new("(shadow-utils or shadow)", sense::SCRIPT_PRE));
        if payload.entries(Format::Rpm).any(|e| e.path.starts_with("/usr/lib/sysusers.d/")) {
            for account in &payload.accounts {
                for kind in ["user", "group"] {
                    let name = format!("{kind}({})", account.name);
                    self.provides.insert(Dependency::new(name, sense::FIND_PROVIDES));
                }
            }
        }
    }

    fn scripts<'a>(&mut self, payload: &Payload, scriptlets: impl Iterator<Item = &'a Slot>) {
        for slot in scriptlets {
            self.requires.insert(Dependency::new(SHELL, sense::INTERP | slot.sense));
        }
        if payload.service.is_some() {
            let around = sense::SCRIPT_POST | sense::SCRIPT_PREUN | sense::SCRIPT_POSTUN;
            self.requires.insert(Dependency::new("systemd", around));
        }
    }

    /// Capabilities of one executable or library, in the words of rpm's `elfdeps`.
    fn elf(&mut self, needs: &ElfNeeds, payload: &Payload) {
        let ships = |soname: &str| payload.needs.iter().any(|n| n.soname.as_deref() == Some(soname));
        let capability = |soname: &str, version: &str| match (needs.is_64bit, version) {
            (true, _) => format!("{soname}({version})(64bit)"),
            (false, "") => soname.to_owned(),
            (false, _) => format!("{soname}({version})"),
        };
        if let Some(soname) = needs.soname.as_deref().filter(|_| is_in_loader_path(&needs.path)) {
            self.provides.insert(Dependency::new(capability(soname, ""), sense::FIND_PROVIDES));
        }
        let mut require = |name: String| self.requires.insert(Dependency::new(name, sense::FIND_REQUIRES));
        for (soname, versions) in needs.libraries.iter().filter(|(soname, _)| !ships(soname)) {
            require(capability(soname, ""));
            for version in versions {
                require(capability(soname, version));
            }
        }
        if let Some(loader) = needs.interpreter.as_deref().and_then(|path| path.rsplit('/').next()) {
            require(capability(loader, ""));
            // glibc says with this that its loader understands the hash table of today's linkers.
            if !loader.starts_with("ld-musl") {
                require("rtld(GNU_HASH)".into());
            }
        }
    }

    fn features(&mut self, features: Features) {
        let mut needed = vec![
            ("CompressedFileNames", "3.0.4-1"),
            ("FileDigests", "4.6.0-1"),
            ("PayloadFilesHavePrefix", "4.0-1"),
        ];
        needed.extend(features.compression);
        if features.large_files {
            needed.push(("LargeFiles", "4.12.0-1"));
        }
        let mentioned =
            |c: char| self.all().any(|d| d.version.contains(c) || d.is_rich() && d.name.contains(c));
        if mentioned('~') {
            needed.push(("TildeInVersions", "4.10.0-1"));
        }
        if mentioned('^') {
            needed.push(("CaretInVersions", "4.15.0-1"));
        }
        if self.all().any(Dependency::is_rich) {
            needed.push(("RichDependencies", "4.12.0-1"));
        }
        self.requires.extend(needed.into_iter().map(|(name, since)| Dependency::feature(name, since)));
    }

    fn all(&self) -> impl Iterator<Item = &Dependency> {
        [&self.requires, &self.provides, &self.conflicts, &self.obsoletes, &self.recommends, &self.suggests]
            .into_iter()
            .flatten()
    }

    /// Adds them to the package's header.
    pub(super) fn describe(&self, header: &mut HeaderBuilder) {
        use super::tags::*;
        let mut set = |of: &BTreeSet<Dependency>, names: Tag, versions: Tag, flags: Tag| {
            header.set(names, Value::StringArray(of.iter().map(|d| d.name.clone()).collect()));
            header.set(versions, Value::StringArray(of.iter().map(|d| d.version.clone()).collect()));
            header.set(flags, Value::Int32(of.iter().map(|d| d.flags).collect()));
        };
        set(&self.requires, REQUIRENAME, REQUIREVERSION, REQUIREFLAGS);
        set(&self.provides, PROVIDENAME, PROVIDEVERSION, PROVIDEFLAGS);
        set(&self.conflicts, CONFLICTNAME, CONFLICTVERSION, CONFLICTFLAGS);
        set(&self.obsoletes, OBSOLETENAME, OBSOLETEVERSION, OBSOLETEFLAGS);
        set(&self.recommends, RECOMMENDNAME, RECOMMENDVERSION, RECOMMENDFLAGS);
        set(&self.suggests, SUGGESTNAME, SUGGESTVERSION, SUGGESTFLAGS);
    }
}

fn parse_all(field: &str, items: &[String], rich_allowed: bool) -> Result<BTreeSet<Dependency>, Error> {
    let parse = |item: &String| {
        Dependency::parse(item, rich_allowed).map_err(|why| Error::Inexpressible {
            format: Format::Rpm,
            what: format!("\"{item}\" in [package.rpm] {field}: {why}"),
        })
    };
    items.iter().map(parse).collect()
}

/// Whether other packages' programs find a library there without being told.
fn is_in_loader_path(path: &str) -> bool {
    let folder = path.rsplit_once('/').map_or("", |(folder, _)| folder);
    ["/lib", "/lib64", "/usr/lib", "/usr/lib64"].contains(&folder)
}

/// What rpm's `%{_isa}` is on an architecture.
fn isa(architecture: Architecture) -> &'static str {
    match architecture {
        Architecture::X86_64 => "x86-64",
        Architecture::I686 => "x86-32",
        Architecture::Aarch64 => "aarch-64",
        Architecture::Armv7 => "armv7hl-32",
        Architecture::Armv6 => "armv6hl-32",
        Architecture::Riscv64 => "riscv-64",
        Architecture::Powerpc64le => "ppc-64",
        Architecture::S390x => "s390-64",
        Architecture::Loongarch64 => "loongarch64-64",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> (String, u32, String) {
        let d = Dependency::parse(text, true).unwrap();
        (d.name, d.flags, d.version)
    }

    #[test]
    fn dependencies_are_parsed() {
        assert_eq!(parsed("curl"), ("curl".into(), 0, String::new()));
        let at_least = sense::GREATER | sense::EQUAL;
        assert_eq!(parsed(" curl  >=  1:7.76~rc1-2 "), ("curl".into(), at_least, "1:7.76~rc1-2".into()));
        assert_eq!(parsed("libc.so.6(GLIBC_2.34)(64bit)").0, "libc.so.6(GLIBC_2.34)(64bit)");
        let rich = "((a >= 1 with a < 2) if (b or libc.so.6()(64bit)))";
        assert_eq!(parsed(rich), (rich.into(), 0, String::new()));
    }

    #[test]
    fn what_is_none_is_refused() {
        for bad in ["", "a b", "a >= ", "a>=1", "a => 1", "a, b", "(a if b", "(a) (b)", "a >= 1 2", "a >= >="]
        {
            assert!(Dependency::parse(bad, true).is_err(), "{bad}");
        }
        assert!(Dependency::parse("(a or b)", false).is_err());
    }
}
