//! A test authority made by OpenSSL, and files to sign.
#![allow(dead_code, reason = "each test uses a part")]

use std::fs;
use std::io::{Cursor, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Output};
use std::sync::LazyLock;

use landfall_authenticode::{Identity, Trust, certificates_from_pem};
use tempfile::TempDir;

/// Keys that certificates are made for.
pub(crate) const KEYS: [&str; 3] = ["rsa", "p256", "p384"];
/// Password of everything that has one.
pub(crate) const PASSWORD: &str = "correct horse";

const CONFIG: &str = "
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
subjectKeyIdentifier = hash
[sub]
basicConstraints = critical, CA:TRUE, pathlen:0
keyUsage = critical, keyCertSign, cRLSign
extendedKeyUsage = codeSigning
[code]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
[server]
keyUsage = critical, digitalSignature
extendedKeyUsage = serverAuth
[time]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[req]
distinguished_name = name
[name]
[tsa]
default_tsa = tsa_config
[tsa_config]
serial = $ENV::FOLDER/serial
signer_cert = $ENV::FOLDER/time.pem
certs = $ENV::FOLDER/root.pem
signer_key = $ENV::FOLDER/time.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
";

/// The folder of the authority; `None`, with a visible line, where OpenSSL is missing.
pub(crate) fn authority() -> Option<&'static Path> {
    static AUTHORITY: LazyLock<Option<TempDir>> = LazyLock::new(make_authority);
    AUTHORITY.as_ref().map(TempDir::path)
}

/// Runs a program in `folder`.
pub(crate) fn run(program: &str, arguments: &[&str], folder: &Path) -> std::io::Result<Output> {
    Command::new(program)
        .args(arguments)
        .current_dir(folder)
        .env("FOLDER", folder)
        .env("LC_ALL", "C.UTF-8")
        .output()
}

