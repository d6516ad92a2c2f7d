//! What the registry of a Windows must hold, and what an administrative installation must lay out.

use std::collections::{BTreeMap, BTreeSet};

use landfall_payload::{Definition, EntryKind, Format, Role, SettingType};
use landfall_service_definition::windows::{self, StartType, property};

use super::bench::{Bench, Ended, Said, ensure, failed};
use super::expected::digest;
use crate::lab::INBOX;

/// Where an administrative installation puts the files.
const LAYOUT: &str = r"C:\Factory\layout";
/// Key of the list of installed programs.
const PROGRAMS: &str = r"HKLM\Software\Microsoft\Windows\CurrentVersion\Uninstall";
/// Key of the services.
const SERVICES: &str = r"HKLM\System\CurrentControlSet\Services";

/// Values below a key of the registry: the key they stand in, their name, what they hold.
struct Values(Vec<(String, String, String)>);

impl Values {
    /// As `reg query /s` writes them.
    fn parse(text: &str) -> Self {
        let mut all = Vec::new();
        let mut key = "";
        for line in text.lines().map(|line| line.trim_end_matches('\r')) {
            let mut words = line.strip_prefix("    ").unwrap_or_default().splitn(3, "    ");
            match (words.next(), words.next(), words.next()) {
                (Some(name), Some(_), data) if !name.is_empty() => {
                    all.push((key.to_owned(), name.to_owned(), data.unwrap_or_default().to_owned()));
                }
                _ if line.starts_with("HKEY_") => key = line,
                _ => {}
            }
        }
        Self(all)
    }

    /// The value of a name, wherever it stands.
    fn get(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(_, n, _)| n.eq_ignore_ascii_case(name)).map(|(_, _, data)| data.as_str())
    }

    /// What is wrong with a value.
    fn differs(&self, what: &str, name: &str, wanted: &str) -> Option<String> {
        match self.get(name) {
            None => Some(format!("{what}: {name} is missing, declared is {wanted}")),
            Some(is) if is != wanted => Some(format!("{what}: {name} is {is}, declared is {wanted}")),
            Some(_) => None,
        }
    }
}

