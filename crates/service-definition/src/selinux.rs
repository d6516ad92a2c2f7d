//! A policy module for SELinux in the Common Intermediate Language, with the labels of the files.
//!
//! It is written for the reference policy, from which the policies of Debian, Fedora and RHEL come, and uses only
//! attributes and types that all of them have. `semodule --install` takes it as it is: no compiler on the machine.

use std::fmt::Write;

use crate::{Account, Definition, Hardening, Network};

/// Name of the module and beginning of its types: the service's name, with `_` for what CIL cannot name.
pub fn module(service: &Definition) -> String {
    let name: String =
        service.name.chars().map(|c| if c.is_ascii_alphanumeric() { c } else { '_' }).collect();
    if name.starts_with(|c: char| c.is_ascii_digit()) { format!("service_{name}") } else { name }
}

/// The module.
///
/// The service runs in a domain of its own, which is enforced like the rest of the system. It reads its
/// configuration, writes in its folders, talks to the service manager and to the log, and reaches no more of the
/// network than it declares. One module serves all instances: their folders have the same labels.
///
/// A secret's file is labelled so that the service manager alone reads it, and the service the copy that it is
/// handed. A user service stays in its person's domain; the module is not for it.
pub fn policy(service: &Definition) -> String {
    let mut cil = Cil { text: String::new(), name: module(service) };
    types(&mut cil, service);
    start(&mut cil);
    manager(&mut cil, service);
    process(&mut cil, service);
    files(&mut cil, service);
    talk(&mut cil);
    network(&mut cil, service);
    labels(&mut cil, service);
    cil.text
}

/// Attributes of every type of file.
const FILE: &[&str] = &["file_type", "non_security_file_type", "non_auth_file_type"];

const READ_DIR: &str = "dir (getattr search open read lock ioctl)";
const SEARCH_DIR: &str = "dir (getattr search open)";
const READ_FILE: &str = "file (getattr open read lock ioctl)";
const READ_LINK: &str = "lnk_file (getattr read)";
const STREAM: &str =
    "(create getattr setattr getopt setopt bind connect listen accept shutdown read write append ioctl)";

/// A module being written.
struct Cil {
    text: String,
    name: String,
}

impl Cil {
    fn line(&mut self, text: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.text, "{}", text.replace('@', &self.name));
    }

    /// The service's domain may do this to a type.
    fn allow(&mut self, target: &str, what: &str) {
        self.line(&format!("(allow @_t {target} ({what}))"));
    }

    /// The same where the policy knows the type.
    fn allow_known(&mut self, block: &str, target: &str, whats: &[&str]) {
        self.line(&format!("(optional @_{block}"));
        for what in whats {
            self.line(&format!("    (allow @_t {target} ({what}))"));
        }
        self.line(")");
    }

    fn title(&mut self, text: &str) {
        self.line(&format!("\n; {text}"));
    }
}

fn types(cil: &mut Cil, service: &Definition) {
    cil.line("; The domain of the service and the types of its files.");
    cil.line("(type @_t)\n(roletype system_r @_t)\n(typeattributeset domain (@_t))\n(typeattributeset daemon (@_t))");
    let mut own: Vec<(&str, &[&str])> = vec![
        ("exec", &["entry_type", "exec_type"]),
        ("conf", &["configfile"]),
        ("state", &[]),
        ("log", &["logfile"]),
        ("cache", &[]),
        ("runtime", &["pidfile"]),
    ];
    if !service.credentials.is_empty() {
        own.push(("secret", &[]));
    }
    if !service.writable.is_empty() {
        own.push(("data", &[]));
    }
    for (suffix, attributes) in own {
        let of = format!("@_{suffix}_t");
        cil.line(&format!("(type {of})\n(roletype object_r {of})"));
        for attribute in attributes.iter().chain(FILE) {
            cil.line(&format!("(typeattributeset {attribute} ({of}))"));
        }
    }
}

