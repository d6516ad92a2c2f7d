//! Signing, verifying, detaching, and everything that must be refused.

mod common;

use std::fs;
use std::io::{Cursor, Write};

use common::{
    KEYS, PASSWORD, authority, files, identity, now, openssl, osslsigncode, package, program, read, trust,
};
use landfall_authenticode::{
    CommandSigner, Error, Identity, Key, Kind, Options, TimestampAuthority, Trust, attach,
    certificates_from_pem, extract, remove, sign, verify,
};

fn sign_bytes(
    file: &[u8],
    identity: &Identity,
    options: &Options<'_>,
) -> landfall_authenticode::Result<Vec<u8>> {
    sign(Cursor::new(file), Cursor::new(Vec::new()), identity, options).map(Cursor::into_inner)
}

fn check(file: &[u8], root: &str) -> landfall_authenticode::Result<landfall_authenticode::Verification> {
    verify(Cursor::new(file), &trust(root), now())
}

fn options() -> Options<'static> {
    let mut options = Options::new(now());
    options.description = Some("Grüße 1.0".into());
    options.url = Some("https://example.com/".into());
    options
}

#[test]
fn osslsigncode_accepts_what_we_sign() {
    if authority().is_none() {
        return;
    }
    for key in KEYS {
        for (extension, file) in files() {
            let signed = sign_bytes(&file, &identity(key), &options()).unwrap();
            let Some((holds, text)) = osslsigncode(&signed, extension, &[]) else { return };
            assert!(holds, "{key} {extension}: {text}");
            assert!(text.contains("https://example.com/"), "{text}");
        }
    }
}

#[test]
fn what_a_signature_says() {
    if authority().is_none() {
        return;
    }
    for key in KEYS {
        for (extension, file) in files() {
            let mut options = options();
            options.signing_time = Some(1_700_000_000);
            let signed = sign_bytes(&file, &identity(key), &options).unwrap();
            let said = check(&signed, "root").unwrap();
            let kind = if extension == "msi" { Kind::Msi } else { Kind::Pe };
            assert_eq!((said.kind, said.msi_metadata), (kind, kind == Kind::Msi));
            assert_eq!(
                said.chain,
                [&*format!("CN=Test {key},O=Example"), "CN=Test sub,O=Example", "CN=Test root"]
            );
            assert_eq!(said.description.as_deref(), Some("Grüße 1.0"));
            assert_eq!(said.url.as_deref(), Some("https://example.com/"));
            assert_eq!((said.signing_time, said.timestamp), (Some(1_700_000_000), None));
            let stated = landfall_authenticode::state(std::io::Cursor::new(&signed)).unwrap();
            assert_eq!((&stated.signer, &*stated.issuer), (&said.chain[0], "CN=Test sub,O=Example"));
            assert_eq!((stated.description, stated.url), (said.description, said.url));
            assert!(stated.unchanged && stated.timestamp.is_none());
        }
    }
}

#[test]
fn the_same_file_gets_the_same_signature() {
    if authority().is_none() {
        return;
    }
    for key in KEYS {
        for (_, file) in files() {
            let once = sign_bytes(&file, &identity(key), &options()).unwrap();
            // The moment of signing is no part of it, and a signature that is there is replaced.
            let later = Options { now: now() + 86_400, ..options() };
            assert!(once == sign_bytes(&file, &identity(key), &later).unwrap());
            assert!(once == sign_bytes(&once, &identity(key), &options()).unwrap());
        }
    }
}

#[test]
fn a_signature_can_be_taken_out_and_put_back() {
    if authority().is_none() {
        return;
    }
    for (extension, file) in files() {
        for metadata in [true, false] {
            let options = Options { msi_metadata: metadata, ..options() };
            let signed = sign_bytes(&file, &identity("p256"), &options).unwrap();
            let signature = extract(Cursor::new(&signed)).unwrap();
            let put_back =
                attach(Cursor::new(&file), &signature, Cursor::new(Vec::new())).unwrap().into_inner();
            assert!(put_back == signed, "{extension}");
            let bare = remove(Cursor::new(&signed), Cursor::new(Vec::new())).unwrap().into_inner();
            assert!(matches!(check(&bare, "root"), Err(Error::NotSigned)));
            assert!(
                attach(Cursor::new(&bare), &signature, Cursor::new(Vec::new())).unwrap().into_inner()
                    == signed
            );
        }
    }
    let signature =
        extract(Cursor::new(sign_bytes(&package(), &identity("rsa"), &options()).unwrap())).unwrap();
    let other = attach(Cursor::new(program(true, 0)), &signature, Cursor::new(Vec::new()));
    assert!(matches!(other, Err(Error::DigestMismatch)));
}

