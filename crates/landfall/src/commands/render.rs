//! `landfall render`

use landfall_payload::{Os, Target, service};
use landfall_service_definition::{
    Definition, Platform, Unsupported, apparmor, compose, container, kubernetes, launchd, openrc, selinux,
    systemd, sysv, windows,
};
use serde::Serialize;

use crate::Global;
use crate::failure::Failure;
use crate::output::Output;
use crate::project::Project;

/// Print what one service manager is told of the service
#[derive(Debug, clap::Args)]
pub(crate) struct Arguments {
    /// Who is told
    #[arg(value_enum)]
    manager: Manager,
    /// One of several installations on a machine, with this name
    #[arg(long, value_name = "NAME")]
    instance: Option<String>,
    /// Where the program is on the machine, if not where packages put it
    #[arg(long, value_name = "PATH")]
    program: Option<String>,
    /// Interface and port for its health, if not the manifest's
    #[arg(long, value_name = "HOST:PORT", value_parser = listener)]
    health_listen: Option<(String, u16)>,
    /// Image that compose and kubernetes run [default: NAME:VERSION of the product]
    #[arg(long, value_name = "IMAGE")]
    image: Option<String>,
    /// Target triple for the manifest's variables [default: the first of that system, if possible this machine's]
    #[arg(long, short, value_name = "TRIPLE")]
    target: Option<String>,
}

/// Who is told of a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Manager {
    /// The unit
    Systemd,
    /// The script for System V init
    Sysv,
    /// The script for OpenRC
    Openrc,
    /// The property list of the daemon
    Launchd,
    /// The description for Windows' Service Control Manager, in JSON
    Windows,
    /// The configuration of an image, in JSON
    Container,
    /// A compose.yaml
    Compose,
    /// Objects for kubectl apply
    Kubernetes,
    /// The policy module, with the labels of the files, in the Common Intermediate Language
    Selinux,
    /// The profile
    Apparmor,
}

impl Manager {
    fn platform(self) -> Platform {
        match self {
            Self::Launchd => Platform::Macos,
            Self::Windows => Platform::Windows,
            Self::Container | Self::Compose | Self::Kubernetes => Platform::Container,
            Self::Systemd | Self::Sysv | Self::Openrc | Self::Selinux | Self::Apparmor => Platform::Linux,
        }
    }
}

/// What is printed with `--json`, where the text itself is not JSON.
#[derive(Debug, Serialize)]
struct Rendered {
    /// Where the text belongs: an absolute path, or the usual name of a file whose place is anywhere.
    file: String,
    /// The text.
    text: String,
}

pub(crate) fn run(arguments: &Arguments, global: &Global, output: &Output) -> Result<(), Failure> {
    let project = Project::open(&global.manifest, output)?;
    let service = definition(arguments, &project)?;
    let image = || {
        let name = &project.loaded.manifest.product.name;
        arguments.image.clone().unwrap_or_else(|| format!("{name}:{}", project.version))
    };
    let (file, text) = match arguments.manager {
        Manager::Windows => return output.json(&windows::service(&service)),
        Manager::Container => return output.json(&container::container(&service)),
        Manager::Systemd => (format!("/etc/systemd/system/{}", service.unit()), systemd::unit(&service)),
        Manager::Sysv => (format!("/etc/init.d/{}", service.id()), sysv::script(&service).map_err(usage)?),
        Manager::Openrc => {
            (format!("/etc/init.d/{}", service.id()), openrc::script(&service).map_err(usage)?)
        }
        Manager::Launchd => (launchd::path(&service, ""), launchd::plist(&service)),
        Manager::Compose => ("compose.yaml".to_owned(), compose::file(&service, &image())),
        Manager::Kubernetes => (format!("{}.yaml", service.name), kubernetes::manifest(&service, &image())),
        // The file's name becomes the module's.
        Manager::Selinux => (format!("{}.cil", selinux::module(&service)), selinux::policy(&service)),
        Manager::Apparmor => {
            (format!("/etc/apparmor.d/{}", apparmor::name(&service)), apparmor::profile(&service))
        }
    };
    if output.is_json() {
        return output.json(&Rendered { file, text });
    }
    output.product(text.trim_end_matches('\n'));
    Ok(())
}

/// The manifest's service on the manager's platform, with what the command line changes.
fn definition(arguments: &Arguments, project: &Project) -> Result<Definition, Failure> {
    let platform = arguments.manager.platform();
    let target = target(platform, arguments.target.as_deref(), project)?;
    let version = project.version.to_string();
    let Some(mut service) = service::definition(&project.loaded.manifest, &target, &version, platform) else {
        return Err(Failure::Usage(
            "the manifest has no [service], so there is nothing to tell a service manager".into(),
        ));
    };
    if let Some(instance) = &arguments.instance {
        service = service.for_instance(instance).map_err(usage)?;
    }
    if let Some(program) = &arguments.program {
        service = service.with_program(program).map_err(usage)?;
    }
    if let Some((host, port)) = &arguments.health_listen {
        service = service.with_health_listener(host, Some(*port)).map_err(usage)?;
    }
    Ok(service)
}

/// The target that was asked for; else the manifest's first one of the platform's system, rather one of this
/// machine's architecture; else the usual one. It decides nothing but the manifest's variables.
fn target(platform: Platform, asked: Option<&str>, project: &Project) -> Result<Target, Failure> {
    let (os, usual) = match platform {
        Platform::Linux | Platform::Container => (Os::Linux, "unknown-linux-gnu"),
        Platform::Macos => (Os::Macos, "apple-darwin"),
        Platform::Windows => (Os::Windows, "pc-windows-msvc"),
    };
    let parse = |triple: &str| triple.parse::<Target>().map_err(|e| Failure::Usage(e.to_string()));
    if let Some(triple) = asked {
        let target = parse(triple)?;
        if target.os != os {
            let system = os.name();
            return Err(Failure::Usage(format!("{triple} is no target of {system}, which this is for")));
        }
        return Ok(target);
    }
    let here = Target::host().architecture;
    let mut declared = Vec::new();
    for program in project.loaded.manifest.programs.values() {
        for triple in &program.targets {
            declared.push(parse(triple)?);
        }
    }
    declared.retain(|target| target.os == os);
    let own = declared.iter().find(|target| target.architecture == here);
    match own.or(declared.first()) {
        Some(target) => Ok(target.clone()),
        None => parse(&format!("{}-{usual}", here.name())),
    }
}

/// `HOST:PORT`, with an IPv6 address in brackets.
fn listener(text: &str) -> Result<(String, u16), String> {
    let wrong = || "not HOST:PORT, such as 127.0.0.1:8081 or [::1]:8081".to_owned();
    let (host, port) = text.rsplit_once(':').ok_or_else(wrong)?;
    let bare = host.strip_prefix('[').and_then(|host| host.strip_suffix(']')).unwrap_or(host);
    if bare.is_empty() || (bare.contains(':') && bare == host) {
        return Err(wrong());
    }
    Ok((bare.to_owned(), port.parse().map_err(|_| wrong())?))
}

fn usage(unsupported: Unsupported) -> Failure {
    Failure::Usage(unsupported.to_string())
}
