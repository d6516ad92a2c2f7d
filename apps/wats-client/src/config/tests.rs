use super::keys::{KEYS, Kind, SECRETS};
use super::*;
use std::path::Path;

fn environment(variables: &[(&str, &str)]) -> Environment {
    Environment::of(variables.iter().copied())
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
fn a_server_of_ones_own_has_no_limit_of_requests_unless_one_is_set() {
    let rate = |text: &str| load(text, &[]).unwrap().upload.rate_per_minute;
    assert_eq!(rate(""), 500);
    assert_eq!(rate("[server]\nurl = \"https://company.wats.com\""), 500);
    assert_eq!(rate("[server]\nurl = \"https://wats.factory.example\""), 0);
    assert_eq!(rate("[server]\nurl = \"https://factory\"\n[upload]\nrate-per-minute = 90"), 90);
    assert_eq!(rate("[server]\nurl = \"https://a.wats.com\"\n[upload]\nrate-per-minute = 0"), 0);
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
        format!(
            "{:?} {:?} {:?} {:?}",
            config.upload, config.health, config.log.max_size, config.queue.max_bytes
        )
    };
    assert_eq!(pieces(&full), pieces(&config));
}

#[test]
fn the_environment_comes_first() {
    let text = "[server]\nurl = \"https://file\"\ntoken-file = \"/t\"\n[station]\nname = \"FILE\"\n[[watch]]\nfolder = \"/file\"\n";
    let variables = [
        ("WATS_CLIENT_SERVER_URL", "https://environment/api/"),
        ("WATS_CLIENT_API_TOKEN", "abc"),
        ("WATS_CLIENT_STATION_NAME", "ENV"),
        ("WATS_CLIENT_WATCH_FOLDER", "/environment"),
        ("WATS_CLIENT_HEALTH_LISTEN", "0.0.0.0:9000"),
        ("CREDENTIALS_DIRECTORY", "/run/credentials/x"),
    ];
    let config = load(text, &variables).unwrap();
    assert_eq!(config.server.unwrap().as_str(), "https://environment");
    assert_eq!(config.station.name, "ENV");
    assert_eq!(config.watches[0].folder, Path::new("/environment"));
    assert_eq!(config.health, Some("0.0.0.0:9000".parse().unwrap()));
    assert_eq!(config.token.environment.unwrap().expose(), "abc");
    assert_eq!(config.token.files, [Path::new("/run/credentials/x/api-token"), Path::new("/t")]);
    let empty = load(text, &[("WATS_CLIENT_SERVER_URL", ""), ("WATS_CLIENT_STATION_NAME", " ")]).unwrap();
    assert_eq!(empty.server.unwrap().as_str(), "https://file");
    assert_eq!(empty.station.name, "FILE");
}

#[test]
fn faults_name_file_line_and_key() {
    let config = load("[server]\n\nulr = \"x\"\n[odd]\n", &[]).unwrap();
    assert!(config.unknown[1].error.contains("config.toml:3:1: unknown key `ulr`; did you mean server.url?"));
    assert!(config.unknown[0].error.contains("config.toml:4:2: unknown key `odd`\n"), "{:?}", config.unknown);
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
    let text = refusal("", &[("WATS_CLIENT_SERVER_URL", "company")]);
    assert!(text.starts_with("environment variable WATS_CLIENT_SERVER_URL: \"company\" is not"), "{text}");
    let text = refusal("", &[("WATS_CLIENT_HEALTH_LISTEN", "8080")]);
    assert!(text.starts_with("environment variable WATS_CLIENT_HEALTH_LISTEN: \"8080\" is not"), "{text}");
}

#[test]
fn each_key_has_its_default_its_variable_and_its_lines() {
    let readme = include_str!("../../README.md");
    let shipped = include_str!("../../packaging/config.toml");
    let pieces = |config: &Config| {
        let mut config = config.clone();
        (config.path, config.file, config.given) = (PathBuf::new(), None, BTreeMap::new());
        format!("{config:?}")
    };
    let load = |text: &str, variables: &[(&str, &str)]| {
        Config::of_text(Path::new("/c/config.toml"), Some(text), &environment(variables))
    };
    let plain = load("", &[]).unwrap();
    for key in KEYS {
        let (table, name) = key.name.rsplit_once('.').unwrap_or(("", key.name));
        assert!(
            readme.contains(&format!("`{}`", key.name)) || readme.contains(&format!("`.{name}`")),
            "{}",
            key.name
        );
        assert!(shipped.contains(&format!("{name} = ")), "{}", key.name);
        let variable = key.variable();
        let text = match key.kind {
            _ if !key.default.is_empty() => key.default,
            Kind::Url => "http://x.example",
            Kind::Listen => "127.0.0.1:1",
            _ if name == "marker" => ".x",
            _ => "/x",
        };
        let text_of_file =
            if key.name == "server.client-key" { "[server]\nclient-certificate = \"/c\"" } else { "" };
        let config = load(text_of_file, &[(&variable, text)]).unwrap_or_else(|error| panic!("{error}"));
        if !key.default.is_empty() {
            assert_eq!(pieces(&config), pieces(&plain), "{variable} is the default");
        } else {
            assert_ne!(pieces(&config), pieces(&plain), "{variable} has an effect");
        }
        assert!(!table.is_empty() || key.name == "version");
    }
    for secret in SECRETS {
        assert!(readme.contains(&format!("`{}`", secret.name)), "{}", secret.name);
        assert!(readme.contains(secret.variable), "{}", secret.variable);
    }
}

#[test]
fn variables_may_number_the_folders() {
    let variables = [
        ("WATS_CLIENT_WATCH_1_FOLDER", "/a"),
        ("WATS_CLIENT_WATCH_2_FOLDER", "/b"),
        ("WATS_CLIENT_WATCH_2_PATTERNS", "*.csv, *.txt"),
        ("WATS_TOKEN_FILE", "/run/secrets/token"),
        ("WATS_CLIENT_WEB_PASSWORD_FILE", "/run/secrets/page"),
        ("WATS_CLIENT_HEALTH_LISTEN", "off"),
    ];
    let config = load("", &variables).unwrap();
    assert_eq!(
        config.watches.iter().map(|watch| watch.folder.as_path()).collect::<Vec<_>>(),
        [Path::new("/a"), Path::new("/b")]
    );
    assert_eq!(config.watches[1].patterns, ["*.csv", "*.txt"]);
    assert_eq!(config.token.files, [Path::new("/run/secrets/token")]);
    assert_eq!(config.web.password.files, [Path::new("/run/secrets/page")]);
    assert_eq!(config.health, None);
    let text = refusal("", &[("WATS_CLIENT_WATCH_3_PRIORITY", "1")]);
    assert!(text.contains("this one has no folder"), "{text}");
}

#[test]
fn a_password_in_an_address_is_not_repeated() {
    for text in ["[server]\nurl = \"https://me:hush@x\"\n", "[proxy]\nurl = \"http://me:hush@x\"\n"] {
        let refusal = refusal(text, &[]);
        assert!(!refusal.contains("hush"), "{refusal}");
    }
    let variables = [("WATS_CLIENT_PROXY_URL", "http://me:hush@x")];
    assert!(!refusal("", &variables).contains("hush"));
}

#[test]
fn a_file_of_a_later_version_is_refused() {
    assert!(refusal("version = 2\n", &[]).contains("was written for a later version of wats-client"));
    assert!(load("version = 1\n", &[]).is_ok());
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
