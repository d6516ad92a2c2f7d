//! From manifest to definition.

use std::collections::BTreeMap;

use landfall_manifest::model::{self, Manifest};
use landfall_manifest::values;
use landfall_service_definition::{
    Account, Definition, Folders, Hardening, Health, Network, Page, Platform, Ready, RestartPolicy, Setting,
    SettingType, Start,
};

use crate::Target;
use crate::layout::{Layout, Place};

/// The service of a manifest on one platform; `None` where it has none.
///
/// `version` is the product's version as written, `target` what the program is built for; both stand in variables
/// only. A build script calls this and embeds the definition, so that the program installs itself as its packages
/// do.
pub fn definition(
    manifest: &Manifest,
    target: &Target,
    version: &str,
    platform: Platform,
) -> Option<Definition> {
    let layout = Layout { name: &manifest.product.name, version, target, place: Place::Installed(platform) };
    from_layout(manifest, &layout, platform)
}

/// The same with a layout that is there already.
pub(crate) fn from_layout(
    manifest: &Manifest,
    layout: &Layout<'_>,
    platform: Platform,
) -> Option<Definition> {
    let service = manifest.service.as_ref()?;
    let product = &manifest.product;
    let duration = |text: &Option<String>, default: u64| {
        text.as_deref().and_then(|t| values::seconds(t).ok()).unwrap_or(default)
    };
    let name = service.name.clone().unwrap_or_else(|| product.name.clone());
    let folders = Folders::of(platform, &product.name);
    let settings = settings(manifest, layout);
    let credentials = settings
        .iter()
        .filter(|(_, setting)| setting.kind == SettingType::Secret)
        .map(|(name, _)| (name.clone(), credential_file(platform, &folders, name)))
        .collect();
    let definition = Definition {
        platform,
        name,
        instance: None,
        identifier: crate::build::identifier(product),
        title: product.title.clone().unwrap_or_else(|| product.name.clone()),
        description: product.summary.trim_end_matches('.').to_owned(),
        documentation: product.homepage.clone(),
        program: layout.program(&service.program, manifest),
        arguments: service.arguments.iter().map(|text| layout.expand(text)).collect(),
        environment: service.environment.iter().map(|(k, v)| (k.clone(), layout.expand(v))).collect(),
        environment_file: (platform == Platform::Linux)
            .then(|| format!("{}/environment", folders.configuration)),
        account: match service.account.as_deref() {
            None | Some("root") => Account::System,
            Some(name) => Account::Own(name.to_owned()),
        },
        start: match service.start {
            model::Start::Boot => Start::Boot,
            model::Start::Delayed => Start::Delayed,
            model::Start::Manual => Start::Manual,
        },
        restart: match service.restart.policy {
            model::RestartPolicy::Always => RestartPolicy::Always,
            model::RestartPolicy::OnFailure => RestartPolicy::OnFailure,
            model::RestartPolicy::Never => RestartPolicy::Never,
        },
        restart_delay: duration(&service.restart.delay, 5),
        restart_pauses: match &service.restart.pauses {
            Some(pauses) => pauses.clone().map(|pause| duration(&Some(pause), 5)),
            None => [5, 5, 30],
        },
        ready: match service.ready {
            model::Ready::Started => Ready::Started,
            model::Ready::Notify => Ready::Notify,
        },
        watchdog: service.watchdog.as_ref().map(|w| duration(&Some(w.clone()), 60)),
        stop_timeout: duration(&service.stop_timeout, 30),
        hardening: match service.hardening {
            model::Hardening::Strict => Hardening::Strict,
            model::Hardening::Standard => Hardening::Standard,
            model::Hardening::None => Hardening::None,
        },
        network: match service.network {
            model::Network::Outbound => Network::Outbound,
            model::Network::Inbound => Network::Inbound,
            model::Network::None => Network::None,
        },
        folders,
        writable: service.writable.iter().filter_map(|path| layout.path(path)).collect(),
        credentials,
        settings,
        health: service.health.as_ref().map(health),
        page: service
            .page
            .as_ref()
            .map(|page| Page { address: page.address.clone(), listen: page.listen.clone() }),
    };
    // Whoever asks a container is outside it. Without a variable it listens where it always does.
    Some(match platform {
        Platform::Container => definition.with_health_listener("0.0.0.0", None).unwrap_or(definition),
        _ => definition,
    })
}

fn health(health: &model::Health) -> Health {
    match health {
        model::Health::Address(address) => Health::at(address),
        model::Health::Addresses(all) => Health {
            address: all.address.clone(),
            live: all.live.clone().unwrap_or_else(|| all.address.clone()),
            ready: all.ready.clone().unwrap_or_else(|| all.address.clone()),
            listen: all.listen.clone(),
            command: all.command.clone(),
        },
    }
}

/// The settings of a manifest, defaults filled in.
pub(crate) fn settings(manifest: &Manifest, layout: &Layout<'_>) -> BTreeMap<String, Setting> {
    let upper = |text: &str| text.to_uppercase().replace(|c: char| !c.is_ascii_alphanumeric(), "_");
    let product = upper(&manifest.product.name);
    manifest
        .settings
        .iter()
        .map(|(name, s)| {
            let setting = Setting {
                title: s.title.clone().unwrap_or_else(|| name.clone()),
                kind: match s.kind {
                    model::SettingType::String => SettingType::String,
                    model::SettingType::Url => SettingType::Url,
                    model::SettingType::Directory => SettingType::Directory,
                    model::SettingType::Integer => SettingType::Integer,
                    model::SettingType::Boolean => SettingType::Boolean,
                    model::SettingType::Secret => SettingType::Secret,
                },
                required: s.required,
                default: s.default.as_deref().map(|text| layout.expand(text)),
                environment: s.environment.clone().unwrap_or_else(|| format!("{product}_{}", upper(name))),
            };
            (name.clone(), setting)
        })
        .collect()
}

/// Where the administrator puts a secret; containers are given theirs in a place of their own.
fn credential_file(platform: Platform, folders: &Folders, name: &str) -> String {
    let configuration = &folders.configuration;
    match platform {
        Platform::Linux | Platform::Macos => format!("{configuration}/credentials/{name}"),
        Platform::Windows => format!(r"{configuration}\credentials\{name}"),
        Platform::Container => format!("/run/secrets/{name}"),
    }
}
