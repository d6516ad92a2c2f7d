//! What the types cannot say: grammars of names, versions, durations, modes, and keys that depend on each other.

use crate::diagnostics::Diagnostic;
use crate::document::Document;
use crate::model::{FileEntry, Health, Manifest, Ready, Service, SettingType, SignWindows, VersionSource};
use crate::variables::{self, PLACES, PRODUCT, Variable};
use crate::{Version, values};

/// Everything that can be said of a manifest without looking at other files.
pub(crate) fn check(manifest: &Manifest, document: &Document) -> Vec<Diagnostic> {
    let mut check = Check { document, found: Vec::new() };
    check.product(manifest);
    check.programs(manifest);
    for (i, file) in manifest.files.iter().enumerate() {
        check.file(file, &format!("/files/{i}"));
    }
    for (i, d) in manifest.directories.iter().enumerate() {
        let at = format!("/directories/{i}");
        check.destination(&d.path, &format!("{at}/path"));
        check.mode(d.mode.as_deref(), &format!("{at}/mode"));
    }
    if let Some(service) = &manifest.service {
        check.service(service, manifest);
    }
    for (name, setting) in &manifest.settings {
        let at = format!("/settings/{name}");
        check.word(name, &at, "a setting's name");
        if let Some(default) = &setting.default {
            check.variables(default, &format!("{at}/default"), &[PRODUCT, PLACES]);
        }
        if setting.kind == SettingType::Secret && setting.default.is_some() {
            check.error(
                &format!("{at}/default"),
                "a secret has no default: everybody who has the package would know it",
            );
        }
    }
    if let Some(windows) = &manifest.sign.windows {
        check.sign_windows(windows);
    }
    check.verify(manifest);
    check.found
}

struct Check<'a> {
    document: &'a Document,
    found: Vec<Diagnostic>,
}

