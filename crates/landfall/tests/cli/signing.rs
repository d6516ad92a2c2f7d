//! Signed programs and installers, judged by osslsigncode with an authority made by OpenSSL.

use std::fs;
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::Path;
use std::process::Command;

use crate::support::{Project, has, tool};

const PASSWORD: &str = "correct horse";
const TARGET: &str = "x86_64-pc-windows-gnu";
const MSI: &str = "demo-1.2.3-x64.msi";

const CONFIG: &str = "
[ca]
basicConstraints = critical, CA:TRUE
keyUsage = critical, keyCertSign, cRLSign
[code]
basicConstraints = CA:FALSE
keyUsage = critical, digitalSignature
extendedKeyUsage = codeSigning
[time]
keyUsage = critical, digitalSignature
extendedKeyUsage = critical, timeStamping
[req]
distinguished_name = name
[name]
[tsa]
default_tsa = authority
[authority]
serial = serial
signer_cert = time.pem
certs = root.pem
signer_key = time.key
signer_digest = sha256
default_policy = 1.2.3.4
digests = sha256
ess_cert_id_alg = sha256
";

/// A project with a Windows program and what signs it; `None` where a tool is missing.
fn project(sign: &str) -> Option<Project> {
    if !["openssl", "osslsigncode", "msiextract", "x86_64-w64-mingw32-gcc"].iter().all(|name| has(name)) {
        return None;
    }
    let manifest =
        format!("\n[programs.demo]\npath = \"demo.exe\"\ntargets = [\"{TARGET}\"]\n[sign.windows]\n{sign}\n");
    let p = Project::new(&manifest);
    p.file("demo.c", "int main(void) { return 0; }\n").file("keys/config", CONFIG);
    let folder = p.path("");
    shell(&folder, "x86_64-w64-mingw32-gcc -Os -s -o demo.exe demo.c");
    shell(
        &p.path("keys"),
        &format!(
            "for name in root code time; do openssl genpkey -algorithm EC -pkeyopt ec_paramgen_curve:P-256 -out $name.key; done
             openssl req -config config -x509 -key root.key -subj '/CN=Test root' -days 3650 -extensions ca -out root.pem
             for name in code time; do
               openssl req -config config -new -key $name.key -subj \"/O=Example/CN=Test $name\" -out $name.csr
               openssl x509 -req -in $name.csr -CA root.pem -CAkey root.key -CAcreateserial -days 3650 -extfile config \
                 -extensions $name -out $name.pem
             done
             openssl pkcs12 -export -inkey code.key -in code.pem -passout 'pass:{PASSWORD}' -out code.pfx"
        ),
    );
    Some(p)
}

fn shell(folder: &Path, script: &str) {
    let out = Command::new("sh").args(["-ec", script]).current_dir(folder).output().unwrap();
    assert!(out.status.success(), "{script}: {}", String::from_utf8_lossy(&out.stderr));
}

/// What osslsigncode says of a file that must be signed well.
fn judged(p: &Project, file: &str) -> String {
    let root = p.path("keys/root.pem");
    let root = root.to_str().unwrap();
    let file = p.path(file);
    let arguments = ["verify", "-CAfile", root, "-TSA-CAfile", root, "-in", file.to_str().unwrap()];
    tool("osslsigncode", &arguments)
}

#[test]
fn programs_and_installers_are_signed_with_a_pfx_file() {
    let Some(p) = project("pfx = { file-env = \"DEMO_PFX\" }\npassword = { env = \"DEMO_PASSWORD\" }") else {
        return;
    };
    let build = |output: &str| {
        let command = p.command(&format!("build --target {TARGET} --format msi,zip,exe --output {output}"));
        command.env("DEMO_PFX", "keys/code.pfx").env("DEMO_PASSWORD", PASSWORD)
    };
    let ran = build("dist").ran();
    ran.ok();
    assert!(
        ran.stderr().contains("signing for Windows as") && ran.stderr().contains("Test code"),
        "{}",
        ran.stderr()
    );
    assert!(!ran.stderr().contains(PASSWORD) && !ran.stdout().contains(PASSWORD));
    let zip = format!("demo-1.2.3-{TARGET}.zip");
    let alone = format!("demo-1.2.3-{TARGET}.exe");
    assert_eq!(p.names("dist"), ["SHA256SUMS", MSI, &alone, &zip, "release.json"]);
    judged(&p, &format!("dist/{alone}"));
    let shown = p.run(&format!("inspect dist/{alone}")).ok();
    assert!(shown.contains("demo 1.2.3 x86_64") && shown.contains("of this file"), "{shown}");

    let said = judged(&p, &format!("dist/{MSI}"));
    assert!(said.contains("https://example.com/demo"), "{said}");
    // The program in it was signed before it was packed.
    let script = format!(
        "msiextract -C unpacked dist/{MSI} && find unpacked -name demo.exe -exec cp {{}} packed.exe ';'"
    );
    shell(&p.path(""), &format!("mkdir unpacked && {script}"));
    judged(&p, "packed.exe");
    // The signature covers what packing gave it.
    let program = fs::read(p.path("packed.exe")).unwrap();
    let has = |bytes: &[u8]| program.windows(bytes.len()).any(|found| found == bytes);
    let version: Vec<u8> = "ProductVersion\u{0}1.2.3\0".encode_utf16().flat_map(u16::to_le_bytes).collect();
    assert!(has(&version) && has(b"longPathAware"));
    let sums = format!("cd {} && sha256sum --check --quiet SHA256SUMS", p.path("dist").display());
    tool("sh", &["-c", &sums]);

    let shown = p.run(&format!("inspect dist/{MSI}")).ok();
    for said in ["of this file", "Test code", "Test root", "https://example.com/demo", "File (1)", "demo.exe"]
    {
        assert!(shown.contains(said), "{said}: {shown}");
    }

    // The same key gives the same bytes.
    build("again").ran().ok();
    assert_eq!(fs::read(p.path("dist").join(MSI)).unwrap(), fs::read(p.path("again").join(MSI)).unwrap());

    let verified = p.run(&format!("signature verify dist/{MSI} --roots keys/root.pem")).ok();
    assert!(verified.contains("Test code") && verified.contains("https://example.com/demo"), "{verified}");
    p.run(&format!("signature verify dist/{MSI} --roots keys/time.pem")).fails(9, &["no chain"]);
}

