use super::super::flags;
use super::*;
use landfall_service_definition::Setting;

fn definition() -> Definition {
    let mut definition = Definition::new("demo", "/usr/bin/demo");
    let mut add = |name: &str, kind, required| {
        let environment = format!("DEMO_{}", name.to_uppercase().replace('-', "_"));
        let setting = Setting { title: name.to_owned(), kind, required, default: None, environment };
        definition.settings.insert(name.to_owned(), setting);
    };
    add("server-url", SettingType::Url, true);
    add("api-token", SettingType::Secret, false);
    add("count", SettingType::Integer, false);
    definition
}

fn read(words: &[&str], environment: &[(&str, &str)]) -> Result<Options> {
    let definition = definition();
    let words = [&["demo", "install-service"], words].concat();
    let matches = clap::Command::new("demo")
        .subcommands(flags::commands(&definition))
        .try_get_matches_from(words)
        .map_err(|error| Failure::usage(error.to_string()))?;
    let value =
        |name: &str| environment.iter().find(|(known, _)| *known == name).map(|(_, v)| (*v).to_owned());
    let (_, matches) = matches.subcommand().unwrap();
    Options::read(&definition, matches, &value)
}

fn file(text: &str) -> tempfile::NamedTempFile {
    let file = tempfile::NamedTempFile::new().unwrap();
    std::fs::write(file.path(), text).unwrap();
    file
}

#[test]
fn flags_go_before_the_environment_and_that_before_answers() {
    let answers = file("server-url = https://file\ncount = 3\nstart = no\naccount = file\n");
    let path = answers.path().to_str().unwrap();
    let options = read(
        &["--server-url", "https://flag", "--answers", path],
        &[
            ("DEMO_SERVER_URL", "https://environment"),
            ("DEMO_COUNT", "2"),
            ("DEMO_INSTALL_ACCOUNT", "environment"),
        ],
    )
    .unwrap();
    assert_eq!(options.settings.get("server-url"), Some("https://flag"));
    assert_eq!(options.settings.value("count").unwrap().source, Source::Environment);
    assert_eq!(options.account.as_deref(), Some("environment"));
    assert_eq!(options.start, Some(false));
    // The file itself may be named by the environment.
    let options = read(&["--start"], &[("DEMO_INSTALL_ANSWERS", path)]).unwrap();
    assert_eq!(options.settings.value("count").unwrap().source, Source::Answers);
    assert_eq!(options.start, Some(true));
    assert!(options.upgrade);
    assert!(!read(&["--no-upgrade"], &[]).unwrap().upgrade);
}

#[test]
fn secrets_come_from_files_or_with_a_warning() {
    let token = file("\u{feff}hush\r\n");
    let path = token.path().to_str().unwrap();
    for options in [
        read(&["--api-token-file", path], &[]).unwrap(),
        // The flag wins although the environment names the setting itself.
        read(&["--api-token-file", path], &[("DEMO_API_TOKEN", "other")]).unwrap(),
        read(&[], &[("DEMO_API_TOKEN_FILE", path)]).unwrap(),
    ] {
        assert_eq!(options.settings.get("api-token"), Some("hush"));
        assert!(options.warnings.is_empty());
    }
    let options = read(&["--api-token", "hush"], &[]).unwrap();
    assert!(options.warnings[0].contains("--api-token-file is safe"));
    assert!(!format!("{options:?}").contains("hush"));
    assert_eq!(read(&["--api-token", "a", "--api-token-file", path], &[]).unwrap_err().exit, Exit::Usage);
    let empty = file("\n");
    let failure = read(&["--api-token-file", empty.path().to_str().unwrap()], &[]).unwrap_err();
    assert_eq!(failure.exit, Exit::Configuration);
    assert!(failure.message.ends_with("is empty"));
}

#[test]
fn a_value_that_is_not_valid_is_told_with_its_place() {
    let message = |words: &[&str], environment: &[(&str, &str)]| {
        let failure = read(words, environment).unwrap_err();
        assert_eq!(failure.exit, Exit::Configuration);
        failure.message
    };
    assert!(message(&["--count", "many"], &[]).starts_with("--count: \"many\" is not a whole number"));
    assert!(message(&[], &[("DEMO_COUNT", "many")]).starts_with("DEMO_COUNT: "));
    let answers = file("start = perhaps");
    let text = message(&["--answers", answers.path().to_str().unwrap()], &[]);
    assert!(text.ends_with("start: \"perhaps\" must be yes or no"), "{text}");
}

#[test]
fn checks_to_skip_are_all_or_some() {
    assert_eq!(read(&["--skip-preflight"], &[]).unwrap().skip, ["all"]);
    assert_eq!(read(&["--skip-preflight=server,clock"], &[]).unwrap().skip, ["server", "clock"]);
    assert_eq!(read(&[], &[("DEMO_INSTALL_SKIP_PREFLIGHT", "server")]).unwrap().skip, ["server"]);
    assert!(read(&[], &[]).unwrap().skip.is_empty());
}
