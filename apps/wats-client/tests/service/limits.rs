//! Limits of the system that keep news of a folder from the client.

use crate::support::Station;
use std::fs::File;
use std::process::{Command, Stdio};

/// Without news, folders are looked at regularly, and the log says which limit to raise.
#[test]
fn without_news_of_the_system_folders_are_looked_at() {
    let lower = |limit: &str| format!("echo 0 > /proc/sys/user/{limit}");
    let unshare = |script: &str| {
        let mut command = Command::new("/usr/bin/unshare");
        command.args(["--user", "--map-root-user", "/bin/sh", "-ec", script]);
        command
    };
    let possible = unshare(&lower("max_inotify_watches")).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        eprintln!("SKIPPED: needs unshare and user namespaces");
        return;
    }
    for (limit, remedy) in [
        ("max_inotify_watches", "raise fs.inotify.max_user_watches"),
        ("max_inotify_instances", "raise fs.inotify.max_user_instances"),
    ] {
        let station = Station::new();
        let _client = station.start_with(|command| {
            let mut limited = unshare(&format!("{}; exec \"$0\" \"$@\"", lower(limit)));
            limited.arg(command.get_program()).args(command.get_args()).env_clear();
            limited.envs(command.get_envs().filter_map(|(name, value)| Some((name, value?))));
            limited.stderr(File::options().append(true).open(station.path("log")).unwrap());
            *command = limited;
            command
        });
        station.wait("the warning", |station| station.log().contains(remedy));
        station.put("LATER");
        station.wait_for(1);
    }
}
