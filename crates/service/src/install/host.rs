//! The machine, as far as an installation touches it: files, accounts, commands.

use super::failure::{Failure, Result};
use super::step::{Access, line};
use crate::exit::Exit;
use std::fs::{self, File};
use std::io::{self, Read, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

/// Longest time that one command of the system may take: a service manager's own limit for a start is 90 s.
const COMMAND_LIMIT: Duration = Duration::from_secs(180);
/// Most that is kept of what a command says.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// What a command of the system answered.
#[derive(Debug, Clone, Default)]
pub(crate) struct Output {
    /// Whether it ended with 0.
    pub(crate) success: bool,
    /// Standard output and standard error, one after the other, trimmed.
    pub(crate) text: String,
}

/// This machine, or a folder that holds another one's files.
///
/// In a folder only files are laid out: no command runs there and no account is made, so what has to happen on the
/// running machine happens when that machine starts.
#[derive(Debug, Clone)]
pub struct Host {
    root: PathBuf,
}

impl Host {
    /// This machine.
    pub fn live() -> Self {
        Self { root: PathBuf::from("/") }
    }

    /// The machine whose files are below `root`.
    pub fn below(root: PathBuf) -> Self {
        Self { root }
    }

    /// Whether it runs: commands reach it.
    pub(crate) fn is_live(&self) -> bool {
        self.root == Path::new("/")
    }

    /// Where a path of the machine is here.
    pub(crate) fn at(&self, path: &str) -> PathBuf {
        if self.is_live() {
            return PathBuf::from(path);
        }
        // A drive is a folder, so that a plan for Windows can be laid out anywhere.
        if path.get(1..2) == Some(":") {
            return self.root.join(path.replace(['\\', ':'], "/").replace("//", "/"));
        }
        self.root.join(path.trim_start_matches('/'))
    }

    /// Whether anything is there, a dangling link too.
    pub(crate) fn exists(&self, path: &str) -> bool {
        self.at(path).symlink_metadata().is_ok()
    }

    /// Whether a folder is there.
    pub(crate) fn is_folder(&self, path: &str) -> bool {
        self.at(path).is_dir()
    }

    /// The text of a file; `None` where there is none.
    pub(crate) fn read(&self, path: &str) -> Result<Option<String>> {
        let place = self.at(path);
        match fs::read(&place) {
            Ok(bytes) => Ok(Some(String::from_utf8_lossy(&bytes).into_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(Failure::io("read", &place, &error)),
        }
    }

    /// Names in a folder, sorted; none where it is not there or cannot be read.
    pub(crate) fn names(&self, path: &str) -> Vec<String> {
        let entries = fs::read_dir(self.at(path)).into_iter().flatten().flatten();
        let mut names: Vec<String> =
            entries.filter_map(|entry| entry.file_name().into_string().ok()).collect();
        names.sort();
        names
    }

    /// The full path of one of the system's tools, if it is there.
    pub(crate) fn tool(&self, name: &str) -> Option<String> {
        let folders = ["/usr/sbin", "/usr/bin", "/sbin", "/bin", "/usr/local/sbin", "/usr/local/bin"];
        folders.iter().map(|folder| format!("{folder}/{name}")).find(|path| self.at(path).is_file())
    }

    /// Runs a command and waits for its end.
    ///
    /// # Errors
    /// When it is not there or takes too long; one that fails is an answer. In a folder nothing runs and everything
    /// succeeds.
    pub(crate) fn run(&self, words: &[String]) -> Result<Output> {
        let Some((program, arguments)) = words.split_first().filter(|_| self.is_live()) else {
            return Ok(Output { success: true, text: String::new() });
        };
        let mut command = Command::new(program);
        command.args(arguments).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        // Texts that are compared must not be translated.
        command.env("LC_ALL", "C");
        let mut child = command
            .spawn()
            .map_err(|error| Failure::new(Exit::Requirement, format!("{program} cannot be run: {error}")))?;
        let (out, err) = (drain(child.stdout.take()), drain(child.stderr.take()));
        let success = wait(&mut child).ok_or_else(|| {
            Failure::new(
                Exit::TimedOut,
                format!("{} did not end within {} s", line(words), COMMAND_LIMIT.as_secs()),
            )
        })?;
        let text = [out, err].map(|reader| reader.join().unwrap_or_default()).concat();
        Ok(Output { success, text: text.trim().to_owned() })
    }

    /// Whether a command ends with 0.
    pub(crate) fn holds(&self, words: &[&str]) -> bool {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        self.is_live() && self.run(&words).is_ok_and(|output| output.success)
    }

    /// What a command prints, if it ends with 0.
    pub(crate) fn says(&self, words: &[&str]) -> Option<String> {
        let words: Vec<String> = words.iter().map(|&word| word.to_owned()).collect();
        let output = self.run(&words).ok().filter(|_| self.is_live())?;
        output.success.then_some(output.text)
    }

    /// The numbers of an account and of its own group; `None` when there is no such account.
    pub(crate) fn account(&self, name: &str) -> Option<(u32, u32)> {
        if let Ok(number) = name.parse() {
            return Some((number, number));
        }
        let passwd = self.read("/etc/passwd").ok().flatten().unwrap_or_default();
        let here = passwd.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == name).then_some(())?;
            Some((fields.nth(1)?.parse().ok()?, fields.next()?.parse().ok()?))
        });
        // Directory services know accounts that the file does not.
        here.or_else(|| {
            let number = |what: &str| self.says(&["id", what, name])?.parse().ok();
            Some((number("-u")?, number("-g")?))
        })
    }

    /// The number of a group.
    pub(crate) fn group(&self, name: &str) -> Option<u32> {
        if let Ok(number) = name.parse() {
            return Some(number);
        }
        let groups = self.read("/etc/group").ok().flatten().unwrap_or_default();
        let here = groups.lines().find_map(|line| {
            let mut fields = line.split(':');
            (fields.next()? == name).then_some(())?;
            fields.nth(1)?.parse().ok()
        });
        here.or_else(|| self.account(name).map(|(_, group)| group))
    }

    /// Writes a file so that it is never seen half written, and survives a power cut once it is there.
    pub(crate) fn write(&self, path: &str, bytes: &[u8], access: &Access) -> Result<()> {
        let place = self.at(path);
        let work = || -> io::Result<()> {
            let folder = place.parent().unwrap_or(Path::new("/"));
            let name = place.file_name().unwrap_or_default().to_string_lossy();
            let draft = folder.join(format!(".{name}.{}.new", std::process::id()));
            let result = self.draft(&draft, bytes, access).and_then(|()| fs::rename(&draft, &place));
            if result.is_err() {
                let _ = fs::remove_file(&draft);
            }
            result?;
            sync_folder(folder)
        };
        work().map_err(|error| Failure::io("written", &place, &error))
    }

    fn draft(&self, draft: &Path, bytes: &[u8], access: &Access) -> io::Result<()> {
        let _ = fs::remove_file(draft);
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        let mut file = options.open(draft)?;
        file.write_all(bytes)?;
        self.restrict(&file, access)?;
        file.sync_all()
    }

    /// Makes a folder, which may be there already, and sets who may use it. A link in its place is refused: whoever
    /// owns the folder above could lead us astray with it.
    pub(crate) fn make_folder(&self, path: &str, access: &Access) -> Result<()> {
        let place = self.at(path);
        let work = || -> io::Result<()> {
            match fs::create_dir(&place) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
            self.restrict(&open_folder(&place)?, access)
        };
        work().map_err(|error| Failure::io("made", &place, &error))
    }

    #[cfg(unix)]
    fn restrict(&self, file: &File, access: &Access) -> io::Result<()> {
        // Nobody but root gives files away, and nobody else need.
        if rustix::process::geteuid().is_root() {
            let known = |number: Option<u32>, name: &String| match number {
                // In a folder the accounts are those of another machine, and may come later.
                None if self.is_live() => {
                    Err(io::Error::new(io::ErrorKind::NotFound, format!("there is no account {name}")))
                }
                number => Ok(number),
            };
            let owner =
                access.owner.as_ref().map(|name| known(self.account(name).map(|(user, _)| user), name));
            let group = access.group.as_ref().map(|name| known(self.group(name), name));
            let (owner, group) = (owner.transpose()?.flatten(), group.transpose()?.flatten());
            std::os::unix::fs::fchown(file, owner, group)?;
        }
        // After the owner: a change of owner takes set-group-id away.
        file.set_permissions(std::os::unix::fs::PermissionsExt::from_mode(access.mode))
    }

    #[cfg(not(unix))]
    fn restrict(&self, _file: &File, _access: &Access) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(unix)]
