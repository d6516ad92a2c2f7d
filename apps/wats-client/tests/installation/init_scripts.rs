//! Under OpenRC and System V init of Debian, without a running system: their scripts need none.

use crate::machine::Machine;
use landfall_verify::lab::{Chroot, Root, available};

const INSTALL: &str =
    "install-service --silent --server-url http://127.0.0.1:9000 --api-token-file /root/token";

/// What openrc-run expects of a system that has started.
const OPENRC: &str = "
for state in daemons exclusive failed inactive options scheduled started starting stopping tmp wasinactive; do
    mkdir -p /run/openrc/$state
done
for level in sysinit boot default; do openrc $level; done
";

/// The whole life of a service; `status` succeeds while it runs, `link` is there while it starts with the machine.
fn a_service_comes_and_goes(machine: &Machine<Chroot>, manager: &str, status: &str, link: &str) {
    machine.start_server();
    let empty = machine.snapshot();
    machine.ends(0, &format!("{INSTALL} --dry-run"));
    assert_eq!(machine.since(&empty), "");

    let answer = machine.json(0, INSTALL);
    assert_eq!(
        (&answer["outcome"], &answer["manager"]),
        (&"installed".into(), &manager.into()),
        "{answer:#}"
    );
    assert!(machine.holds(status) && machine.holds(link));
    machine.connected(8080);
    assert_eq!(machine.sh("stat -c %U /proc/$(pgrep -f 'local/bin/wats-client run$')"), "wats-client");

    machine.sh("echo kept >/var/lib/wats-client/note");
    let process = || machine.sh("pgrep -f 'local/bin/wats-client run$'");
    let before = process();
    // Nobody else keeps its log from growing for ever.
    machine.sh("truncate -s 10000000 /var/log/wats-client/wats-client.log");
    machine.ends(0, "install-service --silent");
    assert_ne!(process(), before);
    assert!(machine.holds("test -s /var/log/wats-client/wats-client.log.1"));
    assert!(machine.holds(status));
    machine.ends(0, "install-service --silent --no-start");
    assert!(!machine.holds(status));
    machine.ends(0, "install-service --silent");
    assert!(!machine.holds(status), "an upgrade has started what was stopped");

    machine.ends(0, "uninstall-service --silent");
    assert!(!machine.holds(link));
    assert_eq!(machine.read("/var/lib/wats-client/note").as_deref(), Some("kept\n"));
    machine.ends(11, "uninstall-service --silent");
    // One that cannot start leaves nothing behind.
    machine.sh("sed -i '1i nonsense' /etc/wats-client/config.toml");
    let before = machine.snapshot();
    let text = machine.ends(12, "install-service --silent");
    assert!(text.contains("Everything that was done before was undone"), "{text}");
    machine.same_but_logs(&before);
    machine.ends(0, "uninstall-service --silent --purge");
    machine.nothing_but_accounts(&empty);
}

#[test]
fn a_service_comes_and_goes_under_openrc() {
    let root = Root::minimal("bookworm").with(&["openrc", "curl", "procps"]);
    let Some(lab) = available(Chroot::open(&root)) else { return };
    let machine = Machine::new(lab);
    machine.sh(OPENRC);
    let (status, link) = ("rc-service wats-client status", "test -L /etc/runlevels/default/wats-client");
    a_service_comes_and_goes(&machine, "openrc", status, link);
}

#[test]
fn a_service_comes_and_goes_under_system_v_init() {
    let root = Root::minimal("bookworm").with(&["curl", "init-system-helpers", "procps", "sysvinit-utils"]);
    let Some(lab) = available(Chroot::open(&root)) else { return };
    let machine = Machine::new(lab);
    machine.sh("mkdir -p /etc/init.d");
    let (status, link) = ("/etc/init.d/wats-client status", "ls /etc/rc2.d/S*wats-client");
    a_service_comes_and_goes(&machine, "sysv", status, link);
}