impl Bench<'_> {
    /// What the registry has below a key; empty where there is no such key.
    fn values(&self, key: &str) -> Said<Values> {
        Ok(Values::parse(&self.lab().run(&["windows", "reg", "query", key, "/s"])?.stdout))
    }

    /// Checks the list of programs, what is remembered of the installation, and the source of events.
    pub(super) fn registry_is_as_declared(&self) -> Said {
        if self.subject.format != Format::Msi {
            return Err(Ended::NotApplicable("only Windows Installer writes to a registry".to_owned()));
        }
        let payload = &self.subject.payload;
        let product = &payload.product;
        let mut wrong = Vec::new();

        self.is_listed_once()?;
        let listed = self.values(PROGRAMS)?;
        let version = product.version.to_string();
        let numbers = version.split(['-', '+']).next().unwrap_or_default().to_owned();
        let entry = [
            ("DisplayName", Some(product.title.clone())),
            ("DisplayVersion", Some(numbers)),
            ("Publisher", Some(product.vendor.clone())),
            ("HelpLink", product.homepage.clone()),
            ("NoModify", Some("0x1".to_owned())),
        ];
        for (name, wanted) in entry {
            wrong.extend(wanted.and_then(|wanted| listed.differs("the list of programs", name, &wanted)));
        }

        let own = self.values(&format!(r"HKLM\Software\{}\{}", product.vendor, product.name))?;
        let place = self.manager().place(&product.name, "/");
        wrong.extend(own.differs("what is remembered", "INSTALLDIR", &place));
        if let Some(definition) = &payload.service {
            let service = windows::service(definition);
            let key = format!(r"{SERVICES}\EventLog\Application\{}", service.event_source.name);
            let source = self.values(&key)?;
            let registered = self.values(&format!(r"{SERVICES}\{}", service.name))?;
            for (name, value) in &payload.verification.settings {
                let property = property(name);
                if is_secret(definition, name) {
                    let mut all = [&own, &source, &registered].into_iter().flat_map(|values| &values.0);
                    let known = all.any(|(_, _, data)| data.contains(value.as_str()));
                    wrong.extend(known.then(|| format!("the registry holds the secret {name}")));
                } else {
                    wrong.extend(own.differs("what is remembered", &property, value));
                }
            }
            let program = self.manager().place(&product.name, &service.event_source.message_file);
            wrong.extend(source.differs("the source of events", "EventMessageFile", &program));
        }
        ensure(wrong.is_empty(), || wrong.join("\n"))
    }

    /// Checks that the list of programs has the product once, and not its former version beside it.
    pub(super) fn is_listed_once(&self) -> Said {
        if self.subject.format != Format::Msi {
            return Ok(());
        }
        let listed = self.values(PROGRAMS)?;
        let title = &self.subject.payload.product.title;
        let own = listed.0.iter().filter(|(_, name, data)| name == "DisplayName" && data == title).count();
        ensure(own == 1, || format!("the list of programs has {title} {own} times"))
    }

    /// Checks command line, account, start type, dependencies and variables of the registered service.
    pub(super) fn windows_service_is_as_declared(&self, definition: &Definition) -> Said {
        let service = windows::service(definition);
        let registered = self.values(&format!(r"{SERVICES}\{}", service.name))?;
        let name = self.subject.name();
        let program = self.manager().place(name, &definition.program);
        let command = service.command_line.replace('"', "").replace(&definition.program, &program);
        let is = registered.get("ImagePath").unwrap_or_default().replace('"', "");
        let mut wrong = Vec::new();
        if is != command {
            wrong.push(format!("its command is {is}, declared is {command}"));
        }
        let start = match service.start {
            StartType::AutomaticDelayed => "0x2",
            StartType::Demand => "0x3",
        };
        let texts = [
            ("ObjectName", service.account.name.as_str()),
            ("DisplayName", &service.display_name),
            ("Description", &service.description),
            ("Start", start),
            ("Type", "0x10"),
        ];
        wrong.extend(texts.iter().filter_map(|(key, wanted)| registered.differs("the service", key, wanted)));
        let list = |name: &str| -> BTreeSet<String> {
            registered.get(name).unwrap_or_default().split(r"\0").map(str::to_owned).collect()
        };
        let depends = list("DependOnService");
        wrong.extend(
            service
                .dependencies
                .iter()
                .filter(|one| !depends.contains(*one))
                .map(|one| format!("the service does not depend on {one}")),
        );
        let variables = list("Environment");
        let given = self.subject.payload.verification.settings.iter().filter_map(|(name, value)| {
            let setting = definition.settings.get(name).filter(|_| !is_secret(definition, name))?;
            Some(format!("{}={value}", setting.environment))
        });
        let fixed = service.environment.iter().map(|(name, value)| format!("{name}={value}"));
        wrong.extend(
            fixed
                .chain(given)
                .filter(|one| !variables.contains(one))
                .map(|one| format!("the service has no variable {one}")),
        );
        self.remark("Wine keeps neither delayed start nor recovery, and knows no accounts".to_owned());
        ensure(wrong.is_empty(), || wrong.join("\n"))
    }

    /// An administrative installation, from which other machines install: every file is there, and nothing else
    /// happened.
    pub(super) fn is_laid_out(&self) -> Said {
        let file = &self.subject.file;
        let name = file.file_name().unwrap_or_default().to_string_lossy();
        let Some(words) = self.manager().lay_out(&format!("{INBOX}/{name}"), self.subject.name(), LAYOUT)
        else {
            return Err(Ended::NotApplicable(format!(
                "{} knows no administrative installation",
                self.manager().name()
            )));
        };
        self.bring(file)?;
        let folder = self.lab().path(LAYOUT);
        let before = self.lab().snapshot()?;
        self.must(&words.iter().map(String::as_str).collect::<Vec<_>>())?;
        let changed = self.lab().snapshot()?.since(&before).without(&[&folder]);
        ensure(changed.is_empty(), || format!("beside {LAYOUT} it changed:\n{changed}"))?;

        let found = self.must(&["sh", "-ec", "find \"$0\" -type f -exec sha256sum {} +", &folder])?;
        let found: BTreeMap<&str, &str> = found.lines().filter_map(|line| line.split_once("  ")).collect();
        for entry in self.subject.payload.entries(Format::Msi) {
            let EntryKind::File(content) = &entry.kind else { continue };
            // Windows has no program that reads them.
            if entry.role == Role::ManualPage {
                continue;
            }
            let name = entry.path.rsplit('/').next().unwrap_or_default();
            if !found.get(digest(content)?.as_str()).is_some_and(|path| path.ends_with(&format!("/{name}"))) {
                return failed(format!("{name} is not laid out in {LAYOUT}"));
            }
        }
        self.sh(&format!("rm -rf '{folder}'"))?;
        Ok(())
    }

    /// A property and a value that it cannot have; `None` where the product has no setting that could be wrong.
    pub(super) fn wrong_setting(&self) -> Option<(String, &'static str)> {
        let definition = self.subject.payload.service.as_ref()?;
        definition.settings.iter().find_map(|(name, setting)| match setting.kind {
            SettingType::Url => Some((property(name), "ftp://wrong.test")),
            SettingType::Boolean => Some((property(name), "perhaps")),
            _ => None,
        })
    }
}

fn is_secret(definition: &Definition, name: &str) -> bool {
    definition.settings.get(name).is_some_and(|setting| setting.kind == SettingType::Secret)
}

#[cfg(test)]
mod tests {
    use super::Values;

    #[test]
    fn values_are_read() {
        let text = "\r\nHKEY_LOCAL_MACHINE\\A\r\n    Name    REG_SZ    two words\r\n    None    REG_SZ    \r\n\r\n\
                    HKEY_LOCAL_MACHINE\\A\\B\r\n    Start    REG_DWORD    0x2\r\n";
        let values = Values::parse(text);
        assert_eq!(values.get("name"), Some("two words"));
        assert_eq!(values.get("None"), Some(""));
        assert_eq!(values.0[2], (r"HKEY_LOCAL_MACHINE\A\B".to_owned(), "Start".to_owned(), "0x2".to_owned()));
        assert!(values.differs("x", "Start", "0x3").unwrap().contains("Start is 0x2, declared is 0x3"));
        assert!(values.differs("x", "Stop", "1").unwrap().contains("missing"));
    }
}
