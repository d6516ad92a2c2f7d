//! Under a booted systemd of Debian.

use crate::machine::Machine;
use landfall_verify::lab::{Booted, Root, available};

const INSTALL: &str =
    "install-service --silent --server-url http://127.0.0.1:9000 --api-token-file /root/token";

fn machine(suite: &str) -> Option<Machine<Booted>> {
    available(Booted::boot(&Root::bootable(suite))).map(Machine::new)
}

fn state(machine: &Machine<Booted>, unit: &str) -> String {
    let show = "systemctl show --value --property=ActiveState,UnitFileState";
    machine.sh(&format!("{show} {unit} | tr '\\n' ' '")).trim().to_owned()
}

fn pid(machine: &Machine<Booted>, unit: &str) -> String {
    machine.sh(&format!("systemctl show --value --property=MainPID {unit}"))
}

fn a_service_comes_and_goes(suite: &str) {
    let Some(machine) = machine(suite) else { return };
    machine.start_server();
    let empty = machine.snapshot();

    // Looking changes nothing.
    let plan = machine.ends(0, &format!("{INSTALL} --dry-run"));
    assert!(plan.contains("run systemctl start wats-client.service") && !plan.contains("dG9rZW4"), "{plan}");
    let table = machine.ends(0, &INSTALL.replace("install-service --silent", "preflight"));
    assert!(table.contains("takes the token"), "{table}");
    assert_eq!(machine.since(&empty), "");

    let answer = machine.json(0, INSTALL);
    assert_eq!(answer["outcome"], "installed");
    assert_eq!(answer["manager"], "systemd");
    assert_eq!(answer["settings"]["api-token"]["value"], "(secret)");
    assert_eq!(state(&machine, "wats-client"), "active enabled");
    machine.connected(8080);
    assert_eq!(machine.read("/etc/wats-client/credentials/api-token").as_deref(), Some("dG9rZW46dG9rZW4="));
    let modes = "stat -c '%a %U' /etc/wats-client/credentials /etc/wats-client/credentials/api-token \
                 /var/lib/wats-client /var/lib/wats-client/watch | tr '\\n' ' '";
    assert_eq!(machine.sh(modes), "700 root 600 root 750 wats-client 2770 wats-client ");
    assert_eq!(
        machine.sh("stat -c %U /proc/$(systemctl show --value --property=MainPID wats-client)"),
        "wats-client"
    );

    // A second time it is an upgrade: settings, state and edited files stay, and it runs again.
    machine.sh("echo '# mine' >>/etc/wats-client/config.toml; echo kept >/var/lib/wats-client/note");
    let before = pid(&machine, "wats-client");
    let answer = machine.json(0, "install-service --silent --station-name LINE-1");
    assert_eq!(answer["outcome"], "upgraded");
    assert_ne!(pid(&machine, "wats-client"), before);
    assert_eq!(
        machine.read("/etc/wats-client/environment").as_deref(),
        Some("WATS_CLIENT_SERVER_URL=http://127.0.0.1:9000\nWATS_CLIENT_STATION_NAME=LINE-1\n")
    );
    assert!(machine.read("/etc/wats-client/config.toml").unwrap().ends_with("# mine\n"));
    assert_eq!(machine.read("/var/lib/wats-client/note").as_deref(), Some("kept\n"));
    machine.ends(4, "install-service --silent --no-upgrade");

    // What was stopped or disabled stays so; --start and --no-start decide otherwise.
    machine.sh("systemctl stop wats-client; systemctl disable wats-client");
    machine.ends(0, "install-service --silent");
    assert_eq!(state(&machine, "wats-client"), "inactive disabled");
    machine.ends(0, "install-service --silent --start");
    assert_eq!(state(&machine, "wats-client"), "active disabled");
    machine.ends(0, "install-service --silent --no-start");
    assert_eq!(state(&machine, "wats-client"), "inactive disabled");

    machine.ends(0, "uninstall-service --silent");
    machine.ends(11, "uninstall-service --silent");
    assert!(!machine.holds("systemctl cat wats-client"));
    assert_eq!(machine.read("/var/lib/wats-client/note").as_deref(), Some("kept\n"));
    // It can come back to what was left, and knows its settings.
    machine.ends(0, "install-service --silent");
    assert_eq!(state(&machine, "wats-client"), "active enabled");
    machine.ends(0, "uninstall-service --silent --purge");
    machine.nothing_but_accounts(&empty);
}

