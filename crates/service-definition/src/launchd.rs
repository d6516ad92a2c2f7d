//! A property list for launchd (launchd.plist(5)): a daemon of the machine or an agent of one person.

use std::fmt::Write;

use crate::{Account, Definition, RestartPolicy, Start, UMASK};

/// The job's label, which is also the name of its file without `.plist`: the product's identifier, with the
/// instance behind it.
pub fn label(service: &Definition) -> String {
    match &service.instance {
        Some(instance) => format!("{}.{instance}", service.identifier),
        None => service.identifier.clone(),
    }
}

/// Where the property list goes: below `/Library/LaunchDaemons`, or below `home` for an agent.
pub fn path(service: &Definition, home: &str) -> String {
    let label = label(service);
    if service.is_user_service() {
        format!("{home}/Library/LaunchAgents/{label}.plist")
    } else {
        format!("/Library/LaunchDaemons/{label}.plist")
    }
}

/// The property list.
///
/// launchd makes no folders, reads no environment file and copies no secrets: whoever installs the job makes
/// [`own_folders`](Definition::own_folders) and puts the secrets where the account may read them; settings go into
/// the environment here. launchd has no word for a readiness protocol, a watchdog or a start after everything else.
/// A service that is started by hand is started again only after a crash, since every other rule of `KeepAlive`
/// would start it with the machine.
pub fn plist(service: &Definition) -> String {
    let mut list = List(String::from(HEAD));
    list.string(1, "Label", &label(service));
    list.strings(1, "ProgramArguments", std::iter::once(&service.program).chain(&service.arguments));
    match &service.account {
        Account::Own(name) => {
            list.string(1, "UserName", name);
            list.string(1, "GroupName", name);
        }
        Account::Named(name) => list.string(1, "UserName", name),
        Account::System | Account::Person => {}
    }
    list.string(1, "WorkingDirectory", "/");
    list.line(1, "<key>EnvironmentVariables</key>");
    list.line(1, "<dict>");
    for (name, value) in environment(service) {
        list.string(2, &name, &value);
    }
    list.line(1, "</dict>");
    list.integer(1, "Umask", u64::from(UMASK));
    list.flag(1, "RunAtLoad", service.start != Start::Manual);
    match (service.restart, service.start) {
        (RestartPolicy::Never, _) => {}
        (_, Start::Manual) => list.only_flag("KeepAlive", "Crashed", true),
        (RestartPolicy::Always, _) => list.flag(1, "KeepAlive", true),
        (RestartPolicy::OnFailure, _) => list.only_flag("KeepAlive", "SuccessfulExit", false),
    }
    // Zero would mean launchd's own ten seconds.
    list.integer(1, "ThrottleInterval", service.restart_delay.max(1));
    list.integer(1, "ExitTimeOut", service.stop_timeout.max(1));
    let log = format!("{}/{}.log", service.folders.logs, service.id());
    list.string(1, "StandardOutPath", &log);
    list.string(1, "StandardErrorPath", &log);
    list.0.push_str("</dict>\n</plist>\n");
    list.0
}

/// Its own variables, its folders, and where the secrets are.
fn environment(service: &Definition) -> Vec<(String, String)> {
    let mut all = service.environment.clone();
    for (name, path) in service.folder_variables() {
        all.insert(name.to_owned(), path.to_owned());
    }
    if let Some(folder) = service.credentials_folder() {
        all.insert("CREDENTIALS_DIRECTORY".to_owned(), folder.to_owned());
    }
    all.into_iter().collect()
}

const HEAD: &str = r#"<?xml version="1.0" encoding="UTF-8"?>
<!DOCTYPE plist PUBLIC "-//Apple//DTD PLIST 1.0//EN" "http://www.apple.com/DTDs/PropertyList-1.0.dtd">
<plist version="1.0">
<dict>
"#;

/// A property list being written.
struct List(String);

impl List {
    fn line(&mut self, level: usize, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{:1$}{text}", "", level * 4);
    }

    fn key(&mut self, level: usize, key: &str) {
        self.line(level, &format!("<key>{}</key>", escape(key)));
    }

    fn string(&mut self, level: usize, key: &str, value: &str) {
        self.key(level, key);
        self.line(level, &format!("<string>{}</string>", escape(value)));
    }

    fn strings<'a>(&mut self, level: usize, key: &str, values: impl Iterator<Item = &'a String>) {
        self.key(level, key);
        self.line(level, "<array>");
        for value in values {
            self.line(level + 1, &format!("<string>{}</string>", escape(value)));
        }
        self.line(level, "</array>");
    }

    fn integer(&mut self, level: usize, key: &str, value: u64) {
        self.key(level, key);
        self.line(level, &format!("<integer>{value}</integer>"));
    }

    fn flag(&mut self, level: usize, key: &str, value: bool) {
        self.key(level, key);
        self.line(level, if value { "<true/>" } else { "<false/>" });
    }

    fn only_flag(&mut self, dictionary: &str, key: &str, value: bool) {
        self.key(1, dictionary);
        self.line(1, "<dict>");
        self.flag(2, key, value);
        self.line(1, "</dict>");
    }
}

/// Text between tags. XML 1.0 has no way to write most control characters; they are left out.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '\r' => escaped.push_str("&#13;"),
            '\n' | '\t' => escaped.push(c),
            c if c.is_control() => {}
            c => escaped.push(c),
        }
    }
    escaped
}
