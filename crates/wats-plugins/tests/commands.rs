//! External commands: what a good one does, and that a bad one hurts nobody.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;
use std::time::{Duration, Instant};
use wats::Report;
use wats_converters::{AUTO, Arguments, Converter, Converters, Refusal, Source};
use wats_plugins::{Command, CommandError, Limits};

fn tight() -> Limits {
    Limits { time: Duration::from_secs(20), memory: 256 << 20, output: 64 << 10 }
}

/// Runs a script of the shell as a converter.
fn shell(script: &str, limits: Limits) -> Command {
    let run = ["/bin/sh", "-c", script, "converter", "{file}"].map(str::to_owned);
    Command::new("test", run.to_vec(), vec!["*.lbl".into()], limits).unwrap()
}

fn convert(command: &Command, file: &[u8]) -> Result<Vec<Report>, Refusal> {
    command.convert(&Source::new("unit 7.lbl", file.to_vec()), &Arguments::default())
}

fn said(script: &str, limits: Limits) -> String {
    convert(&shell(script, limits), b"SN-1").unwrap_err().to_string()
}

const REPORT: &str = r#"printf '[{"sn":"%s","result":"P"}]' "$(cat "$1")""#;

#[test]
fn a_program_makes_reports_with_stable_ids() {
    let mut converters = Converters::default();
    converters.add(Box::new(shell(REPORT, tight())));
    let source = Source::new("unit 7.lbl", b"SN-1".to_vec());
    let arguments = Arguments::from_iter([("part-number", "PSU"), ("anything", "goes")]);
    converters.check_arguments("command:test", &arguments).unwrap();
    let conversion = converters.convert("command:test", &source, &arguments).unwrap();
    let report = &conversion.reports[0];
    assert_eq!((report.serial_number(), report.part_number()), (Some("SN-1"), Some("PSU")));
    assert_eq!(report.id(), Some(wats::report_id(&conversion.content, "command:test", 0)));
    // It is for those who name it.
    assert!(!converters.patterns().contains(&"*.lbl"));
    assert!(matches!(converters.convert(AUTO, &source, &arguments), Err(Refusal::Unknown { best: None })));
}

