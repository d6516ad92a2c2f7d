//! A machine with its own kernel: commands, restart, power cut, SELinux.

use std::io::{Read, Write as _};

use landfall_verify::lab::vm::{PACKAGES, SELINUX_PACKAGES, Vm, denials};
use landfall_verify::lab::{LabError, Laboratory, Outcome, Root, Services, available, timed};

/// Enforced; init is in its domain; the commands are those of an administrator.
const CONTEXTS: &str = "1
system_u:system_r:init_t:s0
unconfined_u:unconfined_r:unconfined_t:s0-s0:c0.c1023";

/// A service that notes each of its starts, and is ready only when it has done so.
const UNIT: &str = "[Service]
Type=oneshot
RemainAfterExit=yes
ExecStart=/bin/sh -c 'echo started >>/var/lib/demo/starts'
StateDirectory=demo

[Install]
WantedBy=multi-user.target
";

fn open(selinux: bool) -> Option<Vm> {
    let root = Root::bootable("bookworm").with(PACKAGES);
    let root = if selinux { root.with(SELINUX_PACKAGES) } else { root };
    available(timed("vm: open", || Vm::open(&root, selinux)))
}

/// Output of a script that must succeed.
fn sh(lab: &Vm, text: &str) -> String {
    lab.script(text).and_then(Outcome::ok).unwrap_or_else(|error| panic!("{error}"))
}

#[test]
fn a_virtual_machine_restarts_and_loses_only_what_was_not_synced() {
    let Some(mut vm) = open(false) else { return };
    timed("vm: a command", || sh(&vm, "true"));
    commands(&vm);
    binary_input(&vm);
    snapshots(&vm);
    full_disk(&vm);

    let name = "demo.service";
    vm.write("/etc/systemd/system/demo.service", UNIT).unwrap();
    sh(&vm, "systemctl daemon-reload; systemctl enable --now demo.service 2>/dev/null");
    assert!(Services::Systemd.state(&vm, name).unwrap().active);
    assert_eq!(starts(&vm), 1);

    let first = boot_id(&vm);
    timed("vm: reboot", || vm.reboot()).unwrap();
    let second = boot_id(&vm);
    assert_ne!(first, second);
    assert!(Services::Systemd.state(&vm, name).unwrap().active);
    assert_eq!(starts(&vm), 2);

    // Nobody asserts that the last file is gone: it may have been written in time.
    sh(&vm, "cd /var/lib/demo; echo kept >kept; sync kept .; sync; echo perhaps >perhaps");
    timed("vm: cut power", || vm.cut_power()).unwrap();
    assert_ne!(boot_id(&vm), second);
    assert_eq!(vm.read("/var/lib/demo/kept").unwrap().as_deref(), Some("kept\n"));
    assert_eq!(starts(&vm), 3);
    let perhaps = vm.read("/var/lib/demo/perhaps").unwrap();
    eprintln!("what was not synced: {perhaps:?}");
    timed("vm: close", || drop(vm));
}

fn starts(vm: &Vm) -> usize {
    sh(vm, "cat /var/lib/demo/starts").lines().count()
}

fn boot_id(vm: &Vm) -> String {
    sh(vm, "cat /proc/sys/kernel/random/boot_id")
}

fn commands(vm: &Vm) {
    let outcome = vm.script("echo out; echo err >&2; exit 7").unwrap();
    assert_eq!((outcome.code, &*outcome.stdout, &*outcome.stderr), (Some(7), "out\n", "err\n"));
    // As in every laboratory, a command that a signal ends has no exit code.
    assert_eq!(vm.script("kill -9 $$").unwrap().code, None);
    assert_eq!(vm.run(&["no-such-program"]).unwrap().code, Some(127));
    assert_eq!(vm.run(&["printf", "%s|", "two words", "", "'"]).unwrap().stdout, "two words||'|");
    // A process that a command leaves behind keeps nobody waiting.
    assert_eq!(sh(vm, "sleep 1000 & echo left"), "left");
    assert_eq!(sh(vm, "pwd; id -u; systemctl is-system-running"), "/\n0\nrunning");
    let clock: u64 = sh(vm, "date +%s").parse().unwrap();
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs();
    assert!(now.abs_diff(clock) < 60, "{clock} there, {now} here");
}