/// Whether a changed file is accepted.
fn accepted(file: &[u8]) -> bool {
    check(file, "root").is_ok()
}

#[test]
fn one_changed_byte_is_noticed() {
    if authority().is_none() {
        return;
    }
    for plus in [true, false] {
        let signed = sign_bytes(&program(plus, 1003), &identity("p256"), &options()).unwrap();
        let checksum = 0x98 + 64..0x98 + 68;
        for at in 0..signed.len() {
            let mut changed = signed.clone();
            changed[at] ^= 1;
            // The checksum of a program is part of no signature.
            assert_eq!(accepted(&changed), checksum.contains(&at), "byte {at} of {}", signed.len());
        }
        for longer in [vec![0], vec![0; 8], b"evil".to_vec()] {
            assert!(!accepted(&[signed.clone(), longer].concat()));
        }
    }
}

#[test]
fn one_changed_byte_of_any_stream_is_noticed() {
    if authority().is_none() {
        return;
    }
    use std::io::{Read, Seek, SeekFrom};
    for metadata in [true, false] {
        let options = Options { msi_metadata: metadata, ..options() };
        let signed = sign_bytes(&package(), &identity("rsa"), &options).unwrap();
        let names: Vec<_> = {
            let package = cfb::CompoundFile::open(Cursor::new(&signed)).unwrap();
            package
                .walk()
                .filter(|e| e.is_stream() && !e.is_empty())
                .map(|e| (e.path().to_owned(), e.len()))
                .collect()
        };
        assert_eq!(names.len(), if metadata { 7 } else { 6 });
        for (name, size) in names {
            for at in [0, size / 2, size - 1] {
                let mut package = cfb::CompoundFile::open(Cursor::new(signed.clone())).unwrap();
                let mut stream = package.open_stream(&name).unwrap();
                let mut byte = [0];
                stream.seek(SeekFrom::Start(at)).unwrap();
                stream.read_exact(&mut byte).unwrap();
                stream.seek(SeekFrom::Start(at)).unwrap();
                stream.write_all(&[byte[0] ^ 1]).unwrap();
                drop(stream);
                package.flush().unwrap();
                assert!(!accepted(package.into_inner().get_ref()), "byte {at} of {}", name.display());
            }
        }
    }
    // Metadata and additional streams.
    let signed = sign_bytes(&package(), &identity("rsa"), &options()).unwrap();
    let mut package = cfb::CompoundFile::open(Cursor::new(signed)).unwrap();
    package.create_stream("/empty too").unwrap();
    package.flush().unwrap();
    assert!(matches!(check(package.into_inner().get_ref(), "root"), Err(Error::DigestMismatch)));
}

const WIX: &str = r#"<Wix xmlns="http://schemas.microsoft.com/wix/2006/wi">
<Product Id="*" UpgradeCode="6f3f8d1e-55a8-4c3a-9f0e-0a4b8f6c2d11" Name="Example" Version="1.0.0"
  Manufacturer="Example" Language="1033">
<Package InstallerVersion="200" Compressed="yes"/><Media Id="1" Cabinet="a.cab" EmbedCab="yes"/>
<Directory Id="TARGETDIR" Name="SourceDir">
<Component Id="C" Guid="6f3f8d1e-55a8-4c3a-9f0e-0a4b8f6c2d12"><File Id="F" Source="a.txt" KeyPath="yes"/></Component>
</Directory><Feature Id="D" Level="1"><ComponentRef Id="C"/></Feature></Product></Wix>"#;

#[test]
fn a_signed_package_is_still_a_package() {
    if authority().is_none() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let content: Vec<u8> = (0..3_000_000_u32).map(|i| (i.wrapping_mul(i) >> 13) as u8).collect();
    fs::write(folder.path().join("a.txt"), &content).unwrap();
    fs::write(folder.path().join("a.wxs"), WIX).unwrap();
    let run = |program: &str, arguments: &[&str]| match common::run(program, arguments, folder.path()) {
        Ok(output) => {
            assert!(output.status.success(), "{program}: {}", String::from_utf8_lossy(&output.stderr));
            Some(String::from_utf8_lossy(&output.stdout).into_owned())
        }
        Err(_) => {
            let _ = writeln!(std::io::stderr(), "SKIPPED: needs {program} (apt-get install wixl msitools)");
            None
        }
    };
    if run("wixl", &["-o", "a.msi", "a.wxs"]).is_none() {
        return;
    }
    let signed =
        sign_bytes(&fs::read(folder.path().join("a.msi")).unwrap(), &identity("rsa"), &options()).unwrap();
    check(&signed, "root").unwrap();
    fs::write(folder.path().join("signed.msi"), &signed).unwrap();
    let tables = |file: &str| run("msiinfo", &["export", file, "File"]);
    let (Some(before), Some(after)) = (tables("a.msi"), tables("signed.msi")) else { return };
    assert_eq!(before, after);
    run("msiextract", &["-C", "out", "signed.msi"]);
    assert!(fs::read(folder.path().join("out/a.txt")).unwrap() == content);
    if let Some((holds, text)) = osslsigncode(&signed, "msi", &[]) {
        assert!(holds, "{text}");
    }
}

