//! A System V init script for Debian and its like (LSB Core 5.0, «System Initialization»; Debian Policy §9.3).

use crate::quote::shell;
use crate::shell::{
    copy_credentials, credentials_directory, directories, export_environment, group, indent, log_file, owner,
    pid_file, plain, read_environment, refuse_user_service,
};
use crate::{Definition, Network, Ready, Start, UMASK, Unsupported};

/// How long a service may take to say that it is ready, in seconds: systemd's own default.
const READY_TIMEOUT: u32 = 90;

/// The init script `/etc/init.d/NAME`.
///
/// It needs `start-stop-daemon` of dpkg 1.19.3 (Debian 10) or later and the LSB functions (`sysvinit-utils`, before
/// Debian 12 `lsb-base`). System V init supervises nothing: restarts and the watchdog have no equivalent, and the
/// service is confined by its account alone.
///
/// # Errors
/// For a user service: the script would start it as root.
pub fn script(service: &Definition) -> Result<String, Unsupported> {
    refuse_user_service(service)?;
    let user = shell(service.account.user());
    let credentials = credentials_directory(service);
    let mut prepare: Vec<String> = directories(service)
        .map(|(path, mode)| {
            let (path, group) = (shell(path), group(&service.account));
            format!("[ -d {path} ] || install -d -m {mode:04o} -o {user} -g {group} {path} || return 1")
        })
        .collect();
    let mut cleanup = vec!["rm -f \"$PIDFILE\" \"$PIDFILE.started\"".to_owned()];
    if !service.credentials.is_empty() {
        prepare
            .extend(copy_credentials(service, &credentials).into_iter().map(|c| format!("{c} || return 1")));
        cleanup.push(format!("rm -rf {}", shell(&credentials)));
    }
    let (settle, await_ready) = match service.ready {
        Ready::Notify => ("", format!("--notify-await --notify-timeout {READY_TIMEOUT} ")),
        // Long enough to see a program that ends at once because of its configuration.
        Ready::Started => ("    sleep 1\n", String::new()),
    };
    let arguments: String =
        service.arguments.iter().map(|argument| format!(" {}", shell(argument))).collect();
    Ok(format!(
        r#"#!/bin/sh
{header}
PATH=/usr/sbin:/usr/bin:/sbin:/bin
DESC={title}
NAME={name}
DAEMON={program}
PIDFILE={pid_file}

[ -x "$DAEMON" ] || exit 0

. /lib/lsb/init-functions

{read_environment}
prepare() {{
{prepare}}}

# When the process of the pid file started; empty without one.
started() {{
    sed 's/.*) //' "/proc/$(cat "$PIDFILE")/stat" 2>/dev/null | cut -d' ' -f20
}}

# The number of a process that has ended is used again, by another process of the same account perhaps.
stale() {{
    [ -e "$PIDFILE" ] && [ -e "$PIDFILE.started" ] && [ "$(cat "$PIDFILE.started")" != "$(started)" ]
}}

running() {{
    ! stale && start-stop-daemon --status --pidfile "$PIDFILE" --user {user}
}}

# In a subshell and by its full path, because the environment file may set any name, PATH too.
launch() (
{environment}    exec /sbin/start-stop-daemon --start --quiet --background --make-pidfile --pidfile {pid_file} \
        --user {user} --chuid {owner} --chdir / --umask {UMASK:03o} {await_ready}\
        --startas /bin/sh -- -c 'exec "$@" >>"$0" 2>&1' {log} {program}{arguments}
)

do_start() {{
    log_daemon_msg "Starting $DESC" "$NAME"
    if running; then
        log_progress_msg "(already running)"
        log_end_msg 0
        return 0
    fi
    rm -f "$PIDFILE" "$PIDFILE.started"
    prepare && launch
    status=$?
{settle}    [ "$status" -ne 0 ] || running || status=1
    [ "$status" -ne 0 ] || started >"$PIDFILE.started"
    log_end_msg "$status"
    return "$status"
}}

do_stop() {{
    log_daemon_msg "Stopping $DESC" "$NAME"
    status=0
    if ! stale; then
        start-stop-daemon --stop --quiet --oknodo --retry TERM/{stop}/KILL/5 --pidfile "$PIDFILE" --user {user}
        status=$?
    fi
    if [ "$status" -eq 0 ]; then
{cleanup}    fi
    log_end_msg "$status"
    return "$status"
}}

case "$1" in
    start) do_start ;;
    stop) do_stop ;;
    restart | force-reload) do_stop && do_start ;;
    try-restart)
        if running; then
            do_stop && do_start
        fi
        ;;
    status)
        if stale; then
            log_failure_msg "$NAME is not running, and $PIDFILE is left of it"
            exit 1
        fi
        status_of_proc -p "$PIDFILE" "$DAEMON" "$NAME"
        ;;
    *)
        echo "Usage: $0 {{start|stop|restart|force-reload|try-restart|status}}" >&2
        exit 3
        ;;
esac
"#,
        header = header(service),
        read_environment = read_environment(&[]),
        title = shell(&plain(&service.full_title())),
        name = service.id(),
        pid_file = shell(&pid_file(service)),
        program = shell(&service.program),
        prepare = indent(&prepare, 1),
        owner = shell(&owner(&service.account)),
        environment = indent(&export_environment(service), 1),
        log = shell(&log_file(service)),
        stop = service.stop_timeout,
        cleanup = indent(&cleanup, 2),
    ))
}

/// The comment that `insserv` and `update-rc.d` read (LSB Core 5.0 §22.3).
fn header(service: &Definition) -> String {
    let base = "$remote_fs $syslog";
    let (start, levels) = match service.start {
        Start::Boot => (base.to_owned(), "2 3 4 5"),
        Start::Delayed => (format!("{base} $all"), "2 3 4 5"),
        Start::Manual => (base.to_owned(), ""),
    };
    let (id, title) = (service.id(), plain(&service.full_title()));
    let mut lines = vec![
        ("Provides", id.as_str()),
        ("Required-Start", start.as_str()),
        ("Required-Stop", base),
        ("Default-Start", levels),
        ("Default-Stop", "0 1 6"),
        ("Short-Description", &title),
        ("Description", &title),
    ];
    if service.network != Network::None {
        lines.insert(3, ("Should-Start", "$network $named $time"));
        lines.insert(4, ("Should-Stop", "$network"));
    }
    let lines: String = lines
        .iter()
        .map(|(key, value)| format!("# {:<18} {value}", format!("{key}:")).trim_end().to_owned() + "\n")
        .collect();
    format!("### BEGIN INIT INFO\n{lines}### END INIT INFO\n")
}
