//! System accounts on Linux and macOS: made where missing, with the tool that the system has.

use super::failure::{Failure, Result};
use super::host::Host;
use crate::exit::Exit;

/// Makes an account that nobody can log in to, with a group of the same name; gives the command that removes it, or
/// `None` when it was there.
///
/// In a folder nothing is made: whoever starts the machine has systemd-sysusers(8) for it.
///
/// # Errors
/// When there is no tool for it, or it fails.
pub(super) fn create(host: &Host, name: &str, title: &str, home: &str) -> Result<Option<Vec<String>>> {
    if !host.is_live() || host.account(name).is_some() {
        return Ok(None);
    }
    // A colon would end the field in /etc/passwd.
    let title = title.split_whitespace().collect::<Vec<_>>().join(" ").replace(':', "-");
    let Some((commands, undo)) = commands(host, name, &title, home) else {
        return Err(Failure::new(
            Exit::Requirement,
            format!(
                "the account {name} is missing and there is no useradd, adduser or dscl to make it; make it, or name \
                 another one with --account"
            ),
        ));
    };
    for command in &commands {
        let output = host.run(command)?;
        if !output.success {
            let text = format!("the account {name} cannot be made: {} failed: {}", command[0], output.text);
            return Err(Failure::new(Exit::General, text));
        }
    }
    Ok(Some(undo))
}

type Words = Vec<String>;

/// The commands that make the account, and the one that removes it.
fn commands(host: &Host, name: &str, title: &str, home: &str) -> Option<(Vec<Words>, Words)> {
    let own = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Words>();
    let nologin = host.tool("nologin").unwrap_or_else(|| "/bin/false".to_owned());
    if cfg!(target_os = "macos") {
        return macos(host, name, title, home);
    }
    if let Some(useradd) = host.tool("useradd") {
        // A group of the name may be there: then it is the account's.
        let group = if host.group(name).is_some() { ["--gid", name] } else { ["--user-group", "--system"] };
        let mut words = own(&[&useradd, "--system", "--no-create-home", "--home-dir", home]);
        words.extend(own(&["--shell", &nologin, "--comment", title]));
        words.extend(own(&group));
        words.push(name.to_owned());
        let userdel = host.tool("userdel").unwrap_or_else(|| "userdel".to_owned());
        return Some((vec![words], own(&[&userdel, name])));
    }
    // BusyBox.
    let (adduser, addgroup) = (host.tool("adduser")?, host.tool("addgroup")?);
    let mut all = Vec::new();
    if host.group(name).is_none() {
        all.push(own(&[&addgroup, "-S", name]));
    }
    all.push(own(&[&adduser, "-S", "-D", "-H", "-h", home, "-s", &nologin, "-G", name, "-g", title, name]));
    let deluser = host.tool("deluser").unwrap_or_else(|| "deluser".to_owned());
    Some((all, own(&[&deluser, name])))
}

/// Directory Services (dscl(1)): numbers below 500 are the system's; the login window hides them.
fn macos(host: &Host, name: &str, title: &str, home: &str) -> Option<(Vec<Words>, Words)> {
    let own = |words: &[&str]| words.iter().map(|&word| word.to_owned()).collect::<Words>();
    let list = |what: &str, key: &str| host.says(&["/usr/bin/dscl", ".", "-list", what, key]);
    let taken = format!("{}\n{}", list("/Users", "UniqueID")?, list("/Groups", "PrimaryGroupID")?);
    let taken: Vec<u32> =
        taken.lines().filter_map(|line| line.split_whitespace().next_back()?.parse().ok()).collect();
    let number = (300..500).rev().find(|number| !taken.contains(number))?.to_string();
    let (user, group) = (format!("/Users/{name}"), format!("/Groups/{name}"));
    let set = |path: &str, key: &str, value: &str| own(&["/usr/bin/dscl", ".", "-create", path, key, value]);
    let all = vec![
        set(&group, "PrimaryGroupID", &number),
        set(&group, "RealName", title),
        set(&user, "UniqueID", &number),
        set(&user, "PrimaryGroupID", &number),
        set(&user, "RealName", title),
        set(&user, "NFSHomeDirectory", home),
        set(&user, "UserShell", "/usr/bin/false"),
        set(&user, "IsHidden", "1"),
        set(&user, "Password", "*"),
    ];
    let remove = format!("dscl . -delete '{user}' && dscl . -delete '{group}'");
    Some((all, own(&["/bin/sh", "-c", &remove])))
}
