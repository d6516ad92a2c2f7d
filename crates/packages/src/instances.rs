//! Further instances of the product's service, which the program itself makes beside the package
//! (`install-service --instance NAME`).
//!
//! Their definitions lie in the administrator's folders and run the package's program: they are restarted with it, and
//! go with it. What they have written stays, as the service's own does.

use landfall_payload::Definition;

use crate::shell::quote;

/// A loop over the units of the instances; `act` finds the unit's file in `$file`. `by` is its indentation.
pub(crate) fn units(service: &Definition, act: &str, by: usize) -> String {
    each(service, &format!("/etc/systemd/system/{}@*.service", service.name), act, by)
}

/// The same for scripts of System V init and OpenRC.
pub(crate) fn scripts(service: &Definition, act: &str, by: usize) -> String {
    each(service, &format!("/etc/init.d/{}@*", service.name), act, by)
}

/// Stops the instances with the command `stop` and makes their units unknown. None of it is a failure of the script.
/// `unlink` takes one file and never a folder; rpmlint finds `rm` dangerous in a scriptlet.
pub(crate) fn remove_units(service: &Definition, stop: &str, by: usize) -> String {
    let act = format!(
        "[ ! -d /run/systemd/system ] || {stop} \"${{file##*/}}\" || :\n\
         for unit in \"$file\" \"/etc/systemd/system/multi-user.target.wants/${{file##*/}}\"; do\n    \
         if [ -e \"$unit\" ] || [ -L \"$unit\" ]; then unlink \"$unit\"; fi\n\
         done"
    );
    units(service, &act, by)
}

/// Only what `install-service` has made is touched, and only where it runs the package's program.
fn each(service: &Definition, files: &str, act: &str, by: usize) -> String {
    let mark = quote(&format!("Installed by {} install-service", service.name));
    let program = quote(&service.program);
    let act: String = act.lines().map(|line| format!("        {line}\n")).collect();
    let text = format!(
        "for file in {files}; do\n    \
         if grep -q {mark} \"$file\" 2>/dev/null && grep -qwF {program} \"$file\"; then\n{act}    fi\ndone\n"
    );
    text.lines().map(|line| format!("{:by$}{line}\n", "")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    #[test]
    fn only_instances_of_the_packages_program_are_meant() {
        let folder = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| fs::write(folder.path().join(name), text).unwrap();
        let ours = "# Installed by demo install-service; an upgrade writes it anew.\n[Service]\nExecStart=/usr/bin/demo run\n";
        write("demo@line2.service", ours);
        write("demo@own.service", &ours.replace("/usr/bin", "/usr/local/bin"));
        write("demo@byhand.service", "[Service]\nExecStart=/usr/bin/demo run\n");
        write("demo@.service", "[Service]\nExecStart=/usr/bin/demo run %i\n");
        write("demonstration@x.service", ours);
        let service = Definition::new("demo", "/usr/bin/demo");
        let found = |script: String| {
            let script = script.replace("/etc/systemd/system", &folder.path().display().to_string());
            let output = std::process::Command::new("/bin/sh").args(["-ec", &script]).output().unwrap();
            assert!(output.status.success() && output.stderr.is_empty(), "{output:?}");
            String::from_utf8(output.stdout).unwrap()
        };
        let say = "echo \"${file##*/}\"";
        assert_eq!(found(units(&service, say, 4)), "demo@line2.service\n");
        let other = Definition::new("other", "/usr/bin/other");
        assert_eq!(found(units(&other, say, 0)), "");
    }
}
