//! The command line.

use crate::queue::State;
use clap::{Args, Parser, Subcommand, ValueEnum};
use std::net::SocketAddr;
use std::path::PathBuf;

const ENVIRONMENT: &str = "\
Environment (goes before the configuration file):
  WATS_CLIENT_SERVER_URL    address of the WATS server
  WATS_CLIENT_API_TOKEN     API token
  WATS_TOKEN_FILE           file that holds it
  WATS_CLIENT_WATCH_FOLDER  folder to watch
  WATS_CLIENT_STATION_NAME  name of this station
  WATS_CLIENT_HEALTH_LISTEN where monitoring can ask, such as 0.0.0.0:8080

and one for every other key, such as WATS_CLIENT_UPLOAD_CONCURRENCY.

Exit codes:
   0  success
   1  general error; a file or report that is refused; a service that status finds wanting
   2  a requirement or privilege is missing
   3  the configuration is not valid
  14  a report was not delivered in time (send)
  15  the server cannot be reached (test-connection, register)
  16  the server refuses the token (test-connection, register)
  17  it runs already on the same queue
  64  wrong use
install-service, uninstall-service and preflight have further ones.";

/// Carries test reports from a factory floor to a WATS server and never loses one.
#[derive(Debug, Parser)]
#[command(version, after_help = ENVIRONMENT, disable_help_subcommand = true)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run the service: watch folders and send their reports.
    Run(ConfigFile),
    /// Show in ten seconds what this program does, with a server of its own.
    Demo(Demo),
    /// Check the configuration and say what is wrong, where, and what to do.
    Check(ConfigFile),
    /// Look at the configuration, or change it.
    #[command(subcommand)]
    Config(Config),
    /// Ask the running service how it is; ends with 0 if it does its work.
    Status(Status),
    /// Go the way to the server step by step, and say where it ends and what to do.
    TestConnection(TestConnection),
    /// Make this station known to the server, and keep the token that it gets for that.
    ///
    /// The token of a user who may register clients is read from standard input, or from a file. The running service
    /// uses the new one within seconds; one of an earlier registration is worth nothing any more.
    Register(Register),
    /// Print everything that support may need; no secrets.
    Diagnose(Diagnose),
    /// Show the service's log.
    Logs(Logs),
    /// Take over the configuration of the Python client (JSON).
    Import(Import),
    /// Look at the queue, and decide about reports that were refused.
    #[command(subcommand)]
    Queue(Queue),
    /// Convert files, queue their reports, and wait until the server has them.
    Send(Send),
    /// Print the reports that a file holds as a JSON array, and send nothing.
    Convert(Convert),
}

