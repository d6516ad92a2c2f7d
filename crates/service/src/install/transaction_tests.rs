#![cfg(unix)]

use super::super::step::Text;
use super::*;
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

/// Everything below a folder: path, and mode with content.
fn tree(root: &Path) -> BTreeMap<String, String> {
    fn walk(folder: &Path, root: &Path, found: &mut BTreeMap<String, String>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            let metadata = path.symlink_metadata().unwrap();
            let name = path.strip_prefix(root).unwrap().display().to_string();
            let mode = metadata.permissions().mode() & 0o7777;
            let text = match metadata.is_symlink() {
                true => fs::read_link(&path).unwrap().display().to_string(),
                false => fs::read_to_string(&path).unwrap_or_default(),
            };
            found.insert(name, format!("{mode:o} {text}"));
            if metadata.is_dir() {
                walk(&path, root, found);
            }
        }
    }
    let mut found = BTreeMap::new();
    walk(root, root, &mut found);
    found
}

fn access(mode: u32) -> Access {
    Access { mode, owner: None, group: None }
}

/// Steps of every kind that changes files; some meet what is there already.
fn steps() -> Vec<Step> {
    vec![
        Step::Folder { path: "/etc/demo".into(), access: access(0o755) },
        Step::Folder { path: "/var/lib/demo/deep/watch".into(), access: access(0o2770) },
        Step::write("/etc/demo/environment", Text::open("NEW=1\n"), access(0o640)),
        Step::write("/etc/demo/token", Text::secret("hush"), access(0o600)),
        Step::Link { path: "/etc/wants".into(), target: "/etc/new".into() },
        Step::Link { path: "/etc/fresh".into(), target: "/etc/new".into() },
        Step::Remove { path: "/etc/old".into() },
        Step::Remove { path: "/etc/missing".into() },
        Step::RemoveEmpty { path: "/etc/empty".into() },
        Step::Run(Command::new(&["true"])),
    ]
}

fn machine() -> (tempfile::TempDir, Host) {
    let root = tempfile::tempdir().unwrap();
    for folder in ["etc/demo", "etc/empty", "var/lib"] {
        fs::create_dir_all(root.path().join(folder)).unwrap();
    }
    fs::set_permissions(root.path().join("etc/demo"), fs::Permissions::from_mode(0o700)).unwrap();
    fs::write(root.path().join("etc/demo/environment"), "OLD=1\n").unwrap();
    fs::write(root.path().join("etc/old"), "old").unwrap();
    std::os::unix::fs::symlink("/etc/before", root.path().join("etc/wants")).unwrap();
    let host = Host::below(root.path().to_owned());
    (root, host)
}

#[test]
fn all_steps_are_taken() {
    let (root, host) = machine();
    run(&host, &steps(), &mut Log::default()).unwrap();
    let now = tree(root.path());
    assert_eq!(now["etc/demo/environment"], "640 NEW=1\n");
    assert_eq!(now["etc/demo/token"], "600 hush");
    assert!(now["etc/demo"].starts_with("755"));
    assert!(now["var/lib/demo/deep/watch"].starts_with("2770"));
    assert!(now["etc/wants"].ends_with("/etc/new"));
    assert!(!now.contains_key("etc/old") && !now.contains_key("etc/empty"));
    assert!(now.keys().all(|name| !name.ends_with(".new")), "{now:?}");
}

#[test]
fn whichever_step_fails_everything_is_as_it_was() {
    let steps = steps();
    for failing in 0..steps.len() {
        let (root, host) = machine();
        let before = tree(root.path());
        let mut number = 0;
        let failure = run_with(&host, &steps, &mut Log::default(), &mut |host, step, log, done| {
            number += 1;
            if number > failing {
                return Err(Failure::new(Exit::StartFailed, "it does not start"));
            }
            apply(host, step, log, done)
        })
        .unwrap_err();
        assert_eq!(failure.exit, Exit::StartFailed);
        let note =
            if failing == 0 { "Nothing was changed." } else { "Everything that was done before was undone." };
        assert_eq!(failure.message, format!("it does not start\n{note}"));
        assert_eq!(tree(root.path()), before, "step {failing} failed");
    }
}

#[test]
fn what_cannot_be_undone_is_told() {
    let (root, host) = machine();
    let blocking = [
        Step::Folder { path: "/var/lib/demo".into(), access: access(0o755) },
        // A file where a folder should be: the step fails.
        Step::Folder { path: "/etc/old/below".into(), access: access(0o755) },
    ];
    let failure = run_with(&host, &blocking, &mut Log::default(), &mut |host, step, log, done| {
        let result = apply(host, step, log, done);
        // Somebody else is quick to use the new folder.
        fs::write(root.path().join("var/lib/demo/note"), "mine").unwrap();
        result
    })
    .unwrap_err();
    assert!(failure.message.contains("etc/old"), "{failure}");
    assert!(failure.message.contains("was undone, except for:\n"), "{failure}");
    assert!(failure.message.contains("var/lib/demo cannot be removed"), "{failure}");
}

#[test]
fn a_link_in_place_of_a_folder_is_refused() {
    let (root, host) = machine();
    fs::create_dir(root.path().join("elsewhere")).unwrap();
    std::os::unix::fs::symlink(root.path().join("elsewhere"), root.path().join("var/lib/demo")).unwrap();
    let step = [Step::Folder { path: "/var/lib/demo".into(), access: access(0o777) }];
    assert!(run(&host, &step, &mut Log::default()).is_err());
    let mode = root.path().join("elsewhere").metadata().unwrap().permissions().mode();
    assert_ne!(mode & 0o777, 0o777);
}

#[test]
fn a_file_is_replaced_not_written_through_a_link() {
    let (root, host) = machine();
    fs::write(root.path().join("etc/victim"), "precious").unwrap();
    std::os::unix::fs::symlink(root.path().join("etc/victim"), root.path().join("etc/demo/token")).unwrap();
    let step = [Step::write("/etc/demo/token", Text::secret("hush"), access(0o600))];
    run(&host, &step, &mut Log::default()).unwrap();
    let now = tree(root.path());
    assert!(now["etc/victim"].ends_with("precious"));
    assert_eq!(now["etc/demo/token"], "600 hush");
}

#[test]
fn a_secret_is_never_shown() {
    let step = Step::write("/etc/demo/token", Text::secret("hush"), access(0o600));
    assert_eq!(step.to_string(), "write /etc/demo/token (0600): a secret, not shown");
    assert!(!format!("{step:?}").contains("hush"));
    assert!(!serde_json::to_string(&step).unwrap().contains("hush"));
}