fn open_folder(place: &Path) -> io::Result<File> {
    use rustix::fs::{Mode, OFlags, open};
    let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::NOFOLLOW | OFlags::CLOEXEC;
    Ok(File::from(open(place, flags, Mode::empty())?))
}

/// Windows opens folders with a flag of their own, and there is nothing to set through them here.
#[cfg(not(unix))]
fn open_folder(place: &Path) -> io::Result<File> {
    use std::os::windows::fs::OpenOptionsExt;
    const FILE_FLAG_BACKUP_SEMANTICS: u32 = 0x0200_0000;
    fs::OpenOptions::new().read(true).custom_flags(FILE_FLAG_BACKUP_SEMANTICS).open(place)
}

#[cfg(unix)]
fn sync_folder(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync_folder(_folder: &Path) -> io::Result<()> {
    Ok(())
}

fn drain<R: Read + Send + 'static>(pipe: Option<R>) -> std::thread::JoinHandle<String> {
    std::thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(pipe) = pipe {
            // What was read before an error is better than nothing.
            let _ = pipe.take(OUTPUT_LIMIT).read_to_end(&mut bytes);
        }
        String::from_utf8_lossy(&bytes).into_owned()
    })
}

/// Whether it ended with 0; `None` when it had to be killed.
fn wait(child: &mut Child) -> Option<bool> {
    let end = Instant::now() + COMMAND_LIMIT;
    loop {
        match child.try_wait() {
            Ok(Some(status)) => return Some(status.success()),
            Ok(None) if Instant::now() < end => std::thread::sleep(Duration::from_millis(5)),
            _ => {
                let _ = child.kill();
                let _ = child.wait();
                return None;
            }
        }
    }
}
