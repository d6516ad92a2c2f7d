//! Authenticode signatures of programs and installers.

use std::fs::File;
use std::io::{Read, Seek};

use base64ct::{Base64, Encoding};
use landfall_authenticode::{
    CommandSigner, Identity, Options, TimestampAuthority, attach, certificates_from_pem, extract, sign,
};
use landfall_manifest::model::SignWindows;
use zeroize::Zeroizing;

use crate::timestamp::Http;
use crate::{Environment, Error, Secret, Signatures};

/// Whether a file that begins with `head` is one that Windows looks for a signature in: a program, a library or an
/// installer.
pub fn is_signable(head: &[u8]) -> bool {
    landfall_authenticode::Kind::sniff(head).is_some()
}

/// Signs programs and installers for Windows as `[sign.windows]` says.
#[derive(Debug)]
pub struct WindowsSigner {
    /// Why there is none matters only to a file without a kept signature.
    identity: Result<Identity, String>,
    description: String,
    url: Option<String>,
    timestamp: Option<String>,
    signatures: Option<Signatures>,
    now: i64,
}

impl WindowsSigner {
    /// Takes key and certificate from where the manifest says.
    ///
    /// `title` and `homepage` are the product's, for a signature that says nothing else; `now` is the time in seconds
    /// since 1970, at which the certificate must be valid. With `signatures`, those that are kept there are attached
    /// instead of making new ones, and new ones are kept there; a key is then needed only for what has none.
    ///
    /// # Errors
    /// Without `signatures`: when key, certificate or password cannot be read or do not belong together.
    pub fn new(
        section: &SignWindows,
        (title, homepage): (&str, Option<&str>),
        environment: &Environment<'_>,
        signatures: Option<Signatures>,
        now: i64,
    ) -> Result<Self, Error> {
        let identity = match identity(section, environment) {
            Err(error) if signatures.is_some() => Err(error.to_string()),
            other => Ok(other?),
        };
        Ok(Self {
            identity,
            description: section.description.clone().unwrap_or_else(|| title.to_owned()),
            url: section.url.clone().or_else(|| homepage.map(str::to_owned)),
            timestamp: section.timestamp.clone(),
            signatures,
            now,
        })
    }

    /// Subject of the certificate; `None` where there is none because signatures are only attached.
    pub fn subject(&self) -> Option<String> {
        self.identity.as_ref().ok().map(Identity::subject)
    }

    /// Writes the signed form of `input` to `output`. `name` tells the files of a release apart.
    ///
    /// # Errors
    /// When the file is neither program nor installer or is damaged, when it cannot be signed, or a kept signature is
    /// that of another file and there is no key to make a new one.
    pub fn sign(&self, name: &str, mut input: impl Read + Seek, output: &mut File) -> Result<(), Error> {
        let failed = |source| Error::Sign { file: name.to_owned(), source };
        if let Some(signatures) = &self.signatures
            && let Some(kept) = signatures.read(name)?
        {
            match attach(&mut input, &kept, &mut *output) {
                Ok(_) => return Ok(()),
                // It is another file than the one that was signed.
                Err(landfall_authenticode::Error::DigestMismatch) if self.identity.is_ok() => {}
                Err(source) => return Err(failed(source)),
            }
        }
        output.set_len(0).map_err(|error| failed(error.into()))?;
        let identity = self
            .identity
            .as_ref()
            .map_err(|reason| Error::NoSignature { file: name.to_owned(), reason: reason.clone() })?;
        let mut options = Options::new(self.now);
        options.description = Some(self.description.clone());
        options.url.clone_from(&self.url);
        options.timestamp = self.timestamp.clone().map(|url| TimestampAuthority { url, transport: &Http });
        sign(&mut input, &mut *output, identity, &options).map_err(failed)?;
        if let Some(signatures) = &self.signatures {
            signatures.keep(name, &extract(output).map_err(failed)?)?;
        }
        Ok(())
    }
}

fn identity(section: &SignWindows, environment: &Environment<'_>) -> Result<Identity, Error> {
    let password = match &section.password {
        Some(source) => environment.text("password", source)?,
        None => Zeroizing::new(String::new()),
    };
    let given = section.password.is_some().then(|| password.as_str());
    if let Some(source) = &section.pfx {
        let mut pfx = environment.take("pfx", source)?;
        if source.env.is_some() {
            pfx = decoded(&pfx)?;
        }
        return Identity::from_pfx(&pfx, &password).map_err(Error::Identity);
    }
    let certificates = match &section.certificate {
        Some(source) => environment.take("certificate", source)?,
        None => Secret::default(),
    };
    match (&section.key, &section.command) {
        (Some(source), _) => {
            let key = environment.take("key", source)?;
            Identity::from_pem(&certificates, &key, given).map_err(Error::Identity)
        }
        (None, command) => {
            let (program, arguments) = match command.as_deref() {
                Some([program, arguments @ ..]) => (program, arguments),
                _ => return Err(Error::Secret { key: "key", reason: "there is none".into() }),
            };
            // A path is the manifest's, a bare name is looked for as by a shell.
            let program = match program.contains('/') {
                true => environment.folder.join(program),
                false => program.into(),
            };
            let signer = CommandSigner { program, arguments: arguments.to_vec() };
            let certificates = certificates_from_pem(&certificates).map_err(Error::Identity)?;
            Identity::external(certificates, Box::new(signer)).map_err(Error::Identity)
        }
    }
}

/// A PKCS #12 file from a variable, which holds text only.
fn decoded(text: &[u8]) -> Result<Secret, Error> {
    let compact: Secret =
        Zeroizing::new(text.iter().copied().filter(|byte| !byte.is_ascii_whitespace()).collect());
    let wrong = || Error::Secret { key: "pfx", reason: "the variable does not hold base64".into() };
    let text = std::str::from_utf8(&compact).map_err(|_| wrong())?;
    Base64::decode_vec(text).map(Zeroizing::new).map_err(|_| wrong())
}
