//! A signer that is another program.

use std::io::Write;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use crate::Signer;

/// Asks a program for signatures: for hardware security modules, cloud services and smart cards.
///
/// The program gets the SHA-256 digest, 32 bytes, on its standard input and writes the bare signature to its standard
/// output, in the form that [`Signer::sign`] tells. With the key in a file it would be
/// `openssl pkeyutl -sign -inkey key.pem -pkeyopt digest:sha256`.
#[derive(Debug, Clone)]
pub struct CommandSigner {
    /// The program.
    pub program: PathBuf,
    /// Its arguments. They are visible to everybody on the machine: no place for a password.
    pub arguments: Vec<String>,
}

impl Signer for CommandSigner {
    fn sign(&self, digest: &[u8; 32]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let name = self.program.display();
        let mut child = Command::new(&self.program)
            .args(&self.arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(|error| format!("{name} cannot be run: {error}"))?;
        let mut input = child.stdin.take().ok_or("no pipe to the program")?;
        // A program that ends without reading tells its reason by its exit code.
        let written = input.write_all(digest);
        drop(input);
        let output = child.wait_with_output()?;
        if !output.status.success() {
            return Err(format!("{name} ended with {}", output.status).into());
        }
        written?;
        if output.stdout.is_empty() {
            return Err(format!("{name} wrote no signature").into());
        }
        Ok(output.stdout)
    }
}