impl Check<'_> {
    fn error(&mut self, pointer: &str, message: impl Into<String>) -> &mut Diagnostic {
        let at = self.found.len();
        self.found.push(self.document.error(pointer, message));
        &mut self.found[at]
    }

    fn hinted(&mut self, pointer: &str, message: impl Into<String>, hint: impl Into<String>) {
        self.error(pointer, message).hint = Some(hint.into());
    }

    fn product(&mut self, manifest: &Manifest) {
        let p = &manifest.product;
        let grammar = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        let begins = p.name.starts_with(|c: char| c.is_ascii_lowercase() || c.is_ascii_digit());
        if p.name.len() < 2 || !begins || !p.name.chars().all(grammar) {
            self.hinted(
                "/product/name",
                format!("\"{}\" cannot be a package name in every format", p.name),
                "at least two characters: lower-case letters, digits, `+`, `-` and `.`, beginning with a letter \
                 or digit",
            );
        }
        if let VersionSource::Literal(text) = &p.version {
            match Version::new(text, p.release, p.epoch) {
                Ok(_) => {}
                Err(e) => {
                    self.error("/product/version", e.to_string());
                }
            }
        }
        if p.release == 0 {
            self.error("/product/release", "package revisions begin at 1");
        }
        let address = p.maintainer.rsplit_once(" <").and_then(|(n, a)| Some((n, a.strip_suffix('>')?)));
        if !address.is_some_and(|(n, a)| !n.trim().is_empty() && a.contains('@') && !a.contains(['<', ' '])) {
            self.hinted(
                "/product/maintainer",
                format!("\"{}\" is not a name with an address", p.maintainer),
                "write `Name <name@example.com>`",
            );
        }
        for (key, text) in [("summary", &p.summary), ("license", &p.license)] {
            if text.trim().is_empty() || text.contains('\n') {
                self.error(&format!("/product/{key}"), format!("`{key}` must be one line of text"));
            }
        }
        if p.summary.chars().count() > 80 {
            self.error("/product/summary", "the summary is longer than 80 characters");
        } else if p.summary.ends_with('.') {
            let d = self.document.warning("/product/summary", "the summary ends with a full stop");
            self.found.push(d.hint("package managers show it as a title, not as a sentence"));
        }
        if let Some(url) = &p.homepage
            && !(url.starts_with("https://") || url.starts_with("http://"))
        {
            self.error("/product/homepage", format!("\"{url}\" is not a web address"));
        }
        if let Some(id) = &p.identifier
            && !(id.contains('.') && id.chars().all(|c| c.is_ascii_alphanumeric() || "-.".contains(c)))
        {
            self.hinted(
                "/product/identifier",
                format!("\"{id}\" is not a reverse-domain identifier"),
                "write something like com.example.product",
            );
        }
    }

    fn programs(&mut self, manifest: &Manifest) {
        for (name, program) in &manifest.programs {
            let at = format!("/programs/{name}");
            self.word(name, &at, "a program's name");
            for (key, text) in [("path", &program.path), ("build", &program.build)] {
                if let Some(text) = text {
                    self.variables(text, &format!("{at}/{key}"), &[PRODUCT]);
                }
            }
            if let Some(path) = &program.destination {
                self.destination(path, &format!("{at}/destination"));
            }
        }
    }

    fn file(&mut self, file: &FileEntry, at: &str) {
        let kinds = [
            ("source", file.source.is_some()),
            ("content", file.content.is_some()),
            ("symlink", file.symlink.is_some()),
            ("ghost", file.ghost),
        ];
        let given: Vec<&str> = kinds.iter().filter(|k| k.1).map(|k| k.0).collect();
        if given.len() != 1 {
            let found = if given.is_empty() { "none".to_owned() } else { given.join(" and ") };
            self.hinted(
                at,
                format!("a file has exactly one of source, content, symlink and ghost; found {found}"),
                "`source` takes it from disk, `content` from here, `symlink` makes a link, `ghost = true` names \
                 a file that the product makes later",
            );
        }
        if let Some(source) = &file.source {
            self.variables(source, &format!("{at}/source"), &[PRODUCT]);
        }
        if let Some(link) = &file.symlink {
            self.variables(link, &format!("{at}/symlink"), &[PRODUCT, PLACES]);
        }
        self.destination(&file.destination, &format!("{at}/destination"));
        self.mode(file.mode.as_deref(), &format!("{at}/mode"));
    }

    fn service(&mut self, service: &Service, manifest: &Manifest) {
        self.known_program(&service.program, "/service/program", manifest);
        for (key, text) in [
            ("watchdog", &service.watchdog),
            ("stop-timeout", &service.stop_timeout),
            ("restart/delay", &service.restart.delay),
        ] {
            if let Some(Err(e)) = text.as_deref().map(values::seconds) {
                self.error(&format!("/service/{key}"), e);
            }
        }
        for (i, text) in service.restart.pauses.iter().flatten().enumerate() {
            if let Err(e) = values::seconds(text) {
                self.error(&format!("/service/restart/pauses/{i}"), e);
            }
        }
        let addresses: Vec<(String, &str)> = match &service.health {
            None => vec![],
            Some(Health::Address(address)) => vec![("/service/health".into(), address)],
            Some(Health::Addresses(all)) => {
                [("address", Some(&all.address)), ("live", all.live.as_ref()), ("ready", all.ready.as_ref())]
                    .into_iter()
                    .filter_map(|(key, address)| Some((format!("/service/health/{key}"), address?.as_str())))
                    .collect()
            }
        };
        if let Some(page) = &service.page
            && !page.address.starts_with("http://")
        {
            self.hinted(
                "/service/page/address",
                format!("\"{}\" is not an address that a browser on the machine can open", page.address),
                "write something like http://127.0.0.1:8080/; certificates are for what leaves the machine",
            );
        }
        for (at, address) in addresses {
            if !address.starts_with("http://") {
                self.hinted(
                    &at,
                    format!("\"{address}\" is not an address that can be asked for the service's health"),
                    "write something like http://127.0.0.1:8080/health; certificates are for what leaves the machine",
                );
            }
        }
        if service.watchdog.is_some() && service.ready != Ready::Notify {
            self.hinted(
                "/service/watchdog",
                "a watchdog needs a program that notifies",
                "add `ready = \"notify\"` and let the program send WATCHDOG=1",
            );
        }
        let texts = service.arguments.iter().enumerate().map(|(i, t)| (format!("arguments/{i}"), t));
        let variables = service.environment.iter().map(|(k, t)| (format!("environment/{k}"), t));
        for (key, text) in texts.chain(variables) {
            self.variables(text, &format!("/service/{key}"), &[PRODUCT, PLACES]);
        }
        for (i, path) in service.writable.iter().enumerate() {
            self.destination(path, &format!("/service/writable/{i}"));
        }
        if let Some(name) = &service.name {
            self.word(name, "/service/name", "a service's name");
        }
        if let Some(account) = &service.account {
            let fine = account.starts_with(|c: char| c.is_ascii_lowercase() || c == '_')
                && account.len() <= 31
                && account.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || "-_".contains(c));
            if !fine {
                self.hinted(
                    "/service/account",
                    format!("\"{account}\" cannot be an account's name"),
                    "at most 31 lower-case letters, digits, `-` and `_`, beginning with a letter",
                );
            }
        }
    }

    fn sign_windows(&mut self, sign: &SignWindows) {
        let at = "/sign/windows";
        for (name, source) in [
            ("pfx", &sign.pfx),
            ("certificate", &sign.certificate),
            ("key", &sign.key),
            ("password", &sign.password),
        ] {
            let Some(source) = source else { continue };
            let given = [&source.file, &source.env, &source.file_env].into_iter().flatten().count();
            if given != 1 {
                self.hinted(
                    &format!("{at}/{name}"),
                    format!("`{name}` has exactly one of file, env and file-env"),
                    "`file` is a path, `env` names an environment variable that holds it, `file-env` one that holds \
                     the path",
                );
            }
        }
        let ways = [sign.pfx.is_some(), sign.key.is_some(), sign.command.is_some()];
        if ways.into_iter().filter(|way| *way).count() != 1
            || sign.pfx.is_some() == sign.certificate.is_some()
        {
            self.hinted(
                at,
                "it does not say who signs",
                "give `pfx` alone, `certificate` and `key`, or `certificate` and `command`",
            );
        }
        if sign.command.as_ref().is_some_and(Vec::is_empty) {
            self.error(&format!("{at}/command"), "the command has no program");
        }
        if let Some(url) = sign.timestamp.as_ref().filter(|url| !url.starts_with("http://")) {
            self.hinted(
                &format!("{at}/timestamp"),
                format!("\"{url}\" is not an `http` address"),
                "timestamp authorities are asked over http: what they answer is signed itself",
            );
        }
    }

    fn verify(&mut self, manifest: &Manifest) {
        let verify = &manifest.verify;
        for (name, text) in &verify.settings {
            let at = format!("/verify/settings/{name}");
            if !manifest.settings.contains_key(name) {
                let names: Vec<&str> = manifest.settings.keys().map(String::as_str).collect();
                let hint = if names.is_empty() {
                    format!("declare it under [settings.{name}]")
                } else {
                    format!("settings: {}", names.join(", "))
                };
                self.hinted(&at, format!("no setting is called \"{name}\""), hint);
            }
            self.variables(text, &at, &[PRODUCT, PLACES]);
        }
        if let Some(companion) = &verify.companion {
            self.known_program(&companion.program, "/verify/companion/program", manifest);
            for (i, text) in companion.arguments.iter().enumerate() {
                self.variables(text, &format!("/verify/companion/arguments/{i}"), &[PRODUCT, PLACES]);
            }
        }
        for (i, leftover) in verify.leftovers.iter().enumerate() {
            self.destination(&leftover.path, &format!("/verify/leftovers/{i}/path"));
            if leftover.reason.trim().is_empty() {
                self.error(&format!("/verify/leftovers/{i}/reason"), "say why it has to stay");
            }
        }
    }

    fn known_program(&mut self, name: &str, at: &str, manifest: &Manifest) {
        if manifest.programs.contains_key(name) {
            return;
        }
        let names: Vec<&str> = manifest.programs.keys().map(String::as_str).collect();
        let hint = if names.is_empty() {
            "declare it under [programs.<name>]".to_owned()
        } else {
            format!("programs: {}", names.join(", "))
        };
        self.hinted(at, format!("no program is called \"{name}\""), hint);
    }

    fn word(&mut self, name: &str, at: &str, what: &str) {
        if name.is_empty() || !name.chars().all(|c| c.is_ascii_alphanumeric() || "-_.".contains(c)) {
            self.hinted(at, format!("\"{name}\" cannot be {what}"), "use letters, digits, `-`, `_` and `.`");
        }
    }

    fn mode(&mut self, mode: Option<&str>, at: &str) {
        if let Some(Err(e)) = mode.map(values::mode) {
            self.error(at, e);
        }
    }

    fn variables(&mut self, text: &str, at: &str, known: &[&[Variable]]) {
        if let Err(e) = variables::expand(text, known, |_| String::new()) {
            self.hinted(at, format!("unknown variable {{{}}}", e.name), e.hint);
        }
    }

    /// A place on the machine: absolute, without `.` and `..`.
    fn destination(&mut self, text: &str, at: &str) {
        let before = self.found.len();
        self.variables(text, at, &[PRODUCT, PLACES]);
        if self.found.len() > before {
            return;
        }
        if text.split('/').any(|part| part == "..") {
            self.hinted(at, format!("\"{text}\" leaves its folder"), "write the path without `..`");
        } else if !text.starts_with('/') && !PLACES.iter().any(|(n, _)| text.starts_with(&format!("{{{n}}}")))
        {
            self.hinted(
                at,
                format!("\"{text}\" is not a place on the machine"),
                "begin with `/` or with a variable such as {config} or {data}",
            );
        }
    }
}