#[test]
fn damage_to_the_structure_of_a_package_does_no_harm() {
    if authority().is_none() {
        return;
    }
    let signed = sign_bytes(&package(), &identity("p256"), &options()).unwrap();
    let directory = signed.windows(8).position(|w| w == b"R\0o\0o\0t\0").unwrap();
    for at in (0..2048).chain(directory..directory + 1024).step_by(3) {
        for value in [0, 0xff] {
            let mut changed = signed.clone();
            changed[at] = value;
            // Neither a panic nor a hang; some bytes mean nothing.
            let _ = extract(Cursor::new(&changed));
            if at % 8 == 0 {
                let _ = check(&changed, "root");
            }
        }
    }
}

#[test]
fn osslsigncode_refuses_what_we_refuse() {
    if authority().is_none() {
        return;
    }
    let mut signed = sign_bytes(&program(true, 1003), &identity("p256"), &options()).unwrap();
    signed[0x210] ^= 1;
    if let Some((holds, text)) = osslsigncode(&signed, "exe", &[]) {
        assert!(!holds, "{text}");
    }
}

#[test]
fn we_verify_what_osslsigncode_signs() {
    let Some(authority) = authority() else { return };
    for (extension, file) in files() {
        for (key, more) in [("rsa", &["-add-msi-dse"][..]), ("p384", &[])] {
            let folder = tempfile::tempdir().unwrap();
            fs::write(folder.path().join("in"), &file).unwrap();
            let (chain, key) =
                (authority.join(format!("{key}-chain.pem")), authority.join(format!("{key}.key")));
            let mut arguments =
                vec!["sign", "-certs", chain.to_str().unwrap(), "-key", key.to_str().unwrap()];
            arguments.extend(["-h", "sha384", "-n", "theirs", "-in", "in", "-out", "out"]);
            if extension == "msi" {
                arguments.extend(more);
                // It cannot follow the sectors of every package.
                let bare = remove(Cursor::new(&file), Cursor::new(Vec::new())).unwrap().into_inner();
                fs::write(folder.path().join("in"), bare).unwrap();
            }
            let Ok(output) = common::run("osslsigncode", &arguments, folder.path()) else { return };
            assert!(output.status.success(), "{extension}: {}", String::from_utf8_lossy(&output.stdout));
            let said = check(&fs::read(folder.path().join("out")).unwrap(), "root").unwrap();
            assert_eq!(said.description.as_deref(), Some("theirs"));
            assert_eq!(said.msi_metadata, extension == "msi" && !more.is_empty());
        }
    }
}

/// A timestamp authority as a function.
fn tsa(_url: &str, query: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
    let folder = tempfile::tempdir()?;
    let authority = authority().ok_or("no authority")?;
    // The authority counts in a file of its own.
    static SERIAL: std::sync::Mutex<()> = std::sync::Mutex::new(());
    let _turn = SERIAL.lock().map_err(|_| "poisoned")?;
    fs::write(folder.path().join("query"), query)?;
    let output = std::process::Command::new("openssl")
        .args(["ts", "-reply", "-config", "config", "-section", "tsa_config", "-queryfile"])
        .arg(folder.path().join("query"))
        .arg("-out")
        .arg(folder.path().join("reply"))
        .current_dir(authority)
        .env("FOLDER", authority)
        .output()?;
    if !output.status.success() {
        return Err(String::from_utf8_lossy(&output.stderr).into());
    }
    Ok(fs::read(folder.path().join("reply"))?)
}