/// 8 MiB with every byte, in an order that a lost or doubled piece changes.
fn bytes() -> Vec<u8> {
    let mut state = 1u32;
    let mut next = || {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        (state >> 24) as u8
    };
    (0..8 << 20).map(|_| next()).collect()
}

fn binary_input(vm: &Vm) {
    let bytes = bytes();
    let mut folder = tempfile::NamedTempFile::new().unwrap();
    folder.write_all(&bytes).unwrap();
    timed("vm: 8 MiB there", || vm.pour("/tmp/bytes", &mut bytes.as_slice())).unwrap();
    let here = std::process::Command::new("sha256sum").arg(folder.path()).output().unwrap().stdout;
    assert_eq!(sh(vm, "sha256sum </tmp/bytes")[..64], *String::from_utf8(here).unwrap()[..64].to_owned());
    // Through a command that answers while it still reads: base64 has no byte that is not text.
    let words = ["base64", "--wrap=0"];
    let text =
        timed("vm: 8 MiB there and 11 back", || vm.invoke(&words, Some(&mut bytes.as_slice()))).unwrap();
    let mut pipe = std::process::Command::new("base64");
    let here = pipe.arg("--wrap=0").arg(folder.path()).output().unwrap().stdout;
    assert!(text.stdout.as_bytes() == here, "{} bytes of {}", text.stdout.len(), here.len());

    // Input that nobody reads, and input that cannot be read, leave the connection in order.
    assert_eq!(vm.invoke(&["true"], Some(&mut bytes.as_slice())).unwrap().code, Some(0));
    assert!(matches!(vm.invoke(&["cat"], Some(&mut Unreadable)), Err(LabError::Failed(_))));
    assert_eq!(sh(vm, "echo again"), "again");
    sh(vm, "rm /tmp/bytes");
}

struct Unreadable;

impl Read for Unreadable {
    fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
        Err(std::io::Error::other("unreadable"))
    }
}

fn snapshots(vm: &Vm) {
    let before = timed("vm: snapshot", || vm.snapshot()).unwrap();
    assert_eq!(before.get("/etc/passwd"), Some("file 0644 root:root"));
    assert_eq!(before.get("/bin"), Some("link root:root to usr/bin"));
    sh(
        vm,
        "mkdir /srv/demo; umask 027; echo x >'/srv/demo/a file'; chown nobody:mail '/srv/demo/a file'; \
         chmod u+s '/srv/demo/a file'; ln -s nowhere /srv/demo/link; mkfifo /srv/demo/pipe",
    );
    assert_eq!(
        vm.snapshot().unwrap().since(&before).to_string(),
        "+ /srv/demo directory 0755 root:root\n\
         + /srv/demo/a file file 4640 nobody:mail\n\
         + /srv/demo/link link root:root to nowhere\n\
         + /srv/demo/pipe pipe 0640 root:root\n"
    );
    sh(vm, "rm -r /srv/demo");
    let left = vm.snapshot().unwrap().since(&before);
    assert!(left.is_empty(), "{left}");
}

fn full_disk(vm: &Vm) {
    vm.limit_disk(Some(1 << 20)).unwrap();
    let outcome = vm.script("head -c 3000000 /dev/zero >/srv/zeros").unwrap();
    assert!(outcome.stderr.contains("No space left on device"), "{outcome}");
    vm.limit_disk(None).unwrap();
    sh(vm, "head -c 3000000 /dev/zero >/srv/zeros; rm /srv/zeros");
}

#[test]
fn selinux_refuses_what_its_policy_does_not_allow() {
    let Some(vm) = open(true) else { return };
    assert_eq!(sh(&vm, "cat /sys/fs/selinux/enforce; echo; ps -o label= 1; id -Z"), CONTEXTS);
    // The policy comes with more rules than tests: some of what Debian itself does at the start is refused.
    let before = denials(&vm).unwrap();

    // The domain of a program is for that program.
    let outcome = vm.run(&["runcon", "system_u:system_r:ping_t:s0", "cat", "/etc/hostname"]).unwrap();
    assert!(!outcome.success(), "{outcome}");
    let after = denials(&vm).unwrap();
    let new: Vec<_> = after.iter().filter(|line| !before.contains(line)).collect();
    assert!(
        matches!(&*new, [line] if line.contains("{ transition }") && line.contains(":ping_t:")),
        "{outcome}{new:#?}"
    );
}
