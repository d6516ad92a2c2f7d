//! Authenticode signatures of Windows programs (PE) and Windows Installer packages (MSI).
//!
//! A signature depends on the file, the key and the [`Options`] alone: RSA with PKCS#1 v1.5 and ECDSA by RFC 6979 use
//! no randomness, and no clock is read. Where a build must be reproducible although only one machine holds the key or
//! a timestamp is wanted, [`extract`] takes the signature out of the signed file and [`attach`] puts it into the same
//! file built again.
//!
//! Files are read and written as streams; memory does not depend on their size.
//!
//! ```no_run
//! use landfall_authenticode::{Identity, Options, sign};
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let identity = Identity::from_pfx(&std::fs::read("code-signing.pfx")?, "password")?;
//! let mut options = Options::new(1_700_000_000);
//! options.description = Some("Example 1.0".into());
//! let input = std::fs::File::open("setup.msi")?;
//! let output = std::fs::File::options().read(true).write(true).create_new(true).open("setup-signed.msi")?;
//! sign(input, output, &identity, &options)?;
//! # Ok(())
//! # }
//! ```

#![warn(clippy::unwrap_used)]

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

mod certificate;
mod detached;
mod error;
mod external;
mod hash;
mod identity;
mod oid;
mod pfx;
mod public_key;
mod sign;
mod signed_data;
mod spc;
mod subject;
mod timestamp;
mod verify;

pub use certificate::certificates_from_pem;
pub use detached::{attach, extract, remove};
pub use error::Error;
pub use external::CommandSigner;
pub use identity::{Identity, Key, Signer};
pub use sign::{Options, sign};
pub use subject::Kind;
pub use timestamp::{TimestampAuthority, Transport};
pub use verify::{Statement, Timestamp, Trust, Verification, state, verify};
pub use x509_cert::Certificate;

/// The result of this crate's functions.
pub type Result<T> = std::result::Result<T, Error>;
