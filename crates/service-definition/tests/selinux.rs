//! The SELinux module, compiled into the reference policy of Debian, and what the policy then says.

mod common;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use common::{SERVICES, definition, has, succeed};
use landfall_service_definition::*;

/// Where Debian's package keeps the modules of its policy.
const MODULES: &str = "/var/lib/selinux/default/active/modules/100";

/// The modules of the reference policy as CIL.
fn reference_policy(folder: &Path) -> Option<Vec<PathBuf>> {
    let tools = [("secilc", "secilc"), ("sesearch", "setools"), ("seinfo", "setools"), ("bzip2", "bzip2")];
    if !tools.iter().all(|(tool, package)| has(tool, package)) {
        return None;
    }
    let Ok(modules) = fs::read_dir(MODULES) else {
        let _ = writeln!(
            std::io::stderr(),
            "SKIPPED: needs {MODULES} (apt-get install selinux-policy-default policycoreutils)"
        );
        return None;
    };
    let mut files = vec![];
    for module in modules {
        let module = module.unwrap();
        // Those that the package leaves switched off are not compiled.
        if !module.path().join("cil").exists() {
            continue;
        }
        let file = folder.join(module.file_name()).with_extension("cil");
        // The store keeps some compressed, some not.
        let output = Command::new("bzip2").arg("-dcf").arg(module.path().join("cil")).output().unwrap();
        assert!(output.status.success(), "{}", module.path().display());
        fs::write(&file, output.stdout).unwrap();
        files.push(file);
    }
    Some(files)
}

/// A policy with the service's module in it.
struct Policy {
    file: PathBuf,
    contexts: PathBuf,
    name: String,
}

impl Policy {
    fn compile(base: &[PathBuf], service: &Definition, folder: &Path) -> Self {
        let name = selinux::module(service);
        let module = folder.join(format!("{name}.module"));
        fs::write(&module, selinux::policy(service)).unwrap();
        let (file, contexts) =
            (folder.join(format!("{name}.policy")), folder.join(format!("{name}.contexts")));
        let mut command = Command::new("secilc");
        command
            .args(["--mls=true", "--policyvers=33", "--output"])
            .arg(&file)
            .arg("--filecontexts")
            .arg(&contexts);
        succeed(command.args(base).arg(module));
        Self { file, contexts, name }
    }

    /// The types or attributes on which the service has one of these permissions of a class.
    fn targets(&self, class: &str, permissions: &str) -> BTreeSet<String> {
        let source = format!("{}_t", self.name);
        let mut command = Command::new("sesearch");
        let text =
            succeed(command.args(["--allow", "-s", &source, "-c", class, "-p", permissions]).arg(&self.file));
        text.lines()
            .filter_map(|line| Some(line.split_whitespace().nth(2)?.split(':').next()?.to_owned()))
            .collect()
    }

    fn has_rule(&self, arguments: &[&str]) -> bool {
        let text = succeed(Command::new("sesearch").args(arguments).arg(&self.file));
        !text.trim().is_empty()
    }

    fn own(&self, suffixes: &[&str]) -> BTreeSet<String> {
        suffixes.iter().map(|suffix| format!("{}_{suffix}_t", self.name).replace("__t", "_t")).collect()
    }
}

