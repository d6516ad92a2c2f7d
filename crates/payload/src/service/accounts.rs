//! Accounts and directories for `systemd-sysusers` and `systemd-tmpfiles`.

use std::collections::{BTreeMap, BTreeSet};

use landfall_service_definition::quote::word;

use crate::{Account, WritableDirectory};

/// `sysusers.d(5)` lines that make the accounts, each with a group of the same name. Nobody can log in to them.
///
/// The shell column needs systemd 238. `root` exists everywhere and is left out.
pub fn sysusers(accounts: &[Account]) -> String {
    let mut text = String::from("#Type Name ID GECOS Home Shell\n");
    for account in accounts.iter().filter(|account| account.name != "root") {
        // A colon would end the field in /etc/passwd.
        let title = account.title.split_whitespace().collect::<Vec<_>>().join(" ").replace(':', "-");
        text.push_str(&format!(
            "u {} - {} {} /usr/sbin/nologin\n",
            account.name,
            quoted(&title),
            word(&account.home)
        ));
    }
    text
}

/// `tmpfiles.d(5)` lines that make the directories, and the files of the secrets, empty and for root alone; they
/// correct the mode and owner of what is there. `credentials` are names and files, as in
/// [`Definition`](crate::Definition).
pub fn tmpfiles(directories: &[WritableDirectory], credentials: &BTreeMap<String, String>) -> String {
    let mut text = String::from("#Type Path Mode User Group Age Argument\n");
    for WritableDirectory { path, mode, owner, group } in directories {
        text.push_str(&format!("d {} {mode:04o} {owner} {group} -\n", word(path)));
    }
    let folders: BTreeSet<&str> =
        credentials.values().filter_map(|file| file.rsplit_once('/').map(|(folder, _)| folder)).collect();
    for folder in folders {
        text.push_str(&format!("d {} 0700 root root -\n", word(folder)));
    }
    for file in credentials.values() {
        text.push_str(&format!("f {} 0600 root root -\n", word(file)));
    }
    text
}

/// GECOS is quoted by custom even where it need not be; `-` alone would mean «none».
fn quoted(title: &str) -> String {
    let text = word(title);
    if text.starts_with('"') { text } else { format!("\"{text}\"") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accounts_are_locked() {
        let account = |name: &str, title: &str, home: &str| Account {
            name: name.into(),
            title: title.into(),
            home: home.into(),
        };
        assert_eq!(
            sysusers(&[
                account("demo", "Demo: the service", "/var/lib/demo"),
                account("root", "root", "/root"),
                account("b", "B", "/var/lib/with space"),
            ]),
            "#Type Name ID GECOS Home Shell\n\
             u demo - \"Demo- the service\" /var/lib/demo /usr/sbin/nologin\n\
             u b - \"B\" \"/var/lib/with space\" /usr/sbin/nologin\n"
        );
    }

    #[test]
    fn directories_have_mode_and_owner() {
        let directory = WritableDirectory {
            path: "/var/lib/100%".into(),
            mode: 0o750,
            owner: "demo".into(),
            group: "demo".into(),
        };
        assert_eq!(
            tmpfiles(&[directory], &BTreeMap::from([("token".into(), "/etc/demo/credentials/token".into())])),
            "#Type Path Mode User Group Age Argument\n\
             d /var/lib/100%% 0750 demo demo -\n\
             d /etc/demo/credentials 0700 root root -\n\
             f /etc/demo/credentials/token 0600 root root -\n"
        );
    }
}