#[test]
fn a_program_may_read_standard_input() {
    let run = ["/bin/sh", "-c", r#"printf '{"sn":"%s"}' "$(cat)""#].map(str::to_owned);
    let command = Command::new("test", run.to_vec(), Vec::new(), tight()).unwrap();
    assert_eq!(convert(&command, b"SN-2").unwrap()[0].serial_number(), Some("SN-2"));
}

#[test]
fn a_program_is_told_name_and_arguments_and_nothing_else() {
    let command = shell(
        r#"printf '{"request":%s,"name":"%s","folder":"%s","variables":"%s"}' "$WATS_REQUEST" "$WATS_FILE_NAME" \
           "$(ls -A | wc -l)" "$(env | cut -d= -f1 | sort | tr '\n' ' ')""#,
        tight(),
    );
    let arguments = Arguments::from_iter([("lane", "a \"b\"")]);
    let reports = command.convert(&Source::new("unit 7.lbl", b"x".to_vec()), &arguments).unwrap();
    let report = reports[0].members();
    assert_eq!(report["request"].to_string(), r#"{"name":"unit 7.lbl","arguments":{"lane":"a \"b\""}}"#);
    assert_eq!((&report["name"], &report["folder"]), (&"unit 7.lbl".into(), &"0".into()));
    assert_eq!(report["variables"], "HOME LANG PATH PWD TMPDIR WATS_FILE_NAME WATS_REQUEST ");
}

#[test]
fn refusals_and_faults_have_reasons() {
    let refusal = said(r#"echo '{"refusal":"no serial number","line":4}'"#, tight());
    assert_eq!(refusal, "line 4: no serial number");
    let fault = said("echo 'no such\ncolumn' >&2; exit 3", tight());
    assert_eq!(fault, "the converter command:test ended with exit status: 3 and says: no such column");
    assert!(said("exit 0", tight()).contains("gave no answer"));
    assert!(said("echo milk", tight()).contains("not valid JSON"));
    assert!(said("kill -SEGV $$", tight()).contains("signal: 11"));
}

#[test]
fn a_program_that_is_not_there_is_no_fault_of_the_file() {
    let command = Command::new("test", vec!["/nowhere/converter".into()], Vec::new(), tight()).unwrap();
    let refusal = convert(&command, b"x").unwrap_err();
    assert!(matches!(&refusal, Refusal::NotYet(why) if why.contains("cannot be run")), "{refusal}");
}

#[test]
fn settings_that_cannot_work_are_refused() {
    let new = |name: &str, run: &[&str]| {
        Command::new(name, run.iter().map(|&text| text.to_owned()).collect(), Vec::new(), tight())
            .unwrap_err()
    };
    assert_eq!(new("../x", &["/bin/true"]), CommandError::Name);
    assert_eq!(new("x", &[]), CommandError::Empty);
    assert_eq!(new("x", &["python3"]), CommandError::Relative("python3".into()));
}

#[test]
fn endless_programs_end_with_all_they_started() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    let script =
        format!("(while :; do echo x >> '{}'; sleep 0.02; done) & while :; do :; done", alive.display());
    let start = Instant::now();
    let refusal = said(&script, Limits { time: Duration::from_millis(500), ..tight() });
    assert!(refusal.ends_with("ran for more than 500ms"), "{refusal}");
    assert!(start.elapsed() < Duration::from_secs(60));
    stays_as_it_is(&alive);
}

/// What a program leaves behind when it ends by itself is ended too, and keeps nobody waiting.
#[test]
fn nothing_is_left_behind() {
    let folder = tempfile::tempdir().unwrap();
    let alive = folder.path().join("alive");
    let script = format!(
        "(while :; do echo x >> '{}'; sleep 0.02; done) & sleep 0.1; echo '{{\"sn\":\"1\"}}'",
        alive.display()
    );
    convert(&shell(&script, tight()), b"x").unwrap();
    stays_as_it_is(&alive);
}

fn stays_as_it_is(file: &Path) {
    let before = fs::read(file).unwrap();
    std::thread::sleep(Duration::from_millis(200));
    assert_eq!(fs::read(file).unwrap(), before);
}

#[test]
fn output_is_bounded() {
    let refusal = said("while :; do echo xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx; done", tight());
    assert_eq!(refusal, "the converter command:test wrote more than the 65536 bytes that are allowed");
    // Other files too: a disk is not filled.
    let refusal = said("dd if=/dev/zero of=big bs=65536 count=100 2>/dev/null || exit 9; echo '{}'", tight());
    assert!(refusal.contains("ended with exit status: 9"), "{refusal}");
}

#[cfg(target_os = "linux")]
#[test]
fn memory_is_bounded() {
    // The shell doubles a text until it gets no more.
    let refusal =
        said("x=aaaaaaaaaaaaaaaa; while :; do x=$x$x; done", Limits { memory: 64 << 20, ..tight() });
    assert!(refusal.contains("ended with"), "{refusal}");
}

/// Only where user namespaces are allowed, or as root; what cannot be kept is said in the documentation.
#[cfg(target_os = "linux")]
#[test]
fn a_program_reaches_no_network() {
    let script = format!(
        "test \"$(readlink /proc/self/ns/net)\" != '{}' && echo '{{\"sn\":\"apart\"}}' || echo '{{\"sn\":\"together\"}}'",
        fs::read_link("/proc/self/ns/net").unwrap().display()
    );
    let required = shell(&script, tight()).require_isolation().unwrap();
    match convert(&required, b"x") {
        Ok(reports) => assert_eq!(reports[0].serial_number(), Some("apart")),
        Err(refusal) => assert!(refusal.to_string().contains("cannot be run"), "{refusal}"),
    }
}

#[test]
fn a_file_cannot_name_a_place_or_an_option() {
    let command = shell(r#"printf '{"sn":"%s"}' "$1""#, tight());
    for name in ["../../etc/passwd", "-rf", "a\nb", "x\0y", ".."] {
        let source = Source::new(name, b"x".to_vec());
        match command.convert(&source, &Arguments::default()) {
            Ok(reports) => {
                let path = reports[0].serial_number().unwrap().to_owned();
                assert!(path.starts_with('/') && path.contains("/file/") && !path.contains("/.."), "{path}");
                assert!(!Path::new(&path).exists(), "the folder is still there");
            }
            // No program can be given a zero.
            Err(refusal) => assert!(name.contains('\0'), "{refusal}"),
        }
    }
}

/// A set-user-id program gives no rights to a command.
#[cfg(target_os = "linux")]
#[test]
fn no_rights_are_gained() {
    let command =
        shell(r#"printf '{"sn":"%s"}' "$(grep NoNewPrivs /proc/self/status | tr -dc 0-9)""#, tight());
    assert_eq!(convert(&command, b"x").unwrap()[0].serial_number(), Some("1"));
}

#[test]
fn programs_are_files_that_can_be_run() {
    let folder = tempfile::tempdir().unwrap();
    let program = folder.path().join("convert");
    fs::write(&program, "#!/bin/sh\necho '{\"sn\":\"S\"}'\n").unwrap();
    fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
    let command = Command::new("own", vec![program.display().to_string()], Vec::new(), tight()).unwrap();
    assert_eq!(convert(&command, b"x").unwrap()[0].serial_number(), Some("S"));
    fs::set_permissions(&program, fs::Permissions::from_mode(0o644)).unwrap();
    assert!(convert(&command, b"x").unwrap_err().to_string().contains("cannot be run"));
}