#[test]
fn the_module_gives_the_service_what_it_declares_and_no_more() {
    let folder = tempfile::tempdir().unwrap();
    let Some(base) = reference_policy(folder.path()) else { return };
    for service in SERVICES {
        let definition = definition(service, "linux");
        let policy = Policy::compile(&base, &definition, folder.path());
        let outside = definition.network != Network::None;

        let text = succeed(Command::new("seinfo").arg("--permissive").arg(&policy.file));
        assert!(text.contains("Permissive Types: 0"), "{text}");
        let connect = policy.targets("tcp_socket", "name_connect");
        assert_eq!(connect, BTreeSet::from_iter(outside.then(|| "port_type".to_owned())));
        let bind = policy.targets("tcp_socket", "name_bind");
        // 8080 and, for the page, 8765: both have a label in the reference policy.
        let ports = definition.listeners().len();
        let labels = ["http_cache_port_t", "lirc_port_t"].into_iter().take(ports);
        assert_eq!(bind, labels.map(str::to_owned).collect::<BTreeSet<_>>());

        let written = policy.own(&["state", "log", "cache", "runtime"]);
        let mut files = policy.targets("file", "write,append,create");
        // Its own processes below /proc.
        files.remove(&format!("{}_t", policy.name));
        assert_eq!(files, written);
        assert_eq!(policy.targets("dir", "add_name,write"), written);
        let executed = policy.targets("file", "execute_no_trans,entrypoint");
        assert_eq!(executed, policy.own(&["exec"]));
        for forbidden in
            ["execmem", "execstack", "execheap", "ptrace", "setexec", "transition", "dyntransition"]
        {
            assert!(policy.targets("process", forbidden).is_empty(), "{forbidden}");
        }
        assert!(policy.targets("capability", "sys_admin,dac_override,setuid").is_empty());

        let (domain, program) = (format!("{}_t", policy.name), format!("{}_exec_t", policy.name));
        assert!(policy.has_rule(&["-T", "-s", "init_t", "-t", &program, "-c", "process", "-D", &domain]));
        let nnp = ["-A", "-s", "init_t", "-t", &domain, "-c", "process2", "-p", "nnp_transition"];
        assert!(policy.has_rule(&nnp), "NoNewPrivileges= would keep it in init_t");
        if !definition.credentials.is_empty() {
            let secret = format!("{}_secret_t", policy.name);
            let read = |source: &str| {
                policy.has_rule(&["-A", "-s", source, "-t", &secret, "-c", "file", "-p", "read"])
            };
            assert!(read("init_t") && !read(&domain), "systemd hands it over");
        }
    }
}

#[test]
fn files_and_ports_have_their_labels() {
    let folder = tempfile::tempdir().unwrap();
    let Some(base) = reference_policy(folder.path()) else { return };
    if !has("matchpathcon", "selinux-utils") {
        return;
    }
    let service = Definition {
        writable: vec!["/srv/reports (old)".into()],
        health: Some(Health::at("http://127.0.0.1:28999/health")),
        network: Network::Inbound,
        account: Account::System,
        hardening: Hardening::None,
        ..definition("wats-client", "linux")
    };
    let policy = Policy::compile(&base, &service, folder.path());
    for (path, label) in [
        ("/usr/bin/wats-client", "wats_client_exec_t"),
        ("/usr/bin/wats-clients", "bin_t"),
        ("/etc/wats-client/config.toml", "wats_client_conf_t"),
        ("/etc/wats-client/credentials/api-token", "wats_client_secret_t"),
        ("/etc/wats-client@line-2/credentials/api-token", "wats_client_secret_t"),
        ("/var/lib/wats-client/queue/1", "wats_client_state_t"),
        ("/var/lib/wats-client@line-2/queue", "wats_client_state_t"),
        ("/var/lib/wats-clients", "var_lib_t"),
        ("/var/log/wats-client", "wats_client_log_t"),
        ("/var/cache/wats-client/x", "wats_client_cache_t"),
        ("/run/wats-client/control.sock", "wats_client_runtime_t"),
        ("/srv/reports (old)/a", "wats_client_data_t"),
        ("/srv/other", "var_t"),
    ] {
        let mut command = Command::new("matchpathcon");
        let text = succeed(command.arg("-n").arg("-f").arg(&policy.contexts).arg(path));
        assert_eq!(text.trim(), format!("system_u:object_r:{label}:s0"), "{path}");
    }
    // The same as text for those who label without the module.
    let compiled = fs::read_to_string(&policy.contexts).unwrap();
    let words = |line: &str| line.split_whitespace().map(str::to_owned).collect::<Vec<_>>();
    let compiled: BTreeSet<Vec<String>> = compiled.lines().map(words).collect();
    for line in selinux::file_contexts(&service).lines() {
        assert!(compiled.contains(&words(line)), "{line}");
    }

    // A port that the reference policy does not know has a type of its own.
    let text = succeed(Command::new("seinfo").arg("--portcon=28999").arg(&policy.file));
    assert!(text.contains("tcp 28999 system_u:object_r:wats_client_port_t:s0"), "{text}");
    assert!(policy.targets("tcp_socket", "name_bind").contains("wats_client_port_t"));
    assert!(policy.targets("tcp_socket", "name_connect").is_empty());
}
