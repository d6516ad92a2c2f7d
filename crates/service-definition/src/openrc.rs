//! An OpenRC service script (openrc-run(8)), as Alpine uses it.

use crate::quote::shell;
use crate::shell::{
    copy_credentials, credentials_directory, directories, export_environment, indent, log_file, owner,
    pid_file, plain, read_environment, refuse_user_service,
};
use crate::{Definition, Network, RestartPolicy, Start, UMASK, Unsupported};

/// The service script `/etc/init.d/NAME`.
///
/// A service that comes back runs under `supervise-daemon`, which starts it again however it ended; one that does
/// not runs under `start-stop-daemon`. OpenRC's own hardening variables are left out: releases up to 0.45 turn
/// `no_new_privs` into an option that their `supervise-daemon` refuses. They do not await readiness either.
///
/// # Errors
/// For a user service: the script would start it as root.
pub fn script(service: &Definition) -> Result<String, Unsupported> {
    refuse_user_service(service)?;
    let id = service.id();
    let account = owner(&service.account);
    let log = shell(&log_file(service));
    let arguments = service.arguments.iter().map(|argument| shell(argument)).collect::<Vec<_>>().join(" ");
    // openrc-run evaluates these values once more, as shell words.
    let again = |text: &str| shell(&shell(text));
    let mut variables = vec![
        format!("name={}", shell(&id)),
        format!("description={}", shell(&plain(&service.full_title()))),
        format!("command={}", again(&service.program)),
        format!("command_args={}", shell(&arguments)),
        format!("command_user={}", shell(&account)),
        format!("pidfile={}", shell(&pid_file(service))),
        "directory=/".to_owned(),
        format!("umask={UMASK:03o}"),
        format!("retry=TERM/{}/KILL/5", service.stop_timeout),
        format!("output_log={log}"),
        format!("error_log={log}"),
    ];
    if service.restart == RestartPolicy::Never {
        variables.push("command_background=yes".to_owned());
    } else {
        variables.push("supervisor=supervise-daemon".to_owned());
        variables.push(format!("respawn_delay={}", service.restart_delay));
        // No limit where a pause keeps it from spinning; else OpenRC's own limit stays.
        if service.restart_delay > 0 {
            variables.push("respawn_max=0".to_owned());
        }
    }
    let mut prepare: Vec<String> = directories(service)
        .map(|(path, mode)| {
            format!("checkpath -q -d -m {mode:04o} -o {} {} || return 1", shell(&account), shell(path))
        })
        .collect();
    let credentials = credentials_directory(service);
    let mut stopping = String::new();
    if service.restart != RestartPolicy::Never {
        stopping.push_str(NO_STRANGER);
    }
    if !service.credentials.is_empty() {
        prepare
            .extend(copy_credentials(service, &credentials).into_iter().map(|c| format!("{c} || return 1")));
        stopping.push_str(&format!("\nstop_post() {{\n    rm -rf {}\n}}\n", shell(&credentials)));
    }
    prepare.extend(export_environment(service));
    Ok(format!(
        r#"#!/sbin/openrc-run

{variables}
depend() {{
{depend}}}

{read_environment}
start_pre() {{
{prepare}}}
{stopping}"#,
        read_environment = read_environment(NOT_FROM_FILE),
        variables = indent(&variables, 0),
        depend = indent(&depend(service), 1),
        prepare = indent(&prepare, 1),
    ))
}

/// `supervise-daemon` ends whatever process its pid file names.
const NO_STRANGER: &str = r#"
# The number of a supervisor that has ended is used again, by any process of the system.
stop_pre() {
    case "$(cat "/proc/$(cat "$pidfile" 2>/dev/null)/comm" 2>/dev/null)" in
        supervise-daemo*) ;;
        *) rm -f "$pidfile" ;;
    esac
}
"#;

/// Names that the environment file cannot set: variables of openrc-run, which runs this script in its own shell,
/// and the path on which it finds its tools.
const NOT_FROM_FILE: &[&str] = &[
    "PATH",
    "RC_*",
    "SVCNAME",
    "capabilities",
    "chroot",
    "command*",
    "description*",
    "directory",
    "error_log*",
    "input_file",
    "name",
    "no_new_privs",
    "notify",
    "output_log*",
    "pidfile",
    "procname",
    "respawn_*",
    "retry",
    "secbits",
    "start_stop_daemon_args",
    "stopsig",
    "supervis*",
    "umask",
];

/// What it is ordered after. Nothing is needed: a machine without a cable still starts its services.
fn depend(service: &Definition) -> Vec<String> {
    let mut lines = vec!["use logger".to_owned(), "after localmount bootmisc".to_owned()];
    if service.network != Network::None {
        lines.push("use net dns netmount".to_owned());
        lines.push("after firewall".to_owned());
    }
    if service.start == Start::Delayed {
        lines.push("after *".to_owned());
    }
    lines
}
