//! The flags of the commands: those that every program has, and one for each of its settings.

use clap::{Arg, ArgAction, ArgMatches, Command, value_parser};
use landfall_service_definition::{Definition, Platform, Setting, SettingType};
use std::any::Any;
use std::collections::BTreeMap;
use std::path::PathBuf;

/// Name of the command that installs.
pub const INSTALL: &str = "install-service";
/// Name of the command that removes.
pub const UNINSTALL: &str = "uninstall-service";
/// Name of the command that only looks.
pub const PREFLIGHT: &str = "preflight";

/// Names of the settings for where the service listens.
const HEALTH_LISTEN: &str = "health-listen";
const PAGE_LISTEN: &str = "page-listen";

/// Options that an answer file and the environment may give too: name, and whether it is a yes or no.
const ANSWERABLE: &[(&str, bool)] = &[
    ("account", false),
    ("account-password-file", false),
    ("allow-unconfigured", true),
    ("instance", false),
    ("manager", false),
    ("skip-preflight", false),
    ("start", true),
    ("upgrade", true),
    ("user", true),
];

/// Names that may stand in an answer file.
pub(crate) fn answerable(definition: &Definition) -> Vec<String> {
    let mut names: Vec<String> = ANSWERABLE.iter().map(|(name, _)| (*name).to_owned()).collect();
    for (name, setting) in &definition.settings {
        names.push(name.clone());
        if setting.kind == SettingType::Secret {
            names.push(format!("{name}-file"));
        }
    }
    names
}

/// The environment variable that stands for an option or setting.
pub(crate) fn variable(definition: &Definition, name: &str) -> String {
    if let Some(setting) = definition.settings.get(name) {
        return setting.environment.clone();
    }
    if let Some(setting) = name.strip_suffix("-file").and_then(|name| definition.settings.get(name)) {
        return format!("{}_FILE", setting.environment);
    }
    let upper = |text: &str| text.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    format!("{}_INSTALL_{}", upper(&definition.name), upper(name))
}

/// The definition with settings for where the service listens, if it can be told and has no such settings: without
/// them no second instance could run beside the first.
pub(crate) fn with_listener(definition: &Definition) -> Definition {
    let mut definition = definition.clone();
    let health = definition.health.as_ref().and_then(|health| health.listen.clone());
    let page = definition.page.as_ref().and_then(|page| page.listen.clone());
    for (name, title, variable, listener) in [
        (HEALTH_LISTEN, "Address and port on which it tells its health", health, definition.listener()),
        (PAGE_LISTEN, "Address and port of its page", page, definition.page_listener()),
    ] {
        let Some(environment) = variable else { continue };
        if definition.settings.values().any(|setting| setting.environment == environment) {
            continue;
        }
        let default = listener.map(|listener| match listener.host.contains(':') {
            true => format!("[{}]:{}", listener.host, listener.port),
            false => format!("{}:{}", listener.host, listener.port),
        });
        let setting = Setting {
            title: title.to_owned(),
            kind: SettingType::String,
            required: false,
            default,
            environment,
        };
        definition.settings.insert(name.to_owned(), setting);
    }
    definition
}

/// The three commands, for a program's own command line.
pub fn commands(definition: &Definition) -> [Command; 3] {
    let definition = &with_listener(definition);
    let title = &definition.title;
    [
        settings(with_answers(shared(Command::new(INSTALL), definition), definition), definition)
            .about(format!("Install {title} as a service of this machine, or upgrade what is installed."))
            .arg(
                flag("silent", "Ask nothing; everything comes from flags, the environment or an answer file")
                    .short('s'),
            )
            .arg(
                flag("start", "Start the service, also one that an upgrade finds stopped")
                    .overrides_with("no-start"),
            )
            .arg(flag("no-start", "Do not start the service; one that runs is stopped by the upgrade"))
            .arg(flag("no-upgrade", "End with exit code 4 if the service is installed already"))
            .arg(flag(
                "allow-unconfigured",
                "Install although a required setting is missing; it is entered later",
            ))
            .arg(flag("dry-run", "Show what would be done, and do nothing"))
            .arg(skip())
            .after_help(after(definition, INSTALL)),
        shared(Command::new(UNINSTALL), definition)
            .about(format!("Remove the service of {title}; configuration and data stay."))
            .arg(flag("silent", "Ask nothing").short('s'))
            .arg(flag("purge", "Delete configuration, data, logs and cache too"))
            .arg(flag("dry-run", "Show what would be done, and do nothing"))
            .after_help(after(definition, UNINSTALL)),
        settings(with_answers(shared(Command::new(PREFLIGHT), definition), definition), definition)
            .about(format!("Check whether this machine is ready for {title}, and change nothing."))
            .arg(flag("allow-unconfigured", "Only warn when a required setting is missing"))
            .arg(skip())
            .after_help(after(definition, PREFLIGHT)),
    ]
}

fn flag(name: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).help(help).action(ArgAction::SetTrue)
}

fn option(name: &'static str, value: &'static str, help: &'static str) -> Arg {
    Arg::new(name).long(name).value_name(value).help(help)
}

