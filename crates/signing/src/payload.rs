//! Programs of a payload, signed before they are packed.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use landfall_payload::{Content, EntryKind, Payload};

use crate::{Error, WindowsSigner, is_signable};

/// Puts the signed form of every program and library into the payload; the files lie in `scratch`, which must stay
/// until the payload is packed.
///
/// # Errors
/// When a file cannot be read or signed.
pub fn sign_programs(payload: &mut Payload, signer: &WindowsSigner, scratch: &Path) -> Result<(), Error> {
    let target = payload.target.to_string();
    for (number, entry) in payload.all_entries.iter_mut().enumerate() {
        let EntryKind::File(content) = &mut entry.kind else { continue };
        let name = format!("{target}/{}", entry.path.trim_start_matches('/'));
        if let Some(signed) = signed(content, signer, &name, &scratch.join(format!("{target}-{number}")))? {
            *content = signed;
        }
    }
    Ok(())
}

/// The signed form of a file, at `path`; `None` where it is no program.
fn signed(
    content: &Content,
    signer: &WindowsSigner,
    name: &str,
    path: &Path,
) -> Result<Option<Content>, Error> {
    let failed = |doing, path: &Path| {
        let path = path.to_owned();
        move |source| Error::Io { doing, path, source }
    };
    let source = match content {
        Content::Source { path, .. } | Content::Program { path, .. } => path.as_path(),
        Content::Bytes(_) => Path::new(name),
    };
    let mut head = Vec::new();
    let mut input = content.open().map_err(failed("read", source))?;
    input.by_ref().take(8).read_to_end(&mut head).map_err(failed("read", source))?;
    if !is_signable(&head) {
        return Ok(None);
    }
    let mut output =
        File::options().read(true).write(true).create_new(true).open(path).map_err(failed("write", path))?;
    match content {
        Content::Source { path, .. } => {
            signer.sign(name, File::open(path).map_err(failed("read", path))?, &mut output)?
        }
        Content::Bytes(bytes) => signer.sign(name, std::io::Cursor::new(bytes), &mut output)?,
        // The signature covers the version, manifest and icon that packing adds: they come first.
        Content::Program { path: program, .. } => {
            let scratch = path.parent().unwrap_or(Path::new("."));
            let mut complete = tempfile::tempfile_in(scratch).map_err(failed("write", scratch))?;
            let mut patched = content.open().map_err(failed("read", program))?;
            std::io::copy(&mut patched, &mut complete).map_err(failed("write", scratch))?;
            signer.sign(name, complete, &mut output)?
        }
    }
    let size = output.metadata().map_err(failed("read", path))?.len();
    Ok(Some(Content::Source { path: path.to_owned(), size }))
}