#[test]
fn a_service_comes_and_goes_on_debian_12() {
    a_service_comes_and_goes("bookworm");
}

#[test]
fn a_service_comes_and_goes_on_debian_13() {
    a_service_comes_and_goes("trixie");
}

#[test]
fn instances_run_side_by_side() {
    let Some(machine) = machine("bookworm") else { return };
    machine.start_server();
    let empty = machine.snapshot();
    machine.ends(0, INSTALL);
    let second = "--instance line2 --health-listen 127.0.0.1:8082 --watch-folder /srv/line2";
    machine.ends(0, &format!("{INSTALL} {second}"));
    machine.connected(8080);
    machine.connected(8082);
    assert_eq!(state(&machine, "wats-client@line2"), "active enabled");
    // The further folder is open to the service, and to this instance alone.
    let watched = |port: u16| machine.sh(&format!("curl -fs http://127.0.0.1:{port}/health/details"));
    assert!(watched(8082).contains("\"path\":\"/srv/line2\",\"problem\":null"), "{}", watched(8082));
    assert!(watched(8080).contains("\"path\":\"/var/lib/wats-client/watch\""), "{}", watched(8080));
    assert!(
        machine
            .holds("test -d /var/lib/wats-client@line2/queue && test -f /etc/wats-client@line2/config.toml")
    );

    machine.ends(0, "uninstall-service --silent --instance line2 --purge");
    assert_eq!(state(&machine, "wats-client"), "active enabled");
    assert!(!machine.holds("ls -d /etc/wats-client@line2 /var/lib/wats-client@line2"));
    machine.ends(0, "uninstall-service --silent --purge");
    // A folder that somebody else named is not the service's to delete.
    machine.sh("rmdir /srv/line2");
    machine.nothing_but_accounts(&empty);
}

#[test]
fn a_user_has_a_service_of_their_own() {
    let root = Root::bootable("bookworm").with(&["libpam-systemd"]);
    let Some(machine) = available(Booted::boot(&root)).map(Machine::new) else { return };
    machine.start_server();
    machine.sh("useradd --create-home anna; loginctl enable-linger anna; install -o anna -m 0600 /root/token /home/anna");
    machine.wait("test -S /run/user/$(id -u anna)/bus || test -S /run/user/$(id -u anna)/systemd/private");
    let anna = |code: i32, words: &str| {
        let script = format!(
            "setpriv --reuid=anna --regid=anna --init-groups env HOME=/home/anna XDG_RUNTIME_DIR=/run/user/$(id -u anna) \
             sh -c '{words}'"
        );
        let outcome = landfall_verify::lab::Laboratory::script(&machine.0, &script).unwrap();
        assert_eq!(outcome.code, Some(code), "{outcome}");
        outcome.text()
    };
    let program = crate::machine::PROGRAM;
    let text = anna(2, &format!("{program} install-service --silent --server-url http://127.0.0.1:9000"));
    assert!(text.contains("--user"), "{text}");
    anna(
        0,
        &format!(
            "{program} install-service --silent --user --server-url http://127.0.0.1:9000 --api-token-file /home/anna/token"
        ),
    );
    machine.connected(8080);
    assert_eq!(anna(0, "systemctl --user is-active wats-client").trim(), "active");
    assert_eq!(
        machine.sh("stat -c \"%a %U\" /home/anna/.config/wats-client/credentials/api-token"),
        "600 anna"
    );
    assert!(machine.holds("test -d /home/anna/.local/state/wats-client/queue"));
    anna(0, &format!("{program} uninstall-service --silent --user --purge"));
    assert_eq!(machine.sh("find /home/anna -name \"*wats*\""), "");
}

