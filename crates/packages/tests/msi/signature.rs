//! A signed installer.

use std::fs;
use std::io::{Cursor, Write as _};
use std::path::Path;
use std::process::Command;
use std::time::{SystemTime, UNIX_EPOCH};

use landfall_authenticode::{Identity, Options, sign};

const CONFIG: &str = "
[req]
distinguished_name = name
x509_extensions = code
[name]
[code]
basicConstraints = critical, CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
";

/// The package, signed with a key that is made for it in `folder`; as it is, said aloud, without OpenSSL.
pub(crate) fn signed(package: Vec<u8>, folder: &Path) -> Vec<u8> {
    fs::write(folder.join("openssl.conf"), CONFIG).unwrap();
    let words = "req -config openssl.conf -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=Test \
                 -keyout key.pem -out certificate.pem";
    let Ok(made) = Command::new("openssl").args(words.split(' ')).current_dir(folder).output() else {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs openssl (apt-get install openssl)");
        return package;
    };
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    let [certificate, key] = ["certificate.pem", "key.pem"].map(|name| fs::read(folder.join(name)).unwrap());
    let identity = Identity::from_pem(&certificate, &key, None).unwrap();
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap().as_secs();
    let output = Cursor::new(Vec::new());
    sign(Cursor::new(package), output, &identity, &Options::new(now as i64 + 60)).unwrap().into_inner()
}
