use super::*;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment(variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect())
}

fn load(text: &str, variables: &[(&str, &str)]) -> Result<Config, ConfigError> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("config.toml");
    std::fs::write(&path, text).unwrap();
    Config::load(Some(&path), &environment(variables))
}

fn refusal(text: &str, variables: &[(&str, &str)]) -> String {
    load(text, variables).unwrap_err().to_string()
}

#[test]
fn an_empty_file_gives_the_defaults() {
    let variables = [("STATE_DIRECTORY", "/state:/other")];
    let state = paths::state_folder(&environment(&variables));
    assert_eq!(state == Path::new("/state"), cfg!(unix), "{}", state.display());
    let config = load("", &variables).unwrap();
    assert_eq!(config.server, None);
    assert_eq!(config.watches[0].folder, state.join("watch"));
    assert_eq!(config.watches[0].done, state.join("done"));
    assert_eq!(config.watches[0].error, state.join("error"));
    assert_eq!(config.watches[0].settle, Duration::from_secs(2));
    assert_eq!(config.queue.folder, state.join("queue"));
    assert_eq!(config.health, Some(SocketAddr::from(([127, 0, 0, 1], 8080))));
    assert!(!config.station.name.is_empty());
}

#[test]
fn the_shipped_file_is_valid_and_states_the_defaults() {
    let shipped = include_str!("../../packaging/config.toml");
    let config = load(shipped, &[("STATE_DIRECTORY", "/state")]).unwrap();
    assert_eq!(config.server, None);
    assert!(config.token.files.is_empty());
    // Every key that is commented out can be switched on, and is the default then.
    let all: String = shipped
        .lines()
        .map(|line| match line.strip_prefix('#') {
            Some(key) if !key.starts_with(' ') && !key.is_empty() => format!("{key}\n"),
            _ => format!("{line}\n"),
        })
        .collect();
    let full = load(&all, &[("STATE_DIRECTORY", "/state")]).unwrap_or_else(|error| panic!("{error}\n{all}"));
    let pieces = |config: &Config| {
        format!("{:?} {:?} {:?} {:?}", config.upload, config.health, config.log_level, config.queue.max_bytes)
    };
    assert_eq!(pieces(&full), pieces(&config));
}

#[test]
fn the_environment_comes_first() {
    let text = "[server]\nurl = \"https://file\"\ntoken-file = \"/t\"\n[station]\nname = \"FILE\"\n[[watch]]\nfolder = \"/file\"\n";
    let variables = [
        (SERVER_URL, "https://environment/api/"),
        (API_TOKEN, "abc"),
        (STATION_NAME, "ENV"),
        (WATCH_FOLDER, "/environment"),
        (HEALTH_LISTEN, "0.0.0.0:9000"),
        ("CREDENTIALS_DIRECTORY", "/run/credentials/x"),
    ];
    let config = load(text, &variables).unwrap();
    assert_eq!(config.server.unwrap().as_str(), "https://environment");
    assert_eq!(config.station.name, "ENV");
    assert_eq!(config.watches[0].folder, Path::new("/environment"));
    assert_eq!(config.health, Some("0.0.0.0:9000".parse().unwrap()));
    assert_eq!(config.token.environment.unwrap().expose(), "abc");
    assert_eq!(config.token.files, [Path::new("/run/credentials/x/api-token"), Path::new("/t")]);
    let empty = load(text, &[(SERVER_URL, ""), (STATION_NAME, " ")]).unwrap();
    assert_eq!(empty.server.unwrap().as_str(), "https://file");
    assert_eq!(empty.station.name, "FILE");
}

#[test]
fn faults_name_file_line_and_key() {
    let text = refusal("[server]\n\nulr = \"x\"\n", &[]);
    assert!(text.contains("config.toml:3:1: unknown field `ulr`"), "{text}");
    let text = refusal("[server]\nurl = \"company\"\n", &[]);
    assert!(text.contains("config.toml:2:7: \"company\" is not a web address"), "{text}");
    let text = refusal("[[watch]]\nfolder = \"/a\"\nsettle = \"2\"\n", &[]);
    assert!(text.contains(":3:10:") && text.contains("a time with its unit"), "{text}");
    let text = refusal("[queue]\nmax-bytes = -1\n", &[]);
    assert!(text.contains(":2:13:") && text.contains("a number of bytes"), "{text}");
    let text = refusal("[upload]\nconcurrency = 0\n", &[]);
    assert!(text.contains("between 1 and 100"), "{text}");
    let text = refusal("[health]\nlisten = \"8080\"\n", &[]);
    assert!(text.contains("is not an address and port"), "{text}");
    let text = refusal("[[watch]]\nfolder = \"/a\"\ndone = \"/a\"\n", &[]);
    assert!(text.contains("watch[0].done: /a is a watched folder itself"), "{text}");
    let text = refusal("[[watch]]\nfolder = \"/a\"\n[[watch]]\nfolder = \"/a\"\n", &[]);
    assert!(text.contains("watch[1].folder: /a is watched by watch[0] already"), "{text}");
    let text = refusal("", &[(SERVER_URL, "company")]);
    assert!(text.starts_with("environment variable WATS_CLIENT_SERVER_URL: \"company\" is not"), "{text}");
    let text = refusal("", &[(HEALTH_LISTEN, "8080")]);
    assert!(text.starts_with("environment variable WATS_CLIENT_HEALTH_LISTEN: \"8080\" is not"), "{text}");
}

#[test]
fn a_service_manager_names_the_folder_of_the_file() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("config.toml"), "[station]\nname = \"LINE2\"\n").unwrap();
    let variables = environment(&[("CONFIGURATION_DIRECTORY", folder.path().to_str().unwrap())]);
    assert_eq!(Config::load(None, &variables).unwrap().station.name, "LINE2");
}

#[test]
fn a_named_file_must_exist() {
    let error = Config::load(Some(Path::new("/nowhere/config.toml")), &Environment::default()).unwrap_err();
    assert!(error.to_string().starts_with("/nowhere/config.toml cannot be read"), "{error}");
}
