//! A stand-in for Windows: Wine, with its installer and its service manager.

use std::io;

use landfall_manifest::Format;
use landfall_payload::{Architecture, Os, Target};

use super::managers::{ARCHIVE, MSI};
use super::{
    Blueprint, Chroot, INBOX, LabError, Laboratory, Manager, Outcome, Result, Root, Services, Snapshot, root,
};
use crate::evidence::{How, SpeaksFor};

/// Every laboratory of this kind.
pub(super) const ALL: [Wine; 2] = [
    Wine { id: "windows-wine", formats: &[Format::Msi], manager: MSI, services: Services::Windows },
    Wine {
        id: "windows-wine-zip",
        formats: &[Format::Zip],
        manager: ARCHIVE,
        services: Services::Foreground,
    },
];

/// Where a machine has the script that restarts Windows.
const RESTART_PATH: &str = "/opt/laboratory/restart";

/// Where the machine has the drive C.
const DRIVE: &str = "/windows/drive_c";

/// The platforms of which Wine says something.
const PLATFORMS: [&str; 4] = ["windows-10", "windows-11", "windows-server", "windows-iot-ltsc"];

/// Makes a Windows, and the command `windows` that runs a program of it, silent unless `WINEDEBUG` asks. The libraries
/// in it that are Wine's own become one with them, which halves its size. A second Windows, `elsewhere`, is for what
/// runs on another machine.
const FINISH: &str = r#"
printf '%s\n' '#!/bin/sh' \
    'export WINEPREFIX="${WINEPREFIX:-/windows}" WINEDEBUG="${WINEDEBUG:--all}" WINEDLLOVERRIDES="mscoree=d;mshtml=d;winemenubuilder.exe=d"' \
    'export DISPLAY= XDG_RUNTIME_DIR=/tmp' 'exec wine "$@"' >/usr/bin/windows
chmod 0755 /usr/bin/windows
export HOME=/root
windows wineboot --init 2>/dev/null
WINEPREFIX=/windows wineserver -w
own=$(dirname "$(find /usr/lib -path "*/x86_64-windows/kernel32.dll")")
find /windows/drive_c/windows -type f | while read -r file; do
    same="$own/$(basename "$file")"
    if cmp -s "$file" "$same"; then ln -f "$same" "$file"; fi
done
cp -al /windows /elsewhere
"#;

/// Starts Windows, and with it the services that start with the machine, after it has ended the session as a person
/// does who shuts the machine down. Services outlive the script and must not hold its output open.
const RESTART: &str = r#"
exec >/opt/laboratory/windows.log 2>&1
export WINEPREFIX=/windows
if [ "${1:-}" = first ]; then
    # A machine under load takes longer than the ten seconds that Wine gives a service to answer.
    printf '\n%s 1\n%s\n' '[System\\ControlSet001\\Control]' '"ServicesPipeTimeout"="120000"' >>/windows/system.reg
else
    windows wineboot --end-session --shutdown
    wineserver -k
    wineserver -w
fi
wineserver -p
windows wineboot
"#;

/// What a Windows has and Wine makes when it is needed: the folder of the installer, a source of events that is no empty
/// key; and the folders that an administrator has for programs.
const RESEMBLE: &str = r#"
mkdir -p /windows/drive_c/windows/Installer /windows/drive_c/Factory /windows/drive_c/Apps
windows reg add 'HKLM\System\CurrentControlSet\Services\Eventlog\Application' /v MaxSize /t REG_DWORD /d 20971520 /f
"#;

/// Where the machine has the script that writes its registry.
const REGISTRY_PATH: &str = "/opt/laboratory/registry";

/// Writes the registry of programs and the system, as far as an installation changes it: all of `Microsoft`, of the
/// system, and of what was not there at the beginning. Most keys of a Windows are classes (in three views: CLSID,
/// Interface, TypeLib) and take most of the time; of those the names must do, which show what was registered or left.
const REGISTRY: &str = r#"
set -eu
cd /opt/laboratory
subkeys() { windows reg query "$1" </dev/null | tr -d '\r' | sed -n 's/^HKEY_LOCAL_MACHINE/HKLM/p'; }
contents() {
    windows reg export "$1" 'Z:\opt\laboratory\exported' /y </dev/null >/dev/null
    iconv -f UTF-16 -t UTF-8 exported | tr -d '\r'
}
subkeys 'HKLM\Software' >keys
[ -e keys.first ] || cp keys keys.first
{ grep -Fxv -f keys.first keys || :; } | while read -r key; do contents "$key"; done
subkeys 'HKLM\Software\Classes' | cat keys - | sed 's/.*/[&]/'
contents 'HKLM\Software\Microsoft'
contents 'HKLM\System\CurrentControlSet'
"#;