fn shared(command: Command, definition: &Definition) -> Command {
    let mut command = command
        .arg(option(
            "instance",
            "NAME",
            "One of several installations on this machine, with settings and data of its own",
        ))
        .arg(flag("json", "Answer in JSON"))
        .arg(
            option("manager", "NAME", "Service manager, where the one that is found is not meant")
                .value_parser(["systemd", "openrc", "sysv", "launchd", "windows"])
                .hide(true),
        )
        .arg(
            option("root", "DIR", "Lay out the files below this folder instead; nothing is run")
                .value_parser(value_parser!(PathBuf))
                .hide(true),
        );
    if definition.platform != Platform::Windows {
        command = command.arg(flag("user", "A service of the user who runs this, not of the machine"));
    }
    command
}

fn with_answers(command: Command, definition: &Definition) -> Command {
    let account = match definition.platform {
        Platform::Windows => {
            "Account of the service: LocalSystem, LocalService, NetworkService, or a user, who is then granted \
             \"log on as a service\" [default: the service's own virtual account]"
        }
        _ => "Account of the service, made where it is missing",
    };
    let mut command = command.arg(option("account", "NAME", account)).arg(
        option("answers", "FILE", "File of answers, one \"name = value\" a line, named like the flags")
            .value_parser(value_parser!(PathBuf)),
    );
    if definition.platform == Platform::Windows {
        command =
            command.arg(option("account-password-file", "FILE", "File with the password of the account"));
    }
    command
}

fn skip() -> Arg {
    option("skip-preflight", "CHECKS", "Leave out these checks, separated by commas; without names, all")
        .num_args(0..=1)
        .require_equals(true)
        .default_missing_value("all")
}

fn settings(mut command: Command, definition: &Definition) -> Command {
    for (name, setting) in &definition.settings {
        let value = match setting.kind {
            SettingType::String => "TEXT",
            SettingType::Url => "URL",
            SettingType::Directory => "FOLDER",
            SettingType::Integer => "NUMBER",
            SettingType::Boolean => "TRUE|FALSE",
            SettingType::Secret => "SECRET",
        };
        let mut help = setting.title.clone();
        if let Some(default) = &setting.default {
            help.push_str(&format!(" [default: {default}]"));
        }
        let mut arg = Arg::new(name.clone())
            .long(name.clone())
            .value_name(value)
            .help_heading("Settings")
            .allow_hyphen_values(true);
        if setting.kind == SettingType::Secret {
            help.push_str("; others can read it in the list of processes, --");
            help.push_str(&format!("{name}-file is safe"));
            let file = format!("{name}-file");
            command = command.arg(
                Arg::new(file.clone())
                    .long(file)
                    .value_name("FILE")
                    .help_heading("Settings")
                    .help(format!("{}, from a file", setting.title))
                    .conflicts_with(name.clone()),
            );
        }
        arg = arg.help(help);
        command = command.arg(arg);
    }
    command
}

fn after(definition: &Definition, command: &str) -> String {
    let mut text = String::new();
    if command != UNINSTALL {
        text.push_str("Environment (after flags, before the answer file):\n");
        for (name, setting) in &definition.settings {
            text.push_str(&format!("  {:<32} --{name}\n", setting.environment));
            if setting.kind == SettingType::Secret {
                text.push_str(&format!("  {:<32} --{name}-file\n", format!("{}_FILE", setting.environment)));
            }
        }
        text.push_str(&format!("  {:<32} --OPTION\n\n", variable(definition, "OPTION")));
    }
    text.push_str("Exit codes:");
    for exit in crate::exit::Exit::ALL {
        text.push_str(&format!("\n  {:<3} {}", exit.code(), exit.meaning()));
    }
    text
}

/// The flags that were given, by name; `no-start` is `start = no`, and so on.
pub(crate) fn given(definition: &Definition, matches: &ArgMatches) -> BTreeMap<String, String> {
    let mut given = BTreeMap::new();
    for name in answerable(definition) {
        let value = match ANSWERABLE.iter().find(|(option, _)| *option == name) {
            Some((_, true)) => is_set(matches, &name).then(|| "yes".to_owned()),
            _ => value::<String>(matches, &name).cloned(),
        };
        given.extend(value.map(|value| (name, value)));
    }
    for (negative, name) in [("no-start", "start"), ("no-upgrade", "upgrade")] {
        if is_set(matches, negative) {
            given.insert(name.to_owned(), "no".to_owned());
        }
    }
    given
}

/// The value of an argument, if the command knows it and it was given. (Asking for one that a command does not know is
/// an error in debug builds only, and no value in others.)
fn value<'a, T: Any + Clone + Send + Sync>(matches: &'a ArgMatches, name: &str) -> Option<&'a T> {
    matches.try_get_one(name).ok().flatten()
}

/// Whether a yes-or-no flag was given.
pub(crate) fn is_set(matches: &ArgMatches, name: &str) -> bool {
    value(matches, name).copied().unwrap_or(false)
}

/// The path that was given for an option.
pub(crate) fn path(matches: &ArgMatches, name: &str) -> Option<PathBuf> {
    value(matches, name).cloned()
}
