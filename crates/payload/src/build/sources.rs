//! Files, folders and globs on disk.

use std::fs::{self, Metadata};
use std::path::{Component, Path, PathBuf};

/// Something found on disk, to be installed below a destination.
#[derive(Debug)]
pub(crate) struct Found {
    /// Path relative to the source's root, with `/`; empty for a single file.
    pub(crate) relative: String,
    pub(crate) path: PathBuf,
    pub(crate) kind: FoundKind,
}

#[derive(Debug)]
pub(crate) enum FoundKind {
    File { size: u64, executable: bool },
    Directory,
    Symlink(String),
}

/// What is wrong with a source: the problem and what to do.
pub(crate) type Problem = (String, &'static str);

/// Everything that `source` names, sorted by path. A folder is taken whole, a glob gives files; a symbolic link
/// inside a folder stays a link.
pub(crate) fn find(root: &Path, source: &str) -> Result<Vec<Found>, Problem> {
    inside(source)?;
    if source.contains(['*', '?', '[']) {
        return glob(root, source);
    }
    let path = root.join(source);
    let meta = metadata(&path, source)?;
    stays_inside(root, &path, source)?;
    if meta.is_dir() {
        return walk(&path, source);
    }
    Ok(vec![one(String::new(), path, &meta, source)?])
}

/// The file and its size, where a source names exactly one and not a folder.
pub(crate) fn single(found: &[Found]) -> Option<(&Path, u64)> {
    match found {
        [Found { relative, path, kind: FoundKind::File { size, .. } }] if relative.is_empty() => {
            Some((path, *size))
        }
        _ => None,
    }
}

/// A source must not climb out of the manifest's folder: the same manifest would find something else elsewhere.
fn inside(source: &str) -> Result<(), Problem> {
    let path = Path::new(source);
    if path.is_absolute() || path.components().any(|c| matches!(c, Component::ParentDir)) {
        return Err((
            format!("\"{source}\" leaves the manifest's folder"),
            "sources are relative to the manifest and stay below it; move the manifest up or the file down",
        ));
    }
    Ok(())
}

/// The same for links that lead out.
fn stays_inside(root: &Path, path: &Path, source: &str) -> Result<(), Problem> {
    match (root.canonicalize(), path.canonicalize()) {
        (Ok(root), Ok(real)) if !real.starts_with(&root) => Err((
            format!("\"{source}\" is a link that leaves the manifest's folder"),
            "put the file itself below the manifest",
        )),
        _ => Ok(()),
    }
}

fn metadata(path: &Path, source: &str) -> Result<Metadata, Problem> {
    fs::metadata(path).map_err(|e| match e.kind() {
        std::io::ErrorKind::NotFound => (
            format!("there is no file \"{source}\""),
            "the path is relative to the manifest's folder; is it made by a build that has not run?",
        ),
        _ => (format!("cannot look at \"{source}\": {e}"), "check its permissions"),
    })
}

fn one(relative: String, path: PathBuf, meta: &Metadata, source: &str) -> Result<Found, Problem> {
    if !meta.is_file() {
        return Err((
            format!("\"{}\" is neither a file nor a folder", path.display()),
            "packages hold no devices or sockets",
        ));
    }
    fs::File::open(&path).map_err(|e| {
        let shown = if relative.is_empty() { source.to_owned() } else { format!("{source}: {relative}") };
        (format!("cannot read \"{shown}\": {e}"), "check its permissions")
    })?;
    Ok(Found { relative, path, kind: FoundKind::File { size: meta.len(), executable: is_executable(meta) } })
}

#[cfg(unix)]
fn is_executable(meta: &Metadata) -> bool {
    use std::os::unix::fs::PermissionsExt;
    meta.permissions().mode() & 0o111 != 0
}

#[cfg(not(unix))]
fn is_executable(_: &Metadata) -> bool {
    false
}

/// Everything below a folder, sorted by path: a folder before what is in it.
fn walk(folder: &Path, source: &str) -> Result<Vec<Found>, Problem> {
    let mut found = Vec::new();
    let mut folders = vec![(String::new(), folder.to_owned())];
    // Level by level: folders are read, and what is in them looked at, side by side.
    while !folders.is_empty() {
        let level = side_by_side(&folders, 32, |(prefix, path)| list(prefix, path, source))?;
        let level: Vec<_> = level.into_iter().flatten().collect();
        folders = level
            .iter()
            .filter(|one| matches!(one.kind, FoundKind::Directory))
            .map(|one| (format!("{}/", one.relative), one.path.clone()))
            .collect();
        found.extend(level);
    }
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(found)
}

fn unreadable(source: &str, error: &std::io::Error) -> Problem {
    (format!("cannot read the folder \"{source}\": {error}"), "check its permissions")
}

/// What is in one folder; `prefix` leads to it from the source.
fn list(prefix: &str, folder: &Path, source: &str) -> Result<Vec<Found>, Problem> {
    let unreadable = |e| unreadable(source, &e);
    let mut entries =
        fs::read_dir(folder).and_then(Iterator::collect::<Result<Vec<_>, _>>).map_err(unreadable)?;
    // Of several problems the same is said each time.
    entries.sort_by_key(fs::DirEntry::file_name);
    let mut found = Vec::with_capacity(entries.len());
    for entry in entries {
        let path = entry.path();
        let name = entry.file_name();
        let Some(name) = name.to_str() else {
            return Err((format!("\"{}\" has a name that is not UTF-8", path.display()), "rename it"));
        };
        let relative = format!("{prefix}{name}");
        let kind = entry.file_type().map_err(unreadable)?;
        found.push(if kind.is_dir() {
            Found { relative, path, kind: FoundKind::Directory }
        } else if kind.is_symlink() {
            let link = fs::read_link(&path).map_err(unreadable)?;
            Found { relative, path, kind: FoundKind::Symlink(link.to_string_lossy().into_owned()) }
        } else {
            let meta = entry.metadata().map_err(unreadable)?;
            one(relative, path, &meta, source)?
        });
    }
    Ok(found)
}

/// Does something with each item in order, with a few threads where there are more than `few`: each file takes two
/// calls of the kernel, and a large product has thousands. Of several problems the first counts.
fn side_by_side<T: Sync, R: Send>(
    items: &[T],
    few: usize,
    work: impl Fn(&T) -> Result<R, Problem> + Sync,
) -> Result<Vec<R>, Problem> {
    let threads = std::thread::available_parallelism().map_or(1, |n| n.get()).min(4);
    let share = items.len().div_ceil(threads).max(few);
    if share >= items.len() {
        return items.iter().map(work).collect();
    }
    std::thread::scope(|scope| {
        let work = &work;
        let running: Vec<_> = items
            .chunks(share)
            .map(|chunk| scope.spawn(move || chunk.iter().map(work).collect::<Result<Vec<_>, _>>()))
            .collect();
        let mut done = Vec::with_capacity(items.len());
        for thread in running {
            done.extend(thread.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic))?);
        }
        Ok(done)
    })
}