/// The laboratories `windows-wine` and `windows-wine-zip`.
pub(super) struct Wine {
    id: &'static str,
    formats: &'static [Format],
    manager: &'static dyn Manager,
    services: Services,
}

impl Wine {
    fn root() -> Root {
        Root::minimal("trixie").with(&["curl", "procps", "unzip", "wine"]).finished_by(FINISH)
    }
}

impl Blueprint for Wine {
    fn id(&self) -> &'static str {
        self.id
    }

    fn title(&self) -> String {
        match self.services {
            Services::Windows => "Wine 10: its Windows Installer, registry and service manager".to_owned(),
            _ => "Wine 10, archives unpacked and services started by hand".to_owned(),
        }
    }

    fn identity(&self) -> String {
        let tool = self.manager.tool().map_or("", |(_, script)| script);
        format!(
            "{}; scripts {}",
            Self::root().identity(),
            root::digest(&[FINISH, RESTART, RESEMBLE, REGISTRY, tool].concat())
        )
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        let difference = "Wine 10 instead of Windows: no accounts, permissions, recovery, delayed start or user \
                          account control, services get their variables from the laboratory, no Restart Manager and no group policy; it goes on where Windows would \
                          roll back.";
        let stand_in = |platform: &str| SpeaksFor {
            platform: platform.to_owned(),
            how: How::StandIn,
            difference: difference.to_owned(),
        };
        PLATFORMS.map(stand_in).to_vec()
    }

    fn takes(&self, format: Format, target: &Target) -> bool {
        self.formats.contains(&format)
            && target.os == Os::Windows
            && target.architecture == Architecture::X86_64
    }

    fn manager(&self) -> &'static dyn Manager {
        self.manager
    }

    fn check(&self) -> Result<()> {
        Chroot::check()
    }

    fn prepare(&self) -> Result<()> {
        Self::root().folder().map(drop)
    }

    fn open(&self) -> Result<Box<dyn Laboratory>> {
        let machine = Windows(Chroot::open_with(&Self::root(), self.services)?);
        machine.write(RESTART_PATH, RESTART)?;
        machine.run(&["sh", RESTART_PATH, "first"])?.ok()?;
        machine.script(RESEMBLE)?.ok()?;
        machine.write(REGISTRY_PATH, REGISTRY)?;
        Ok(Box::new(machine))
    }
}

/// A machine on which Wine runs: its commands are those of Linux, and `windows` runs one of Windows.
struct Windows(Chroot);

impl Laboratory for Windows {
    fn invoke(&self, words: &[&str], input: Option<&mut dyn io::Read>) -> Result<Outcome> {
        self.0.invoke(words, input)
    }

    fn shell(&self) -> Result<()> {
        self.0.shell()
    }

    fn snapshot(&self) -> Result<Snapshot> {
        let registry = self.run(&["sh", REGISTRY_PATH])?.ok()?;
        let drive = self.0.root().join(&DRIVE[1..]);
        Ok(Snapshot::of_windows(&drive, DRIVE, &registry)?)
    }

    fn services(&self) -> Services {
        self.0.services()
    }

    fn path(&self, path: &str) -> String {
        match (path.strip_prefix(r"C:\"), path.strip_prefix("/opt/")) {
            (Some(rest), _) => format!("{DRIVE}/{}", rest.replace('\\', "/")),
            // Where archives are unpacked.
            (None, Some(rest)) if !path.starts_with(INBOX) => format!("{DRIVE}/Apps/{rest}"),
            _ => path.to_owned(),
        }
    }

    fn has_modes(&self) -> bool {
        false
    }

    fn limit_disk(&self, free: Option<u64>) -> Result<()> {
        self.0.limit_disk(free)
    }

    fn reboot(&mut self) -> Result<()> {
        if self.services() != Services::Windows {
            return Err(LabError::Unsupported("has no services that start with the machine"));
        }
        self.run(&["sh", RESTART_PATH])?.ok().map(drop)
    }
}
