//! Scripts of the manifest that packages run.

use std::collections::BTreeMap;

use landfall_manifest::Format;
use landfall_manifest::model;

use super::Builder;
use super::selectors::Selection;
use crate::model::*;

impl Builder<'_> {
    pub(super) fn hooks(&mut self, scripts: &model::Scripts) -> Hooks {
        let Selection::Formats(formats) = self.select(&scripts.only, &[], "/scripts") else {
            return Hooks::default();
        };
        let mut read = |key: &str, path: &Option<String>| {
            path.as_deref().map(|p| self.script(p, &format!("/scripts/{key}")))
        };
        Hooks {
            before_install: read("before-install", &scripts.before_install),
            after_install: read("after-install", &scripts.after_install),
            before_remove: read("before-remove", &scripts.before_remove),
            after_remove: read("after-remove", &scripts.after_remove),
            formats,
        }
    }

    pub(super) fn native_scripts(&mut self, p: &model::Packages) -> BTreeMap<(Format, String), String> {
        let (deb, rpm, apk, arch) = (&p.deb.scripts, &p.rpm.scripts, &p.apk.scripts, &p.arch.scripts);
        let all: [(Format, &str, &Option<String>); 22] = [
            (Format::Deb, "preinst", &deb.preinst),
            (Format::Deb, "postinst", &deb.postinst),
            (Format::Deb, "prerm", &deb.prerm),
            (Format::Deb, "postrm", &deb.postrm),
            (Format::Rpm, "pretrans", &rpm.pretrans),
            (Format::Rpm, "pre", &rpm.pre),
            (Format::Rpm, "post", &rpm.post),
            (Format::Rpm, "preun", &rpm.preun),
            (Format::Rpm, "postun", &rpm.postun),
            (Format::Rpm, "posttrans", &rpm.posttrans),
            (Format::Apk, "pre-install", &apk.pre_install),
            (Format::Apk, "post-install", &apk.post_install),
            (Format::Apk, "pre-upgrade", &apk.pre_upgrade),
            (Format::Apk, "post-upgrade", &apk.post_upgrade),
            (Format::Apk, "pre-deinstall", &apk.pre_deinstall),
            (Format::Apk, "post-deinstall", &apk.post_deinstall),
            (Format::Arch, "pre-install", &arch.pre_install),
            (Format::Arch, "post-install", &arch.post_install),
            (Format::Arch, "pre-upgrade", &arch.pre_upgrade),
            (Format::Arch, "post-upgrade", &arch.post_upgrade),
            (Format::Arch, "pre-remove", &arch.pre_remove),
            (Format::Arch, "post-remove", &arch.post_remove),
        ];
        let mut scripts = BTreeMap::new();
        for (format, name, path) in all {
            if let Some(path) = path {
                let text = self.script(path, &format!("/package/{format}/scripts/{name}"));
                scripts.insert((format, name.to_owned()), text);
            }
        }
        scripts
    }

    /// A shell script's text without its `#!` line, which must name a POSIX shell.
    fn script(&mut self, path: &str, pointer: &str) -> String {
        let text = self.text(path, pointer);
        let Some(first) = text.strip_prefix("#!") else { return text };
        let (interpreter, rest) = first.split_once('\n').unwrap_or((first, ""));
        if !["/bin/sh", "/bin/sh -e", "/usr/bin/sh", "/usr/bin/env sh"].contains(&interpreter.trim()) {
            self.problem(
                pointer,
                format!("\"{path}\" asks for the interpreter {}", interpreter.trim()),
                "package scripts run in /bin/sh, the one shell that is everywhere",
            );
        }
        rest.to_owned()
    }
}