pub(crate) fn openssl(folder: &Path, arguments: &str) {
    let arguments: Vec<String> = arguments.split_whitespace().map(|a| a.replace('_', " ")).collect();
    let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
    let output = run("openssl", &arguments, folder).unwrap();
    assert!(output.status.success(), "openssl {arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
}

fn make_authority() -> Option<TempDir> {
    if Command::new("openssl").arg("version").output().is_err() {
        let _ = writeln!(std::io::stderr(), "SKIPPED: needs openssl (apt-get install openssl)");
        return None;
    }
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path();
    fs::write(path.join("config"), CONFIG).unwrap();
    let key = |name: &str, algorithm: &str| {
        let option = match algorithm {
            "rsa" => "-algorithm RSA -pkeyopt rsa_keygen_bits:2048".replace("rsa_keygen", "rsa\u{1}keygen"),
            "p256" => "-algorithm EC -pkeyopt ec\u{1}paramgen\u{1}curve:P-256".into(),
            _ => "-algorithm EC -pkeyopt ec\u{1}paramgen\u{1}curve:P-384".into(),
        };
        let arguments = format!("genpkey {option} -out {name}.key");
        let arguments: Vec<String> = arguments.split(' ').map(|a| a.replace('\u{1}', "_")).collect();
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        assert!(run("openssl", &arguments, path).unwrap().status.success());
    };
    for root in ["root", "other"] {
        key(root, "rsa");
        openssl(
            path,
            &format!(
                "req -config config -x509 -key {root}.key -subj /CN=Test_{root} -days 36500 -extensions ca -out {root}.pem"
            ),
        );
    }
    let issue = |name: &str, issuer: &str, extensions: &str| {
        openssl(
            path,
            &format!(
                "req -config config -new -key {name}.key -subj /O=Example/CN=Test_{name} -out {name}.csr"
            ),
        );
        openssl(
            path,
            &format!(
                "x509 -req -in {name}.csr -CA {issuer}.pem -CAkey {issuer}.key -CAcreateserial -days 36500 -sha384 \
             -extfile config -extensions {extensions} -out {name}.pem"
            ),
        );
    };
    key("sub", "p384");
    issue("sub", "root", "sub");
    for name in KEYS {
        key(name, name);
        issue(name, "sub", "code");
    }
    key("server", "p256");
    issue("server", "sub", "server");
    key("time", "rsa");
    issue("time", "root", "time");
    for name in ["rsa", "p256", "p384", "server"] {
        let chain =
            ["sub", name, "root"].map(|name| fs::read(path.join(format!("{name}.pem"))).unwrap()).concat();
        fs::write(path.join(format!("{name}-chain.pem")), chain).unwrap();
    }
    Some(folder)
}

pub(crate) fn read(name: impl AsRef<Path>) -> Vec<u8> {
    fs::read(authority().unwrap().join(name)).unwrap()
}

/// The identity of a certificate of the authority, from PEM files.
pub(crate) fn identity(name: &str) -> Identity {
    Identity::from_pem(&read(format!("{name}-chain.pem")), &read(format!("{name}.key")), None).unwrap()
}

pub(crate) fn trust(root: &str) -> Trust {
    let roots = certificates_from_pem(&read(format!("{root}.pem"))).unwrap();
    Trust { code_signing: roots.clone(), timestamps: roots }
}

/// Today, as far as the certificates are concerned.
pub(crate) fn now() -> i64 {
    std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap().as_secs() as i64 + 60
}

/// A program with one section and `extra` bytes behind it.
pub(crate) fn program(plus: bool, extra: usize) -> Vec<u8> {
    let mut file = vec![0; 0x400];
    let mut put = |at: usize, bytes: &[u8]| file[at..at + bytes.len()].copy_from_slice(bytes);
    put(0, b"MZ");
    put(0x3c, &0x80_u32.to_le_bytes());
    put(0x80, b"PE\0\0");
    // COFF header: machine, one section, size of the optional header, executable.
    put(0x84, &if plus { 0x8664_u16 } else { 0x14c }.to_le_bytes());
    put(0x86, &1_u16.to_le_bytes());
    let (size, count) = if plus { (240_u16, 0x98 + 108) } else { (224, 0x98 + 92) };
    put(0x94, &size.to_le_bytes());
    put(0x96, &0x22_u16.to_le_bytes());
    put(0x98, &if plus { 0x20b_u16 } else { 0x10b }.to_le_bytes());
    put(0x98 + 60, &0x200_u32.to_le_bytes());
    put(count, &16_u32.to_le_bytes());
    let section = 0x98 + usize::from(size);
    put(section, b".text");
    put(section + 16, &0x200_u32.to_le_bytes());
    put(section + 20, &0x200_u32.to_le_bytes());
    put(0x200, &[0xc3; 0x200]);
    file.extend((0..extra).map(|i| (i * 7) as u8));
    file
}

/// A package as an installer database is made: small and large streams, in no order, and a storage. Some were
/// written twice, so that their sectors are out of order.
pub(crate) fn package() -> Vec<u8> {
    let mut package = cfb::CompoundFile::create(Cursor::new(Vec::new())).unwrap();
    let write = |package: &mut cfb::CompoundFile<Cursor<Vec<u8>>>, name: &str, size: usize| {
        let content: Vec<u8> = (0..size).map(|i| ((i * 31) >> 3) as u8 ^ name.len() as u8).collect();
        package.create_stream(name).unwrap().write_all(&content).unwrap();
    };
    let class = "000c1084-0000-0000-c000-000000000046".parse().unwrap();
    package.set_storage_clsid("/", class).unwrap();
    for (name, size) in [("/b", 70_000), ("/a", 100), ("/\u{5}SummaryInformation", 300), ("/empty", 0)] {
        write(&mut package, name, size);
    }
    package.create_storage("/transform").unwrap();
    package.set_storage_clsid("/transform", class).unwrap();
    write(&mut package, "/transform/\u{4840}\u{3f7f}", 5000);
    package.remove_stream("/b").unwrap();
    write(&mut package, "/abc", 4096);
    write(&mut package, "/a", 12_345);
    write(&mut package, "/b", 200_000);
    package.into_inner().into_inner()
}

/// Every kind of file, with an extension.
pub(crate) fn files() -> Vec<(&'static str, Vec<u8>)> {
    vec![("exe", program(true, 1003)), ("dll", program(false, 0)), ("msi", package())]
}

/// What osslsigncode says; `None`, with a visible line, where it is missing.
pub(crate) fn osslsigncode(file: &[u8], extension: &str, more: &[&str]) -> Option<(bool, String)> {
    let folder = tempfile::tempdir().unwrap();
    let name = format!("file.{extension}");
    fs::write(folder.path().join(&name), file).unwrap();
    let root: PathBuf = authority().unwrap().join("root.pem");
    let root = root.to_str().unwrap();
    let mut arguments = vec!["verify", "-CAfile", root, "-TSA-CAfile", root, "-in", &name];
    arguments.extend(more);
    match run("osslsigncode", &arguments, folder.path()) {
        Ok(output) => {
            let text = String::from_utf8_lossy(&[output.stdout, output.stderr].concat()).into_owned();
            Some((output.status.success(), text))
        }
        Err(_) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs osslsigncode (apt-get install osslsigncode)");
            None
        }
    }
}
