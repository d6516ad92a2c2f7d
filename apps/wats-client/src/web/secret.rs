//! Secrets of the page: its password, and everything random.

use ring::rand::{SecureRandom, SystemRandom};
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;
use wats::Secret;

/// Rounds of PBKDF2-HMAC-SHA256: a fifth of a second of one core.
const ROUNDS: NonZeroU32 = NonZeroU32::new(600_000).expect("is not zero");
/// Most rounds that a stored hash may ask for.
const ROUNDS_LIMIT: u32 = 10_000_000;
/// How a stored hash starts.
const MARK: &str = "pbkdf2-sha256";
/// Fewest characters of a password.
pub(crate) const PASSWORD_LENGTH: usize = 10;

/// A password, to compare others with.
pub(crate) enum Password {
    /// As the page stores it: nobody can read it from there.
    Hashed {
        /// Rounds of the hash.
        rounds: NonZeroU32,
        /// Makes equal passwords look different.
        salt: Vec<u8>,
        /// The hash.
        hash: Vec<u8>,
    },
    /// As an administrator or a container engine hands it over.
    Plain(Secret),
}

impl Password {
    /// From what is stored.
    pub(crate) fn stored(secret: &Secret) -> Result<Self, String> {
        match secret.expose().strip_prefix(MARK) {
            Some(stored) => {
                parse(stored).ok_or_else(|| "the stored password is damaged: set it anew".to_owned())
            }
            None => check(secret.expose()).map(|()| Self::Plain(secret.clone())),
        }
    }

    /// Whether this is the password. Takes a while, by intention.
    pub(crate) fn is(&self, text: &str) -> bool {
        match self {
            Self::Plain(secret) => equal(secret.expose(), text),
            Self::Hashed { rounds, salt, hash } => {
                pbkdf2::verify(pbkdf2::PBKDF2_HMAC_SHA256, *rounds, salt, text.as_bytes(), hash).is_ok()
            }
        }
    }
}

/// The text to store for a password: it says whether another one is the same, and not what it is.
pub(crate) fn hashed(password: &str) -> Secret {
    hashed_with(password, ROUNDS)
}

fn hashed_with(password: &str, rounds: NonZeroU32) -> Secret {
    let (mut salt, mut hash) = ([0; 16], [0; digest::SHA256_OUTPUT_LEN]);
    fill(&mut salt);
    pbkdf2::derive(pbkdf2::PBKDF2_HMAC_SHA256, rounds, &salt, password.as_bytes(), &mut hash);
    Secret::new(format!("{MARK}:{rounds}:{}:{}", hex(&salt), hex(&hash)))
}

/// Whether a password is good enough.
pub(crate) fn check(password: &str) -> Result<(), String> {
    if password.chars().count() < PASSWORD_LENGTH {
        return Err(format!("a password needs at least {PASSWORD_LENGTH} characters"));
    }
    Ok(())
}

fn parse(stored: &str) -> Option<Password> {
    let mut parts = stored.strip_prefix(':')?.split(':');
    let (rounds, salt, hash) = (parts.next()?, parts.next()?, parts.next()?);
    let rounds = rounds.parse().ok().filter(|rounds: &NonZeroU32| rounds.get() <= ROUNDS_LIMIT)?;
    let (salt, hash) = (unhex(salt)?, unhex(hash)?);
    let is_whole = parts.next().is_none() && hash.len() == digest::SHA256_OUTPUT_LEN;
    is_whole.then_some(Password::Hashed { rounds, salt, hash })
}

/// 256 random bits as text.
pub(super) fn random_text() -> String {
    let mut bytes = [0; 32];
    fill(&mut bytes);
    hex(&bytes)
}

fn fill(bytes: &mut [u8]) {
    // An operating system that has no random numbers cannot be trusted with anything else either.
    SystemRandom::new().fill(bytes).expect("the operating system gives random numbers");
}

/// Whether two secrets are the same; how long that takes says nothing about where they differ.
pub(super) fn equal(one: &str, other: &str) -> bool {
    let key = hmac::Key::new(hmac::HMAC_SHA256, random_text().as_bytes());
    hmac::verify(&key, one.as_bytes(), hmac::sign(&key, other.as_bytes()).as_ref()).is_ok()
}

/// As hexadecimal digits.
pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    let (pairs, rest) = text.as_bytes().as_chunks::<2>();
    let digits = pairs.iter().map(|pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok());
    if rest.is_empty() { digits.collect() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_password_is_known_by_its_hash() {
        let stored = hashed_with("correct horse", NonZeroU32::MIN);
        assert!(stored.expose().starts_with("pbkdf2-sha256:1:") && !stored.expose().contains("correct"));
        let password = Password::stored(&stored).unwrap();
        assert!(password.is("correct horse") && !password.is("correct hors") && !password.is(""));
        assert_ne!(stored, hashed_with("correct horse", NonZeroU32::MIN));
    }

    #[test]
    fn a_password_may_be_stored_as_it_is() {
        let password = Password::stored(&Secret::new("correct horse")).unwrap();
        assert!(password.is("correct horse") && !password.is("correct horsE"));
        let refusal = |text: &str| Password::stored(&Secret::new(text)).err().unwrap();
        assert_eq!(refusal("short"), "a password needs at least 10 characters");
        for damaged in ["pbkdf2-sha256", "pbkdf2-sha256:1:00:zz", "pbkdf2-sha256:4000000000:00:00"] {
            assert!(refusal(damaged).contains("is damaged"), "{damaged}");
        }
    }

    #[test]
    fn secrets_are_compared_whole() {
        assert!(equal("a", "a") && !equal("a", "b") && !equal("a", "") && !equal("", "a"));
        assert_ne!(random_text(), random_text());
    }
}