#[test]
fn what_keeps_a_build_from_being_signed_is_said() {
    let Some(p) = project("pfx = { env = \"DEMO_PFX\" }\npassword = { file = \"keys/password\" }") else {
        return;
    };
    let build = format!("build --target {TARGET} --format msi");
    p.run(&build).fails(9, &["password", "keys/password", "No such file"]);
    p.file("keys/password", "not-this-one\n");
    p.run(&build).fails(9, &["DEMO_PFX", "is not set", "--unsigned"]);
    p.command(&build).env("DEMO_PFX", "no base64!").ran().fails(9, &["does not hold base64"]);
    let pfx = tool("base64", &[p.path("keys/code.pfx").to_str().unwrap()]);
    let ran = p.command(&build).env("DEMO_PFX", &pfx).ran();
    ran.fails(9, &["the password of the"]);
    assert!(!ran.stderr().contains("not-this-one") && !ran.stderr().contains(&pfx[..40]), "{}", ran.stderr());
    assert!(!p.path("dist").exists());
    p.file("keys/password", &format!("{PASSWORD}\n"));
    p.command(&build).env("DEMO_PFX", &pfx).ran().ok();
    judged(&p, &format!("dist/{MSI}"));
    // Without the key, what nobody else gets.
    p.run(&format!("{build} --unsigned --output trial")).ok();
    p.run(&format!("signature verify trial/{MSI} --roots keys/root.pem")).fails(9, &["not signed"]);
}

#[test]
fn a_command_signs_and_an_authority_confirms_the_time() {
    let sign = "certificate = { file = \"keys/code.pem\" }\ncommand = [\"openssl\", \"pkeyutl\", \"-sign\", \
                \"-inkey\", \"keys/code.key\"]\ntimestamp = \"http://ADDRESS/\"\ndescription = \"Demo one\"";
    let Some(p) = project(sign) else { return };
    let address = timestamp_authority(&p.path("keys"));
    let manifest = fs::read_to_string(p.path("landfall.toml")).unwrap().replace("ADDRESS", &address);
    p.file("landfall.toml", &manifest);
    let build = format!("build --target {TARGET} --format msi --signatures signatures");
    p.run(&format!("{build} --output one")).ok();
    let said = judged(&p, &format!("one/{MSI}"));
    assert!(said.contains("Timestamp Server Signature verification: ok"), "{said}");
    assert_eq!(p.names("signatures"), [format!("{MSI}.p7s"), TARGET.to_owned()]);

    // Whoever has the signatures makes the same release without key and authority.
    fs::remove_file(p.path("keys/code.key")).unwrap();
    p.file("landfall.toml", &manifest.replace(&address, "127.0.0.1:1"));
    p.run(&format!("{build} --output two")).ok();
    let bytes = |folder: &str| fs::read(p.path(folder).join(MSI)).unwrap();
    assert!(bytes("one") == bytes("two"));
    // Another program has no signature yet, and nothing can make one.
    p.file("demo.c", "int main(void) { return 1; }\n");
    shell(&p.path(""), "x86_64-w64-mingw32-gcc -Os -s -o demo.exe demo.c");
    p.run(&format!("{build} --output three")).fails(9, &["demo.exe", "the external signer failed"]);

    // By hand: taken off, kept, put back.
    p.run(&format!("signature extract one/{MSI} --output kept.p7s")).ok();
    p.run(&format!("signature remove one/{MSI} --output bare.msi")).ok();
    p.run("signature verify bare.msi --roots keys/root.pem").fails(9, &["not signed"]);
    p.run("signature attach bare.msi kept.p7s").ok();
    assert!(bytes("one") == fs::read(p.path("bare.msi")).unwrap());
    p.run("signature attach demo.exe kept.p7s").fails(9, &["another file"]);
}

/// Answers timestamp requests on this machine, with `openssl ts`.
fn timestamp_authority(folder: &Path) -> String {
    fs::write(folder.join("serial"), "01\n").unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    let folder = folder.to_owned();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.unwrap();
            let mut request = Vec::new();
            let mut buffer = [0; 4096];
            let body = loop {
                let count = stream.read(&mut buffer).unwrap();
                request.extend(&buffer[..count]);
                let Some(end) = request.windows(4).position(|four| four == b"\r\n\r\n") else { continue };
                let head = String::from_utf8_lossy(&request[..end]).to_lowercase();
                let length = head.split("content-length: ").nth(1).unwrap().lines().next().unwrap();
                if request.len() == end + 4 + length.trim().parse::<usize>().unwrap() {
                    break request[end + 4..].to_vec();
                }
            };
            fs::write(folder.join("query"), body).unwrap();
            shell(&folder, "openssl ts -reply -config config -queryfile query -out reply");
            let reply = fs::read(folder.join("reply")).unwrap();
            let head = format!(
                "HTTP/1.1 200 OK\r\nContent-Type: application/timestamp-reply\r\nContent-Length: {}\r\nConnection: \
                 close\r\n\r\n",
                reply.len()
            );
            stream.write_all(&[head.as_bytes(), &reply].concat()).unwrap();
        }
    });
    address
}