fn start(cil: &mut Cil) {
    cil.title("Whoever starts services starts it, and NoNewPrivileges= does not keep it in another domain.");
    cil.allow("@_exec_t", "file (entrypoint getattr open read map execute lock ioctl)");
    for manager in ["init_t", "initrc_t"] {
        cil.line(&format!("(allow {manager} @_exec_t (file (getattr open read map execute ioctl)))"));
        cil.line(&format!("(allow {manager} @_t (process (transition rlimitinh siginh)))"));
        cil.line(&format!("(dontaudit {manager} @_t (process (noatsecure)))"));
        cil.line(&format!("(typetransition {manager} @_exec_t process @_t)"));
        cil.allow(manager, "fd (use)");
        cil.allow(manager, "fifo_file (getattr read write append ioctl lock)");
        cil.allow(manager, "process (sigchld)");
    }
    cil.line("(allow init_t @_t (process2 (nnp_transition nosuid_transition)))");
}

/// systemd makes the folders, mounts them into the service's view of the system, and reads what it hands over.
fn manager(cil: &mut Cil, service: &Definition) {
    cil.title("What the service manager does for it.");
    let folder = "dir (create getattr setattr search open read write add_name lock ioctl mounton relabelfrom relabelto)";
    for suffix in ["conf", "state", "log", "cache", "runtime"] {
        cil.line(&format!("(allow init_t @_{suffix}_t ({folder}))"));
        // The owner of what is there is corrected.
        cil.line(&format!("(allow init_t @_{suffix}_t (file (getattr setattr open read)))"));
        cil.line(&format!("(allow init_t @_{suffix}_t (lnk_file (getattr setattr read)))"));
    }
    if !service.writable.is_empty() {
        cil.line("(allow init_t @_data_t (dir (getattr search open read mounton)))");
        cil.line("(allow init_t @_data_t (file (getattr mounton)))");
    }
    if !service.credentials.is_empty() {
        cil.line("(allow init_t @_secret_t (dir (getattr search open read)))");
        cil.line("(allow init_t @_secret_t (file (getattr open read)))");
    }
}

fn process(cil: &mut Cil, service: &Definition) {
    cil.title("Its own processes.");
    cil.allow(
        "self",
        "process (fork sigchld sigkill sigstop signull signal getsched setsched setpgid getrlimit)",
    );
    cil.allow("self", "fifo_file (create getattr open read write append ioctl lock)");
    cil.allow("self", &format!("unix_stream_socket {STREAM}"));
    cil.allow("self", &format!("unix_dgram_socket {STREAM}"));
    let root = matches!(service.account, Account::System) && service.hardening != Hardening::Strict;
    if root {
        let capabilities =
            "chown dac_override dac_read_search fowner fsetid kill setgid setuid net_bind_service";
        cil.allow("self", &format!("capability ({capabilities})"));
    } else if service.listeners().iter().any(|listener| listener.port < 1024) {
        cil.allow("self", "capability (net_bind_service)");
    }
}