#[test]
fn a_timestamp_outlives_the_certificate() {
    if authority().is_none() {
        return;
    }
    let authority = TimestampAuthority { url: "http://tsa.example/".into(), transport: &tsa };
    for (extension, file) in files() {
        let options = Options { timestamp: Some(authority.clone()), ..options() };
        let signed = sign_bytes(&file, &identity("rsa"), &options).unwrap();
        let said = check(&signed, "root").unwrap();
        let stamp = said.timestamp.unwrap();
        assert!((now() - stamp.time).abs() < 600, "{stamp:?}");
        assert_eq!(stamp.chain, ["CN=Test time,O=Example", "CN=Test root"]);
        // In two hundred years the certificates are no longer valid, what they signed today is.
        let then = now() + 200 * 365 * 86_400;
        verify(Cursor::new(&signed), &trust("root"), then).unwrap();
        let bare = sign_bytes(&file, &identity("rsa"), &self::options()).unwrap();
        assert!(matches!(verify(Cursor::new(&bare), &trust("root"), then), Err(Error::NotValid { .. })));
        if let Some((holds, text)) = osslsigncode(&signed, extension, &[]) {
            assert!(holds && text.contains("Timestamp Server Signature verification: ok"), "{text}");
        }
        let mistrust = Trust { timestamps: trust("other").code_signing, ..trust("root") };
        assert!(matches!(verify(Cursor::new(&signed), &mistrust, now()), Err(Error::Untrusted { .. })));
        // The timestamp of another signature does not count.
        let signature = extract(Cursor::new(&signed)).unwrap();
        let again = attach(Cursor::new(&file), &signature, Cursor::new(Vec::new())).unwrap().into_inner();
        assert!(again == signed, "{extension}");
    }
}

#[test]
fn answers_that_are_no_timestamps() {
    if authority().is_none() {
        return;
    }
    let refuse = |transport: &dyn landfall_authenticode::Transport| {
        let timestamp = Some(TimestampAuthority { url: "http://tsa.example/".into(), transport });
        let error =
            sign_bytes(&program(true, 0), &identity("rsa"), &Options { timestamp, ..options() }).unwrap_err();
        let text = error.to_string();
        assert!(text.starts_with("the timestamp authority http://tsa.example/: "), "{text}");
        text
    };
    assert!(refuse(&|_: &str, _: &[u8]| Err("status 503".into())).ends_with("status 503"));
    assert!(refuse(&|_: &str, _: &[u8]| Ok(b"<html>".to_vec())).contains("no timestamp response"));
    // status 2 (rejection) without a token.
    let rejection = b"\x30\x05\x30\x03\x02\x01\x02".to_vec();
    assert!(refuse(&move |_: &str, _: &[u8]| Ok(rejection.clone())).contains("refused with status 2"));
    // An honest timestamp of something else.
    let other = |url: &str, query: &[u8]| {
        let mut query = query.to_vec();
        let at = query.len() - 10;
        query[at] ^= 1;
        tsa(url, &query)
    };
    assert!(refuse(&other).contains("that of another signature"));
}

#[test]
fn certificates_that_must_not_sign() {
    if authority().is_none() {
        return;
    }
    let file = program(true, 0);
    let late = Options::new(now() + 200 * 365 * 86_400);
    assert!(matches!(sign_bytes(&file, &identity("rsa"), &late), Err(Error::NotValid { .. })));
    assert!(matches!(sign_bytes(&file, &identity("rsa"), &Options::new(0)), Err(Error::NotValid { .. })));
    let error = sign_bytes(&file, &identity("server"), &options()).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the certificate of CN=Test server,O=Example is not meant for code signing"
    );
    let wrong = Identity::from_pem(&read("rsa-chain.pem"), &read("p256.key"), None);
    assert!(matches!(wrong, Err(Error::KeyMismatch { .. })));
    let certificates = certificates_from_pem(&read("p256.pem")).unwrap();
    let key = Key::from_pem(&read("p384.key"), None).unwrap();
    let wrong = Identity::external(certificates, Box::new(key)).unwrap();
    assert!(matches!(sign_bytes(&file, &wrong, &options()), Err(Error::KeyMismatch { .. })));
    let signed = sign_bytes(&file, &identity("rsa"), &options()).unwrap();
    assert!(matches!(check(&signed, "other"), Err(Error::Untrusted { .. })));
    // Without the certificate between, no chain can be made.
    let alone = Identity::from_pem(&read("rsa.pem"), &read("rsa.key"), None).unwrap();
    let signed = sign_bytes(&file, &alone, &options()).unwrap();
    let error = check(&signed, "root").unwrap_err().to_string();
    assert!(error.ends_with("CN=Test sub,O=Example is not known"), "{error}");
    // A signer may be trusted without its authority.
    check(&signed, "rsa").unwrap();
}

