//! A profile for AppArmor 3 (apparmor.d(5)).

use std::fmt::Write;

use crate::{Account, Definition, Hardening, Network};

/// Name of the profile and of its file below `/etc/apparmor.d`: the service's name. One profile serves all
/// instances.
pub fn name(service: &Definition) -> &str {
    &service.name
}

/// The profile.
///
/// It says the same as the SELinux module: the service reads its configuration, writes in its folders and in those
/// that it declares, talks to the service manager and to the log, and opens no kind of socket that it does not
/// need. AppArmor 3 does not tell ports apart. What an administrator adds is in `/etc/apparmor.d/local`.
pub fn profile(service: &Definition) -> String {
    let mut p = Profile(String::from("abi <abi/3.0>,\n\ninclude <tunables/global>\n\n"));
    // A private mount hides where a path began; without the flag such a file could not be named at all.
    p.line(
        0,
        &format!("profile {} {} flags=(attach_disconnected) {{", name(service), path(&service.program, "")),
    );
    p.line(1, "include <abstractions/base>");
    if service.network != Network::None {
        p.line(1, "include <abstractions/openssl>");
        p.line(1, "include <abstractions/ssl_certs>");
    }
    capabilities(&mut p, service);
    network(&mut p, service);
    files(&mut p, service);
    p.line(0, "");
    p.line(1, "# What is written here stays: changes of an administrator.");
    p.line(1, &format!("include if exists <local/{}>", name(service)));
    p.line(0, "}");
    p.0
}

fn capabilities(p: &mut Profile, service: &Definition) {
    let mut all = Vec::new();
    if matches!(service.account, Account::System) && service.hardening != Hardening::Strict {
        all.extend([
            "chown",
            "dac_override",
            "dac_read_search",
            "fowner",
            "fsetid",
            "kill",
            "setgid",
            "setuid",
        ]);
    }
    if service.listeners().iter().any(|listener| listener.port < 1024) {
        all.push("net_bind_service");
    }
    if !all.is_empty() {
        p.line(0, "");
    }
    for capability in all {
        p.line(1, &format!("capability {capability},"));
    }
}

fn network(p: &mut Profile, service: &Definition) {
    if service.network == Network::None {
        return;
    }
    p.line(0, "");
    p.line(1, "# TCP, questions to name servers, and the list of the machine's addresses.");
    for family in ["inet", "inet6"] {
        p.line(1, &format!("network {family} stream,"));
        p.line(1, &format!("network {family} dgram,"));
    }
    p.line(1, "network netlink raw,");
    for file in [
        "/etc/{hosts,host.conf,nsswitch.conf,resolv.conf,gai.conf,services,protocols}",
        "@{run}/systemd/resolve/{stub-resolv,resolv}.conf",
        "@{run}/{resolvconf,NetworkManager}/resolv.conf",
    ] {
        p.line(1, &format!("{file} r,"));
    }
}

fn files(p: &mut Profile, service: &Definition) {
    let folders = &service.folders;
    p.line(0, "");
    p.line(1, "# The program, its configuration, and what it writes; an instance has its name behind an @.");
    p.line(1, &format!("{} mr,", path(&service.program, "")));
    let configuration = without_instance(service, &folders.configuration);
    p.line(1, &format!("{} r,", path(&configuration, "{,@*}/{,**}")));
    for folder in [&folders.state, &folders.logs, &folders.cache, &folders.runtime] {
        let folder = without_instance(service, folder);
        p.line(1, &format!("{} rwkl,", path(&folder, "{,@*}/{,**}")));
    }
    for folder in &service.writable {
        p.line(1, &format!("{} rwkl,", path(folder, "{,/,/**}")));
    }
    if !service.credentials.is_empty() {
        p.line(1, &format!("@{{run}}/credentials/{}{{,@*}}.service/{{,**}} r,", service.name));
        let folder = without_instance(service, &folders.runtime);
        p.line(1, &format!("{} r,", path(&folder, "{,@*}.credentials/{,**}")));
    }
    p.line(0, "");
    p.line(1, "# The service manager, and what the machine says of itself.");
    p.line(1, "@{run}/systemd/notify w,");
    p.line(1, "owner @{PROC}/@{pid}/{cgroup,mountinfo,stat,status,limits} r,");
    p.line(1, "@{PROC}/sys/crypto/fips_enabled r,");
    p.line(1, "@{PROC}/sys/fs/inotify/* r,");
    p.line(1, "/sys/fs/cgroup/{,**/}cpu.max r,");
    if service.hardening != Hardening::Strict {
        p.line(1, "owner /tmp/** rwkl,");
        p.line(1, "owner /var/tmp/** rwkl,");
    }
}

/// The folder of the service itself, for all its instances.
fn without_instance(service: &Definition, folder: &str) -> String {
    match &service.instance {
        Some(instance) => folder.replace(&format!("@{instance}"), ""),
        None => folder.to_owned(),
    }
}

/// A path in quotes where needed, its own signs made harmless, with a pattern behind it.
fn path(text: &str, pattern: &str) -> String {
    let mut escaped = String::new();
    for c in text.chars() {
        if "*?[]{}^\"\\@".contains(c) {
            escaped.push('\\');
        }
        escaped.push(c);
    }
    match escaped.contains([' ', '\t', ',', '#', '"', '\\']) {
        true => format!("\"{escaped}{pattern}\""),
        false => format!("{escaped}{pattern}"),
    }
}

/// A profile being written.
struct Profile(String);

impl Profile {
    fn line(&mut self, level: usize, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "{:1$}{text}", "", level * 2);
    }
}
