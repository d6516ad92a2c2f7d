//! Which package a file came from. The package managers' databases are read where they are for everybody to read.

use super::host::Host;

/// Name of the package that owns a file, if one does.
pub(super) fn package_of(host: &Host, path: &str) -> Option<String> {
    dpkg(host, path).or_else(|| pacman(host, path)).or_else(|| apk(host, path)).or_else(|| rpm(host, path))
}

/// dpkg's database is for its own tools alone.
fn dpkg(host: &Host, path: &str) -> Option<String> {
    let query = host.tool("dpkg-query")?;
    // What /usr/lib holds may be known as /lib.
    let names = [Some(path), path.strip_prefix("/usr")];
    let answer = names.into_iter().flatten().find_map(|path| host.says(&[&query, "--search", path]))?;
    searched(&answer).map(str::to_owned)
}

/// The first package of what `dpkg-query --search` prints: `PACKAGE[:ARCHITECTURE][, …]: PATH`, after lines about
/// diversions.
fn searched(answer: &str) -> Option<&str> {
    let line = answer.lines().find(|line| !line.starts_with("diversion by "))?;
    line.split_once(": ")?.0.split([',', ':']).next()
}

/// pacman: a folder for each package, with the list `files` of paths without their first slash.
fn pacman(host: &Host, path: &str) -> Option<String> {
    const LOCAL: &str = "/var/lib/pacman/local";
    host.names(LOCAL).into_iter().find_map(|name| {
        let list = host.read(&format!("{LOCAL}/{name}/files")).ok()??;
        let found = list.lines().any(|line| same(&format!("/{line}"), path));
        // NAME-VERSION-RELEASE
        found.then(|| name.rsplitn(3, '-').last().unwrap_or(&name).to_owned())
    })
}

/// apk: one file for all; `P:` a package, `F:` a folder, `R:` a file in it.
fn apk(host: &Host, path: &str) -> Option<String> {
    let database = host
        .read("/lib/apk/db/installed")
        .ok()
        .flatten()
        .or_else(|| host.read("/usr/lib/apk/db/installed").ok().flatten())?;
    let (mut package, mut folder) = ("", "");
    for line in database.lines() {
        match line.split_once(':') {
            Some(("P", name)) => package = name,
            Some(("F", name)) => folder = name,
            Some(("R", name)) if same(&format!("/{folder}/{name}"), path) => return Some(package.to_owned()),
            _ => {}
        }
    }
    None
}

/// rpm's database is not for others to read, so it is asked.
fn rpm(host: &Host, path: &str) -> Option<String> {
    let rpm = host.tool("rpm")?;
    host.says(&[&rpm, "-qf", "--queryformat", "%{NAME}", path])
}

/// On systems with merged folders a package may say /lib for what is in /usr/lib.
fn same(listed: &str, path: &str) -> bool {
    listed == path || path.strip_prefix("/usr").is_some_and(|short| short == listed)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn owners_are_found_in_the_databases() {
        let root = tempfile::tempdir().unwrap();
        let write = |path: &str, text: &str| {
            let path = root.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        };
        write("var/lib/pacman/local/my-tool-1.2-1/files", "%FILES%\netc/\netc/my-tool\n");
        write("lib/apk/db/installed", "P:first\nF:etc/init.d\nR:first\n\nP:second\nF:etc/init.d\nR:second\n");
        let host = Host::below(root.path().to_owned());
        let owner = |path: &str| package_of(&host, path);
        assert_eq!(owner("/usr/etc/my-tool").as_deref(), Some("my-tool"));
        assert_eq!(owner("/etc/my-tool").as_deref(), Some("my-tool"));
        assert_eq!(owner("/etc/init.d/second").as_deref(), Some("second"));
        assert_eq!(owner("/etc/init.d/third"), None);
    }

    #[test]
    fn an_answer_of_dpkg_is_understood() {
        assert_eq!(searched("demo:amd64: /lib/systemd/system/demo.service\n"), Some("demo"));
        assert_eq!(searched("one, two: /usr/share/doc\n"), Some("one"));
        let diverted =
            "diversion by dash from: /bin/sh\ndiversion by dash to: /bin/sh.distrib\ndash: /bin/sh\n";
        assert_eq!(searched(diverted), Some("dash"));
        assert_eq!(searched(""), None);
    }
}
