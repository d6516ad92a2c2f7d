//! Process 1 of a container.

use crate::support::{LIMIT, Running, example, skipped, wait_for};
use std::fs;
use std::io::{BufRead, BufReader};
use std::process::{Command, Stdio};
use std::time::Duration;

/// Runs the example as process 1 of a new set of processes. `None`, said aloud, where that is not possible.
fn start() -> Option<Running> {
    let possible =
        Command::new("unshare").args(["--mount", "--pid", "--fork", "true"]).stderr(Stdio::null()).status();
    if !possible.is_ok_and(|status| status.success()) {
        skipped("root and unshare (apt-get install util-linux)");
        return None;
    }
    let mut command = Command::new("unshare");
    command.args(["--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]).arg(example("everything"));
    command.env_clear().env("PATH", "/usr/bin:/bin").stdout(Stdio::piped()).stdin(Stdio::null());
    Some(Running(command.spawn().unwrap()))
}

/// The only child of a process.
fn child(of: u32) -> Option<u32> {
    let text = std::fs::read_to_string(format!("/proc/{of}/task/{of}/children")).ok()?;
    text.split_whitespace().next()?.parse().ok()
}

/// Names and states of all processes in there.
fn processes(init: u32) -> String {
    let target = init.to_string();
    let output = Command::new("nsenter")
        .args(["--target", &target, "--pid", "--mount", "ps", "-e", "-o", "pid=,ppid=,stat=,comm="])
        .output()
        .unwrap();
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn process_1_collects_and_passes_signals_on() {
    let Some(mut service) = start() else { return };
    let mut lines = BufReader::new(service.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "host: container");
    let init = child(service.0.id()).unwrap();
    let target = init.to_string();

    // Sixteen processes whose parents are gone.
    let script = "i=0; while [ $i -lt 16 ]; do (sleep 0.2 &) ; i=$((i+1)); done";
    let status = Command::new("nsenter")
        .args(["--target", &target, "--pid", "--mount", "sh", "-c", script])
        .status()
        .unwrap();
    assert!(status.success());
    let orphans =
        |text: &str| text.lines().filter(|line| line.split_whitespace().nth(1) == Some("1")).count();
    wait_for("the orphans to be there", || orphans(&processes(init)) > 1);
    wait_for("the orphans to be gone", || {
        let text = processes(init);
        // The service itself stays.
        !text.contains("<defunct>") && !text.contains("sleep") && orphans(&text) == 1
    });

    let pid = rustix::process::Pid::from_raw(init.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::TERM).unwrap();
    assert_eq!(lines.next().unwrap().unwrap(), "stopping: Some(Requested)");
    let (status, took) = service.wait();
    assert_eq!(status.code(), Some(0));
    assert!(took < Duration::from_secs(1), "{took:?}");
}

#[test]
fn the_exit_code_is_the_services() {
    let Some(mut service) = start() else { return };
    let mut lines = BufReader::new(service.0.stdout.take().unwrap()).lines();
    assert_eq!(lines.next().unwrap().unwrap(), "host: container");
    let init = child(service.0.id()).unwrap();
    let own = child(init).unwrap();
    let pid = rustix::process::Pid::from_raw(own.try_into().unwrap()).unwrap();
    rustix::process::kill_process(pid, rustix::process::Signal::KILL).unwrap();
    let (status, took) = service.wait();
    assert_eq!(status.code(), Some(137));
    assert!(took < LIMIT);
}

/// As podman runs containers here: its own cgroups (version 2, whatever this machine uses), no network, nothing to
/// write to, no capabilities.
const PODMAN: &str = r#"umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
podman() {
    command podman --storage-driver=vfs --root "$0/storage" --runroot "$0/run" --tmpdir "$0/tmp" \
        --cgroup-manager=cgroupfs --events-backend=file --runtime=crun "$@"
}
podman run --detach --name=it --cgroups=disabled --network=none --read-only --cap-drop=all --log-driver=k8s-file \
    --ulimit=nofile=4096:4096 --ulimit=nproc=4096:4096 --rootfs "$0/root" /everything >/dev/null
for _ in $(seq 100); do podman logs it | grep -q host: && break; sleep 0.1; done
podman exec it /busybox sh -c '/busybox sleep 0.3 &'
sleep 1
podman exec it /busybox ps | grep -c 'sleep' || true
start=$(date +%s)
podman stop --time=30 it >/dev/null
# Killed it would be only after 30 s.
[ $(( $(date +%s) - start )) -lt 10 ] && echo "stopped, code $(podman inspect it --format '{{.State.ExitCode}}')"
podman logs it
podman rm --force it >/dev/null
umount "$0/storage/overlay" 2>/dev/null || true"#;

#[test]
fn podman_stops_it_quickly() {
    for (program, package) in [("podman", "podman crun"), ("crun", "crun"), ("busybox", "busybox-static")] {
        if Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return skipped(&format!("{program} (apt-get install {package})"));
        }
    }
    if !rustix::process::geteuid().is_root() {
        return skipped("root");
    }
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("root");
    fs::create_dir(&root).unwrap();
    fs::copy(example("everything"), root.join("everything")).unwrap();
    let shell = "cp -L $(command -v busybox) $0/busybox; mkdir $0/proc $0/dev $0/sys $0/run $0/tmp $0/etc
        for file in $(ldd $0/everything | grep -o '/[^ ]*'); do mkdir -p $0${file%/*}; cp -L $file $0$file; done";
    let made = Command::new("sh").args(["-ec", shell]).arg(&root).status().unwrap();
    assert!(made.success());
    let output = Command::new("unshare")
        .args(["--mount", "--propagation", "private", "bash", "-ec", PODMAN])
        .arg(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert_eq!(
        text,
        "0\nstopped, code 0\nhost: container\nstopping: Some(Requested)\n",
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
}