/// Answers every request with 401.
const REFUSING_SERVER: &str = r#"
setsid perl -MIO::Socket::INET -e '
    my $listener = IO::Socket::INET->new(LocalAddr => "127.0.0.1:9001", Listen => 5, ReuseAddr => 1) or die $!;
    while (my $client = $listener->accept) {
        while (my $line = <$client>) { last if $line eq "\r\n" }
        print $client "HTTP/1.1 401 Unauthorized\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
        close $client;
    }' >/dev/null 2>&1 </dev/null &
sleep 0.5
"#;

#[test]
fn what_fails_is_undone_and_has_a_code() {
    let Some(machine) = machine("bookworm") else { return };
    let empty = machine.snapshot();
    machine.ends(64, "install-service --sielnt");
    machine.ends(64, "install-service --silent --skip-preflight=weather --server-url http://127.0.0.1:9000");
    let text = machine.ends(3, "install-service --silent");
    assert!(text.contains("give --server-url") && text.contains("--allow-unconfigured"), "{text}");
    machine.ends(3, "install-service --silent --server-url company");
    let text = machine.ends(15, INSTALL);
    assert!(text.contains("Connection refused") && text.contains("--skip-preflight=server"), "{text}");
    machine.sh(REFUSING_SERVER);
    let text = machine.ends(16, &INSTALL.replace(":9000", ":9001"));
    assert!(text.contains("refuses the token"), "{text}");
    machine.start_server();
    machine.ends(11, "uninstall-service --silent");
    machine.sh("echo 'server-url = http://127.0.0.1:9000' >/root/answers; echo 'stat = no' >>/root/answers");
    let text = machine.ends(3, "install-service --silent --answers /root/answers");
    assert!(text.contains("/root/answers:2: there is no answer \"stat\""), "{text}");
    machine.sh("rm /root/answers");
    machine.same_but_logs(&empty);

    // A service that does not start: nothing stays, and the message says why.
    machine.sh("mkdir /etc/wats-client; echo nonsense >/etc/wats-client/config.toml");
    let before = machine.snapshot();
    let text = machine.ends(12, INSTALL);
    assert!(
        text.contains("config.toml:1:") && text.contains("Everything that was done before was undone"),
        "{text}"
    );
    machine.nothing_but_accounts(&before);
    assert!(!machine.holds("systemctl cat wats-client"));

    // An upgrade that fails leaves the service as it was: running.
    machine.sh("rm -r /etc/wats-client");
    machine.ends(0, INSTALL);
    let unit = machine.read("/etc/systemd/system/wats-client.service");
    let text = machine.ends(
        12,
        "install-service --silent --health-listen 127.0.0.1:8083 --watch-folder /var/lib/wats-client/queue",
    );
    assert!(text.contains("undone"), "{text}");
    assert_eq!(state(&machine, "wats-client"), "active enabled");
    assert_eq!(machine.read("/etc/systemd/system/wats-client.service"), unit);
    assert!(!machine.read("/etc/wats-client/environment").unwrap().contains("8083"));
    machine.connected(8080);
}

