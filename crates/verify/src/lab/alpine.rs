//! A stand-in for Alpine: OpenRC and busybox of Debian, and a script for apk.

use landfall_manifest::Format;
use landfall_payload::{Architecture, Target};

use super::managers::APK;
use super::{Blueprint, Chroot, INBOX, Laboratory, Manager, Result, Root, Services, root};
use crate::evidence::{How, SpeaksFor};

/// The laboratory `alpine-openrc`.
pub(super) struct Alpine;

/// busybox's programs for the scripts of packages, and what openrc-run expects of a system that has started.
///
/// Debian's OpenRC has no `start-stop-daemon` of its own, and busybox's must not take the place of dpkg's. Its script for
/// the clock needs one of another package.
const START: &str = r#"
mkdir -p "$0/bin"
busybox --install -s "$0/bin"
rm "$0/bin/start-stop-daemon"
rm -f /etc/init.d/hwclock.sh
for state in daemons exclusive failed inactive options scheduled started starting stopping tmp wasinactive; do
    mkdir -p /run/openrc/$state
done
for level in sysinit boot default; do openrc --quiet $level; done
"#;

/// busybox's `addgroup`, which Debian builds it without: options as in its own help.
const ADDGROUP: &str = r#"#!/bin/sh
gid= system=
while getopts g:S option; do
    case "$option" in
        g) gid="$OPTARG" ;;
        S) system=--system ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
if [ $# = 2 ]; then exec /usr/sbin/usermod --append --groups "$2" "$1"; fi
exec /usr/sbin/groupadd $system ${gid:+--gid "$gid"} "$1"
"#;

/// busybox's `adduser`, likewise. Without `-D` it would ask for a password.
const ADDUSER: &str = r#"#!/bin/sh
home= gecos="Linux User,,," shell=/bin/sh group= uid= system= make=--create-home
while getopts h:g:s:G:u:SDH option; do
    case "$option" in
        h) home="$OPTARG" ;;
        g) gecos="$OPTARG" ;;
        s) shell="$OPTARG" ;;
        G) group="$OPTARG" ;;
        u) uid="$OPTARG" ;;
        S) system=--system ;;
        D) ;;
        H) make=--no-create-home ;;
        *) exit 1 ;;
    esac
done
shift $((OPTIND - 1))
exec /usr/sbin/useradd $system $make --comment "$gecos" --shell "$shell" ${home:+--home-dir "$home"} \
    ${group:+--gid "$group"} ${uid:+--uid "$uid"} "$1"
"#;

impl Alpine {
    fn root() -> Root {
        Root::minimal("bookworm").with(&["busybox", "curl", "openrc"])
    }
}

impl Blueprint for Alpine {
    fn id(&self) -> &'static str {
        "alpine-openrc"
    }

    fn title(&self) -> String {
        "Alpine's service manager (OpenRC) and shell (busybox) on Debian 12".to_owned()
    }

    fn identity(&self) -> String {
        let made = [START, ADDGROUP, ADDUSER, APK.tool().map_or("", |(_, script)| script)].concat();
        format!("{}; scripts {}", Self::root().identity(), root::digest(&made))
    }

    fn speaks_for(&self) -> Vec<SpeaksFor> {
        let difference = "apk is a script written after the documentation of apk-tools and resolves no dependency; \
                          OpenRC (0.45), busybox (1.35) and glibc instead of musl are Debian 12's.";
        let difference = difference.to_owned();
        vec![SpeaksFor { platform: "alpine".to_owned(), how: How::StandIn, difference }]
    }

    fn takes(&self, format: Format, target: &Target) -> bool {
        format == Format::Apk && target.architecture == Architecture::X86_64
    }

    fn manager(&self) -> &'static dyn Manager {
        APK
    }

    fn check(&self) -> Result<()> {
        Chroot::check()
    }

    fn prepare(&self) -> Result<()> {
        Self::root().folder().map(drop)
    }

    fn open(&self) -> Result<Box<dyn Laboratory>> {
        let lab = Chroot::open_with(&Self::root(), Services::OpenRc)?;
        lab.run(&["sh", "-ec", START, INBOX])?.ok()?;
        for (name, text) in [("addgroup", ADDGROUP), ("adduser", ADDUSER)] {
            let path = format!("{INBOX}/bin/{name}");
            lab.write(&path, text)?;
            lab.run(&["chmod", "0755", &path])?.ok()?;
        }
        Ok(Box::new(lab))
    }
}