fn glob(root: &Path, pattern: &str) -> Result<Vec<Found>, Problem> {
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|c| !c.as_os_str().to_string_lossy().contains(['*', '?', '[']))
        .collect();
    let base = root.join(&fixed);
    let full = format!("{}/{pattern}", ::glob::Pattern::escape(&root.to_string_lossy()));
    let options = ::glob::MatchOptions {
        case_sensitive: true,
        require_literal_separator: true,
        require_literal_leading_dot: true,
    };
    let paths = ::glob::glob_with(&full, options)
        .map_err(|e| (format!("\"{pattern}\" is not a glob: {}", e.msg), "use `*`, `?`, `[a-z]` and `**`"))?;
    let mut found = Vec::new();
    for path in paths {
        let path = path
            .map_err(|e| (format!("cannot read a folder for \"{pattern}\": {e}"), "check its permissions"))?;
        let meta = metadata(&path, pattern)?;
        if meta.is_dir() {
            continue;
        }
        stays_inside(root, &path, pattern)?;
        let relative = path.strip_prefix(&base).unwrap_or(&path);
        let relative = relative
            .to_str()
            .ok_or_else(|| (format!("\"{}\" has a name that is not UTF-8", path.display()), "rename it"))?;
        found.push(one(relative.to_owned(), path.clone(), &meta, pattern)?);
    }
    if found.is_empty() {
        return Err((
            format!("\"{pattern}\" matches no file"),
            "a glob is relative to the manifest's folder; `*` stays within one folder, `**` goes into all",
        ));
    }
    found.sort_by(|a, b| a.relative.cmp(&b.relative));
    Ok(found)
}