#[test]
fn what_others_brought_is_left_alone() {
    let Some(machine) = machine("bookworm") else { return };
    machine.start_server();
    machine.sh("printf '[Service]\\nExecStart=/bin/sleep 1d\\n' >/etc/systemd/system/wats-client.service");
    let text = machine.ends(4, INSTALL);
    assert!(
        text.contains("/etc/systemd/system/wats-client.service") && text.contains("--instance"),
        "{text}"
    );
    machine.ends(1, "uninstall-service --silent --purge");
    machine.sh("mv /etc/systemd/system/wats-client.service /usr/lib/systemd/system");
    machine.sh("echo /lib/systemd/system/wats-client.service >>/var/lib/dpkg/info/hostname.list");
    let text = machine.ends(4, "install-service --silent");
    assert!(text.contains("the package hostname") && text.contains("/etc/wats-client/environment"), "{text}");
    machine.ends(4, &format!("{INSTALL} --account reports"));
    let text = machine.ends(1, "uninstall-service --silent");
    assert!(text.contains("hostname"), "{text}");
    machine.ends(0, &format!("{INSTALL} --instance own"));
    assert_eq!(state(&machine, "wats-client@own"), "active enabled");

    // What a package brought gets settings, and nothing else.
    let unit = "/usr/lib/systemd/system/wats-client.service";
    let before = machine.read(unit);
    machine.sh(
        "systemctl daemon-reload; systemctl start wats-client; useradd --system wats-client 2>/dev/null || :",
    );
    let process = pid(&machine, "wats-client");
    let settings =
        "install-service --silent --station-name LINE-1 --watch-folder /srv/reports --skip-preflight";
    let plan = machine.ends(0, &format!("{settings} --dry-run"));
    assert!(plan.contains("ReadWritePaths=-/srv/reports") && !plan.contains("config.toml"), "{plan}");
    let answer = machine.json(0, settings);
    assert_eq!((&answer["outcome"], &answer["runs"]), (&"configured".into(), &true.into()), "{answer:#}");
    let environment = machine.read("/etc/wats-client/environment").unwrap();
    assert!(environment.contains("WATS_CLIENT_STATION_NAME=LINE-1\n"), "{environment}");
    assert_eq!(machine.read(unit), before);
    assert_ne!(pid(&machine, "wats-client"), process);
    let writable = "systemctl show --value --property=ReadWritePaths wats-client";
    assert_eq!(machine.sh(writable).trim(), "-/srv/reports");
    machine.sh("systemctl stop wats-client");
    assert_eq!(
        machine.json(0, "install-service --silent --station-name LINE-2 --skip-preflight")["runs"],
        false
    );
    assert!(!machine.holds("systemctl is-active wats-client"));
}

#[test]
fn two_at_once_wait_for_each_other() {
    let Some(machine) = machine("bookworm") else { return };
    machine.start_server();
    let program = crate::machine::PROGRAM;
    let run =
        |file: &str| format!("{program} {INSTALL} --json >/root/{file} 2>&1; echo $? >>/root/{file}.code");
    machine.sh(&format!("({}) & ({}) & wait", run("one"), run("two")));
    let answer = |file: &str| machine.read(&format!("/root/{file}")).unwrap();
    let outcomes: Vec<bool> = ["one", "two"].map(|file| answer(file).contains("\"installed\"")).to_vec();
    assert_eq!(
        outcomes.iter().filter(|installed| **installed).count(),
        1,
        "{}{}",
        answer("one"),
        answer("two")
    );
    assert_eq!(["one.code", "two.code"].map(answer), ["0\n", "0\n"]);
    assert_eq!(state(&machine, "wats-client"), "active enabled");
}

#[test]
fn answers_come_from_flags_then_environment_then_file() {
    let Some(machine) = machine("bookworm") else { return };
    machine.start_server();
    machine.sh("printf 'server-url = http://file\\nstation-name = FILE\\nstart = no\\napi-token-file = /root/token\\n' >/root/answers");
    let run = "env WATS_CLIENT_STATION_NAME=ENVIRONMENT WATS_CLIENT_SERVER_URL=http://environment \
               WATS_CLIENT_INSTALL_ANSWERS=/root/answers /usr/local/bin/wats-client install-service --silent --json \
               --server-url http://127.0.0.1:9000";
    let answer: serde_json::Value = serde_json::from_str(&machine.sh(run)).unwrap();
    let settings = &answer["settings"];
    assert_eq!(settings["server-url"]["value"], "http://127.0.0.1:9000");
    assert_eq!(settings["server-url"]["source"], "command line");
    assert_eq!(settings["station-name"]["value"], "ENVIRONMENT");
    assert_eq!(settings["api-token"]["source"], "answer file");
    assert_eq!(settings["watch-folder"]["source"], "default");
    assert_eq!(answer["runs"], false);
    assert_eq!(state(&machine, "wats-client"), "inactive enabled");
}