#[test]
fn keys_in_every_form() {
    let Some(folder) = authority() else { return };
    let file = program(true, 0);
    for key in KEYS {
        let expected = sign_bytes(&file, &identity(key), &options()).unwrap();
        let space = PASSWORD.replace(' ', "_");
        openssl(
            folder,
            &format!("pkcs8 -topk8 -in {key}.key -v2 aes-256-cbc -passout pass:{space} -out {key}.p8"),
        );
        let chain = read(format!("{key}-chain.pem"));
        let pem = read(format!("{key}.p8"));
        let identity = Identity::from_pem(&chain, &pem, Some(PASSWORD)).unwrap();
        assert!(sign_bytes(&file, &identity, &options()).unwrap() == expected);
        assert!(matches!(Identity::from_pem(&chain, &pem, Some("wrong")), Err(Error::Password("key"))));
        assert!(matches!(Identity::from_pem(&chain, &pem, None), Err(Error::Identity { .. })));
        let old = if key == "rsa" { "rsa" } else { "ec" };
        let traditional = if key == "rsa" { "-traditional" } else { "" };
        openssl(folder, &format!("{old} -in {key}.key {traditional} -out {key}.old"));
        let identity = Identity::from_pem(&chain, &read(format!("{key}.old")), None).unwrap();
        assert!(sign_bytes(&file, &identity, &options()).unwrap() == expected);
        // As OpenSSL 3 and today's Windows write them, and as older programs do.
        for (form, more) in [
            ("new", ""),
            ("sha1", "-keypbe PBE-SHA1-3DES -certpbe PBE-SHA1-3DES -macalg sha1"),
            ("legacy", "-legacy"),
        ] {
            let pfx = format!("{key}-{form}.pfx");
            openssl(
                folder,
                &format!(
                    "pkcs12 -export -inkey {key}.key -in {key}-chain.pem -passout pass:{space} {more} -out {pfx}"
                ),
            );
            let identity = Identity::from_pfx(&read(&pfx), PASSWORD).unwrap();
            assert!(sign_bytes(&file, &identity, &options()).unwrap() == expected, "{pfx}");
            let error = Identity::from_pfx(&read(&pfx), "wrong horse").unwrap_err();
            assert_eq!(error.to_string(), "the password of the PFX file is wrong");
        }
    }
}

#[test]
fn a_program_holds_the_key() {
    let Some(folder) = authority() else { return };
    for key in KEYS {
        let path = folder.join(format!("{key}.key"));
        let signer = |path: &std::path::Path| {
            let arguments =
                ["pkeyutl", "-sign", "-pkeyopt", "digest:sha256", "-inkey", path.to_str().unwrap()];
            CommandSigner { program: "openssl".into(), arguments: arguments.map(String::from).to_vec() }
        };
        let mut certificates = certificates_from_pem(&read(format!("{key}-chain.pem"))).unwrap();
        certificates.swap(0, 1);
        let identity = Identity::external(certificates.clone(), Box::new(signer(&path))).unwrap();
        let signed = sign_bytes(&package(), &identity, &options()).unwrap();
        check(&signed, "root").unwrap();
        let missing = Identity::external(certificates, Box::new(signer(&folder.join("none.key")))).unwrap();
        let error = sign_bytes(&package(), &missing, &options()).unwrap_err().to_string();
        assert!(error.starts_with("the external signer failed: openssl ended with"), "{error}");
    }
}

#[test]
fn keys_are_not_shown() {
    if authority().is_none() {
        return;
    }
    let key = Key::from_pem(&read("rsa.key"), None).unwrap();
    assert_eq!(format!("{key:?}"), "Key(RSA, 2048 bits)");
    assert_eq!(format!("{:?}", identity("p256")), "Identity { subject: \"CN=Test p256,O=Example\", .. }");
    let key = String::from_utf8(read("rsa.key")).unwrap().replace("MII", "M!!");
    let error = Key::from_pem(key.as_bytes(), None).unwrap_err();
    assert!(error.to_string().len() < 100 && !format!("{error:?}").contains("M!!"), "{error:?}");
}

#[test]
fn files_that_are_none() {
    if authority().is_none() {
        return;
    }
    for file in [&b""[..], b"M", b"PK\x03\x04", b"\x7fELF"] {
        assert!(matches!(sign_bytes(file, &identity("rsa"), &options()), Err(Error::UnknownKind)));
    }
    let whole = program(true, 0);
    // Up to the end of the entry that names the signature.
    for length in 2..0x98 + 112 + 40 {
        assert!(matches!(
            sign_bytes(&whole[..length], &identity("p256"), &options()),
            Err(Error::Damaged(_))
        ));
    }
    let whole = package();
    for length in (8..whole.len()).step_by(1999) {
        assert!(sign_bytes(&whole[..length], &identity("p256"), &options()).is_err(), "{length}");
    }
}