/// Which file, and how to read it.
#[derive(Debug, Args)]
pub(crate) struct Convert {
    /// The file to convert.
    pub(crate) file: PathBuf,
    /// Name of the converter, or file of a plug-in; auto takes the surest one.
    #[arg(long, value_name = "NAME", default_value = wats_converters::AUTO)]
    pub(crate) converter: String,
    /// An argument of the converter, such as part-number=PSU-100; may be repeated.
    #[arg(long = "argument", short = 'a', value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) arguments: Vec<(String, String)>,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Which files, and how to send them.
#[derive(Debug, Args)]
pub(crate) struct Send {
    /// The files to send. They stay where they are.
    #[arg(value_name = "FILE", required = true)]
    pub(crate) files: Vec<PathBuf>,
    /// Name of the converter, or file of a plug-in; auto takes the surest one.
    #[arg(long, value_name = "NAME", default_value = wats_converters::AUTO)]
    pub(crate) converter: String,
    /// An argument of the converter, such as part-number=PSU-100; may be repeated.
    #[arg(long = "argument", short = 'a', value_name = "NAME=VALUE", value_parser = pair)]
    pub(crate) arguments: Vec<(String, String)>,
    /// Which reports go first: 1 before 10.
    #[arg(long, value_name = "NUMBER", default_value_t = 5, value_parser = clap::value_parser!(u8).range(1..=10))]
    pub(crate) priority: u8,
    /// How long to wait for the server, in seconds.
    #[arg(long, value_name = "SECONDS", default_value_t = 60)]
    pub(crate) timeout: u64,
    /// End as soon as the reports are safe in the queue.
    #[arg(long, conflicts_with = "timeout")]
    pub(crate) no_wait: bool,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

fn pair(text: &str) -> Result<(String, String), String> {
    let (name, value) = text.split_once('=').ok_or("must be NAME=VALUE, such as part-number=PSU-100")?;
    Ok((name.trim().to_owned(), value.to_owned()))
}

/// Which configuration.
#[derive(Debug, Args)]
pub(crate) struct ConfigFile {
    /// Configuration file, instead of the one in its usual place.
    #[arg(long, short, value_name = "PATH", conflicts_with = "instance")]
    pub(crate) config: Option<PathBuf>,
    /// Name of the instance, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,
}

/// Whose connection, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct TestConnection {
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// As what.
#[derive(Debug, Args)]
pub(crate) struct Register {
    /// Id of this client; without it, the name of the station.
    #[arg(long, value_name = "ID")]
    pub(crate) id: Option<String>,
    /// Kind of client, which the server must know.
    #[arg(long = "type", value_name = "WORD", default_value = "python")]
    pub(crate) kind: String,
    /// File with the token of a user who may register clients.
    #[arg(long, value_name = "PATH")]
    pub(crate) token_file: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// Where to put it.
#[derive(Debug, Args)]
pub(crate) struct Diagnose {
    /// Write it into this file.
    #[arg(long, short, value_name = "PATH")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How much of it.
#[derive(Debug, Args)]
pub(crate) struct Logs {
    /// Go on and print what comes, until interrupted.
    #[arg(long, short)]
    pub(crate) follow: bool,
    /// At most this many lines of what was before.
    #[arg(long, short = 'n', value_name = "NUMBER", default_value_t = 100)]
    pub(crate) lines: usize,
    /// Only messages of this level and more severe ones.
    #[arg(long, value_enum, default_value = "debug")]
    pub(crate) level: Severity,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// How severe a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, ValueEnum)]
pub(crate) enum Severity {
    /// Needs somebody's attention now.
    Error,
    /// May need it soon.
    Warn,
    /// Every file and report.
    Info,
    /// Every step.
    Debug,
}

/// Which file, and into which.
#[derive(Debug, Args)]
pub(crate) struct Import {
    /// The Python client's configuration, such as config.json.
    pub(crate) file: PathBuf,
    /// Show what would be changed, and change nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
}

/// What to do with the configuration.
#[derive(Debug, Subcommand)]
pub(crate) enum Config {
    /// Print what holds: of the environment, else of the file, else the defaults.
    Get {
        /// The key, such as server.url or `watch[0].folder`; without one, all.
        key: Option<String>,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Give a key a value; comments and everything else in the file stay. The running service applies it.
    ///
    /// Secrets, such as server.token, are never given here, where everybody could read them in the list of processes:
    /// they are read from standard input, or from a file, and go into the platform's store.
    Set {
        /// The key, such as server.url, `watch[0].folder` or server.token.
        key: String,
        /// The value; none for a secret.
        #[arg(conflicts_with = "file")]
        value: Option<String>,
        /// File with the value.
        #[arg(long, value_name = "PATH")]
        file: Option<PathBuf>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Take a key out of the file, so that its default holds, or a secret out of the store.
    Unset {
        /// The key.
        key: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Watch one folder more.
    AddWatch {
        /// The folder.
        folder: String,
        /// Keys of the folder, such as converter=csv or arguments.part-number=PSU-100.
        #[arg(value_name = "KEY=VALUE", value_parser = pair)]
        values: Vec<(String, String)>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Change keys of a watched folder; an empty value takes one out.
    EditWatch {
        /// Its number in the file, from 0.
        number: usize,
        /// Keys of the folder, such as priority=1.
        #[arg(value_name = "KEY=VALUE", value_parser = pair, required = true)]
        values: Vec<(String, String)>,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Watch a folder no more. Its files stay.
    RemoveWatch {
        /// Its number in the file, from 0.
        number: usize,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// The same as check.
    Check(ConfigFile),
}

/// How to show it.
#[derive(Debug, Args)]
pub(crate) struct Demo {
    /// Go on after all reports have arrived, until interrupted.
    #[arg(long, conflicts_with = "server_only")]
    pub(crate) keep: bool,
    /// Run only the demonstration server, until interrupted.
    #[arg(long)]
    pub(crate) server_only: bool,
    /// Address and port of the demonstration server; port 0 is a free one.
    #[arg(long, value_name = "ADDRESS:PORT", default_value = "127.0.0.1:0")]
    pub(crate) listen: SocketAddr,
}

/// Which service, and how to show it.
#[derive(Debug, Args)]
pub(crate) struct Status {
    /// Name of the instance, where there are several.
    #[arg(long, value_name = "NAME")]
    pub(crate) instance: Option<String>,
    /// Answer in JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Go on and print every change, until interrupted.
    #[arg(long, conflicts_with = "json")]
    pub(crate) follow: bool,
}

/// What to see of the queue, or to do with it.
#[derive(Debug, Subcommand)]
pub(crate) enum Queue {
    /// Count the reports, and list those that wait or were refused.
    List {
        #[command(flatten)]
        config: ConfigFile,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
        /// Only those in this state, delivered ones too.
        #[arg(long)]
        state: Option<State>,
        /// Only those whose serial number, file or id holds this text, in any state.
        #[arg(long, value_name = "TEXT")]
        search: Option<String>,
        /// At most this many.
        #[arg(long, value_name = "NUMBER", default_value_t = 200)]
        limit: u32,
        /// Leave out this many: the next page.
        #[arg(long, value_name = "NUMBER", default_value_t = 0)]
        skip: u32,
    },
    /// Send a report now that waits or was refused, or once more what was delivered.
    Retry {
        /// Its number in the queue, or its id.
        #[arg(required_unless_present = "all")]
        report: Option<String>,
        /// All that were refused.
        #[arg(long, conflicts_with = "report")]
        all: bool,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Put a corrected content in the place of one that was refused, and send it.
    Replace {
        /// Its number in the queue, or its id.
        report: String,
        /// File with the corrected report in WSJF.
        file: PathBuf,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Delete a report that was not delivered.
    Delete {
        /// Its number in the queue, or its id.
        report: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Print a report as it is sent; of delivered ones as long as they are kept.
    Export {
        /// Its number in the queue, or its id.
        report: String,
        #[command(flatten)]
        config: ConfigFile,
    },
    /// Show one report with all that is known about it.
    Show {
        /// Its number in the queue, or its id.
        report: String,
        #[command(flatten)]
        config: ConfigFile,
        /// Answer in JSON.
        #[arg(long)]
        json: bool,
    },
}
