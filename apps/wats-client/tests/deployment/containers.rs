//! The blocks marked `sh podman`, in their order, with the image of the page.

use crate::page::Page;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

/// Runs the commands of the page in a network of their own, with a server of the demonstration in it. What a test is
/// not allowed to set (limits, groups of processes) is left as it is; nothing is kept after it.
const FRAME: &str = r#"
umount -R /sys/fs/cgroup 2>/dev/null || umount -l /sys/fs/cgroup
mount -t cgroup2 cgroup2 /sys/fs/cgroup
ip link set lo up
folder=$PWD
podman() {
    if [ "$1" = run ]; then
        shift
        set -- run --cgroups=disabled --network=host --log-driver=k8s-file --ulimit=nofile=4096:4096 \
            --ulimit=nproc=4096:4096 "$@"
    fi
    command podman --storage-driver=vfs --root "$folder/storage" --runroot "$folder/run" --tmpdir "$folder/tmp" \
        --cgroup-manager=cgroupfs --events-backend=file --runtime=crun "$@"
}
./server demo --server-only --listen 127.0.0.1:9000 >server.log 2>&1 &
server=$!
end() {
    podman rm --all --force >/dev/null 2>&1 || true
    umount "$folder/storage/overlay" 2>/dev/null || true
    kill $server
}
trap end EXIT
curl --retry 20 --retry-connrefused --retry-delay 1 -fs http://127.0.0.1:9000/api/health >/dev/null
"#;

/// Asks until the server has been reached with address and token.
const CONNECTED: &str = r#"
for _ in $(seq 100); do
    curl -fs http://127.0.0.1:8080/health/details | grep -q '"state":"connected"' && break
    sleep 0.1
done
curl -fs http://127.0.0.1:8080/health/details | grep '"state":"connected"'
"#;

fn skipped(needs: &str) {
    let _ = writeln!(std::io::stderr(), "SKIPPED: needs {needs}");
}

/// The static program, as scripts/cross leaves it.
fn static_program() -> Option<PathBuf> {
    let target = Path::new(env!("CARGO_BIN_EXE_wats-client")).parent()?.parent()?;
    let triple = format!("{}-unknown-linux-musl", std::env::consts::ARCH);
    let profiles = ["quick", "release"].map(|profile| target.join(&triple).join(profile).join("wats-client"));
    profiles.into_iter().find(|program| program.exists())
}

#[test]
fn the_page_for_containers_is_true_of_podman() {
    for (program, package) in [("podman", "podman"), ("crun", "crun"), ("curl", "curl"), ("ip", "iproute2")] {
        if Command::new(program).arg("--help").stdout(Stdio::null()).stderr(Stdio::null()).status().is_err() {
            return skipped(&format!("{program} (apt-get install {package})"));
        }
    }
    let isolated = ["--mount", "--net", "--propagation", "private"];
    if !Command::new("unshare").args(isolated).arg("true").stderr(Stdio::null()).status().unwrap().success() {
        return skipped("root");
    }
    let Some(program) = static_program() else {
        return skipped("scripts/cross build --profile quick x86_64-unknown-linux-musl");
    };
    let page = Page::named("containers.md");
    let blocks = page.blocks();
    let image = blocks.iter().find(|block| block.kind == "dockerfile").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let put = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
    put("Containerfile", &image.text);
    put("token.txt", "dG9rZW46dG9rZW4=");
    fs::copy(&program, folder.path().join("wats-client")).unwrap();
    fs::copy(env!("CARGO_BIN_EXE_wats-client"), folder.path().join("server")).unwrap();
    let mut script = FRAME.to_owned();
    let commands: Vec<&str> =
        blocks.iter().filter(|block| block.kind == "sh podman").map(|block| block.text.as_str()).collect();
    assert_eq!(commands.len(), 4, "a block has lost its mark");
    for text in commands {
        script.push_str(&text.replace("https://example.wats.com", "http://127.0.0.1:9000"));
        if text.contains("health/details") {
            script.push_str(CONNECTED);
        }
        if text.contains("podman stop") {
            script.push_str("echo all is gone: $(podman ps --all --quiet) $(podman volume ls --quiet)\n");
        } else if text.contains("podman run") {
            script.push_str("podman inspect wats-client --format 'runs: {{.State.Running}}'\n");
        }
    }
    // One by force would be 137.
    script = script.replace(
        "podman rm wats-client\n",
        "podman inspect wats-client --format 'ended with {{.State.ExitCode}}'\npodman rm wats-client\n",
    );
    let output = Command::new("unshare")
        .args(isolated)
        .args(["bash", "-ec", &script])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    let all = format!("{text}{}", String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{all}");
    // The log is one JSON object a line.
    for part in ["runs: true", "\"state\":\"connected\"", ",\"level\":\"", "ended with 0", "all is gone:\n"] {
        assert!(all.contains(part), "{part}: {all}");
    }
}