fn files(cil: &mut Cil, service: &Definition) {
    cil.title("Its folders.");
    cil.allow("@_conf_t", READ_DIR);
    cil.allow("@_conf_t", READ_FILE);
    cil.allow("@_conf_t", READ_LINK);
    let data = (!service.writable.is_empty()).then_some("data");
    for suffix in ["state", "log", "cache", "runtime"].into_iter().chain(data) {
        let of = format!("@_{suffix}_t");
        cil.allow(
            &of,
            "dir (create getattr setattr search open read write lock ioctl add_name remove_name rename reparent rmdir)",
        );
        cil.allow(
            &of,
            "file (create getattr setattr open read write append lock ioctl map rename link unlink)",
        );
        cil.allow(&of, "lnk_file (create getattr setattr read rename unlink)");
    }
    // A policy older than Linux 5.4 need not know the permission; without the block it would refuse the module.
    for suffix in ["state", "log", "cache", "runtime"].into_iter().chain(data) {
        cil.allow_known(
            &format!("watch_{suffix}"),
            &format!("@_{suffix}_t"),
            &["dir (watch)", "file (watch)"],
        );
    }
    cil.allow("@_runtime_t", "sock_file (create getattr setattr open read write append rename unlink)");
    if !service.credentials.is_empty() {
        cil.line("; The copies of its secrets, which systemd keeps in memory.");
        for memory in ["ramfs_t", "tmpfs_t"] {
            cil.allow(memory, SEARCH_DIR);
            cil.allow(memory, READ_FILE);
        }
    }
    cil.title("What every program of the system reads, and how much room there is.");
    for folder in ["etc_t", "usr_t", "locale_t", "cert_t", "net_conf_t"] {
        cil.allow(folder, READ_DIR);
        cil.allow(folder, READ_FILE);
        cil.allow(folder, READ_LINK);
    }
    for folder in
        ["var_t", "var_lib_t", "var_log_t", "var_run_t", "tmp_t", "root_t", "sysctl_t", "sysctl_kernel_t"]
    {
        cil.allow(folder, SEARCH_DIR);
    }
    cil.allow("var_run_t", READ_LINK);
    cil.allow("proc_t", READ_DIR);
    cil.allow("proc_t", READ_FILE);
    cil.allow("sysctl_kernel_t", READ_FILE);
    for (block, target) in [("fips", "sysctl_crypto_t"), ("cgroup", "cgroup_t")] {
        cil.allow_known(block, target, &[SEARCH_DIR, READ_FILE]);
    }
    for device in ["urandom_device_t", "random_device_t"] {
        cil.allow(device, "chr_file (getattr open read ioctl lock)");
    }
    for volume in ["fs_t", "tmpfs_t"] {
        cil.allow(volume, "filesystem (getattr)");
    }
}

fn talk(cil: &mut Cil) {
    cil.title("What it says to the service manager (sd_notify) and to the log.");
    cil.allow("init_t", "unix_dgram_socket (sendto)");
    cil.allow("init_t", "unix_stream_socket (getattr read write append ioctl)");
    cil.allow_known("notify", "init_var_run_t", &[SEARCH_DIR, "sock_file (getattr write)"]);
    cil.allow_known("devlog", "devlog_t", &["sock_file (getattr write)", READ_LINK]);
    cil.allow_known("journal", "syslogd_var_run_t", &[SEARCH_DIR, "sock_file (getattr write)"]);
    cil.allow_known(
        "log",
        "syslogd_t",
        &["unix_dgram_socket (sendto)", "unix_stream_socket (connectto getattr read write)"],
    );
}

fn network(cil: &mut Cil, service: &Definition) {
    if service.network == Network::None {
        return;
    }
    cil.title("The network that it declares.");
    cil.allow("self", &format!("tcp_socket {STREAM}"));
    cil.allow(
        "self",
        "udp_socket (create getattr setattr getopt setopt bind connect read write ioctl shutdown)",
    );
    cil.allow(
        "self",
        "netlink_route_socket (create getattr setattr getopt setopt bind read write nlmsg_read)",
    );
    cil.allow("netif_t", "netif (ingress egress)");
    cil.allow("node_t", "node (recvfrom sendto)");
    if service.network == Network::Outbound {
        cil.line("; Out to any TCP port; questions to name servers go out by UDP.");
        cil.allow("port_type", "tcp_socket (name_connect)");
    }
    if service.network == Network::Inbound {
        cil.line("; In on any port that needs no privilege.");
        cil.allow("unreserved_port_type", "tcp_socket (name_bind)");
        cil.allow("node_t", "tcp_socket (node_bind)");
    }
    let listeners = service.listeners();
    if listeners.is_empty() {
        return;
    }
    cil.line("; In where its health is asked for and its page is looked at.");
    cil.allow("node_t", "tcp_socket (node_bind)");
    let ports = || listeners.iter().map(|listener| listener.port);
    let mut known: Vec<&str> = ports().flat_map(known_port).collect();
    known.sort_unstable();
    known.dedup();
    for of in known {
        cil.allow_known(&format!("bind_{of}"), of, &["tcp_socket (name_bind)"]);
    }
    let own: Vec<u16> = ports().filter(|port| known_port(*port).next().is_none()).collect();
    if !own.is_empty() {
        cil.line("(type @_port_t)\n(roletype object_r @_port_t)\n(typeattributeset port_type (@_port_t))");
        for port in own {
            cil.line(&format!("(portcon tcp {port} (system_u object_r @_port_t ((s0) (s0))))"));
        }
        cil.allow("@_port_t", "tcp_socket (name_bind)");
    }
}

/// The types of a port that policies have labelled: nobody may label it a second time.
fn known_port(port: u16) -> impl Iterator<Item = &'static str> {
    let lines = include_str!("selinux-ports.txt").lines().filter(|line| !line.starts_with('#'));
    lines.filter_map(move |line| {
        let mut words = line.split(' ');
        let of = words.next()?;
        let holds = |range: &str| {
            let (first, last) = range.split_once('-').unwrap_or((range, range));
            first.parse().is_ok_and(|first: u16| first <= port)
                && last.parse().is_ok_and(|last: u16| port <= last)
        };
        words.any(holds).then_some(of)
    })
}

fn labels(cil: &mut Cil, service: &Definition) {
    cil.title("Labels of the files.");
    for (pattern, kind, of) in contexts(service) {
        let of = of.replace('@', &cil.name);
        // The pattern has signs of its own.
        let _ = writeln!(cil.text, "(filecon \"{pattern}\" {kind} (system_u object_r {of} ((s0) (s0))))");
    }
}

/// The labels of the files as the lines of a `file_contexts` file.
pub fn file_contexts(service: &Definition) -> String {
    let name = module(service);
    contexts(service)
        .into_iter()
        .map(|(pattern, kind, of)| {
            let kind = if kind == "file" { "--" } else { "  " };
            format!("{pattern}  {kind}  system_u:object_r:{}:s0\n", of.replace('@', &name))
        })
        .collect()
}

/// Pattern, kind of file, and type with `@` for the module's name.
fn contexts(service: &Definition) -> Vec<(String, &'static str, String)> {
    let folders = &service.folders;
    let mut all = vec![(pattern(&service.program), "file", "@_exec_t".to_owned())];
    let own = [
        (&folders.configuration, "conf"),
        (&folders.state, "state"),
        (&folders.logs, "log"),
        (&folders.cache, "cache"),
        (&folders.runtime, "runtime"),
    ];
    for (path, suffix) in own {
        // One module for all instances.
        let path = match &service.instance {
            Some(instance) => path.replace(&format!("@{instance}"), ""),
            None => path.clone(),
        };
        all.push((format!("{}(@[^/]+)?(/.*)?", pattern(&path)), "any", format!("@_{suffix}_t")));
        // Policies differ in which of the two names stands for the other (file_contexts.subs_dist).
        if path.starts_with("/run/") {
            all.push((format!("/var{}(@[^/]+)?(/.*)?", pattern(&path)), "any", format!("@_{suffix}_t")));
        }
    }
    if let Some(folder) = service.credentials_folder() {
        let below = folder.strip_prefix(&folders.configuration).unwrap_or("/credentials");
        let path = match &service.instance {
            Some(instance) => folders.configuration.replace(&format!("@{instance}"), ""),
            None => folders.configuration.clone(),
        };
        let path = format!("{}(@[^/]+)?{}(/.*)?", pattern(&path), pattern(below));
        all.push((path, "any", "@_secret_t".to_owned()));
    }
    for path in &service.writable {
        all.push((format!("{}(/.*)?", pattern(path)), "any", "@_data_t".to_owned()));
    }
    all
}

/// A path as a regular expression that only it matches.
fn pattern(path: &str) -> String {
    let mut pattern = String::new();
    for c in path.chars() {
        // White space would end the pattern.
        if c.is_whitespace() {
            pattern.push_str(r"\s");
            continue;
        }
        if ".^$?*+|[](){}\\".contains(c) {
            pattern.push('\\');
        }
        pattern.push(c);
    }
    pattern
}
