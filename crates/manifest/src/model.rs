//! The types of `landfall.toml`.
//!
//! They are the single description of the manifest: parsing, the structural check, the JSON Schema and the
//! reference in `docs/manifest.md` all come from them. A doc comment here is what the reader of that page sees.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One product: what it is, what lands on a machine, how it runs there, and how it is packaged.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Manifest {
    /// What the product is called and who makes it.
    pub product: Product,
    /// Executables, by the name they get on the machine.
    #[serde(default)]
    pub programs: BTreeMap<String, Program>,
    /// Everything else that lands on the machine.
    #[serde(default)]
    pub files: Vec<FileEntry>,
    /// Directories that exist after installation, beyond those that files and the service need.
    #[serde(default)]
    pub directories: Vec<Directory>,
    /// The background service, if the product has one.
    pub service: Option<Service>,
    /// Values that an administrator gives at installation, by name.
    #[serde(default)]
    pub settings: BTreeMap<String, Setting>,
    /// Shell fragments run around installation and removal, the same for every Linux package format.
    #[serde(default)]
    pub scripts: Scripts,
    /// What only one package format knows.
    #[serde(default)]
    pub package: Packages,
    /// Who signs what is built. Keys and passwords come from files and the environment, never from here.
    #[serde(default)]
    pub sign: Sign,
    /// How `landfall verify` sees that the installed product works.
    #[serde(default)]
    pub verify: Verify,
}

/// What the product is called and who makes it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Product {
    /// Package name: lower-case letters, digits, `+`, `-` and `.`, at least two characters, beginning with a
    /// letter or digit (the narrowest grammar of all formats, Debian Policy §5.6.1).
    pub name: String,
    /// Name for people. Default: `name`.
    pub title: Option<String>,
    /// Semantic version, literally, from `Cargo.toml` or from an environment variable.
    pub version: VersionSource,
    /// Package revision: which packaging of this version it is. Default: 1.
    #[serde(default = "one")]
    pub release: u32,
    /// Version epoch for deb, rpm and Arch: raise it only when versions must start over. Default: none.
    pub epoch: Option<u32>,
    /// Reverse-domain identifier, constant for ever. Default: derived from `homepage` and `name`.
    pub identifier: Option<String>,
    /// Organisation that answers for the product. Default: the name part of `maintainer`.
    pub vendor: Option<String>,
    /// `Name <address>` of whoever maintains the packages.
    pub maintainer: String,
    /// SPDX licence expression, for example `MIT OR Apache-2.0`.
    pub license: String,
    /// Copyright notice, for example `2026 Example Ltd`. Default: the vendor.
    pub copyright: Option<String>,
    /// Web address of the product.
    pub homepage: Option<String>,
    /// One line, at most 80 characters, no full stop at the end.
    pub summary: String,
    /// What the product does, in paragraphs separated by empty lines. Default: `summary`.
    pub description: Option<String>,
    /// Icon file (SVG, or PNG of at least 512 × 512 pixels).
    pub icon: Option<String>,
    /// Icon of the programs for Windows: an `.ico` file with images of 16, 32, 48 and 256 pixels.
    pub windows_icon: Option<String>,
    /// Changelog in the form of keepachangelog.com, relative to the manifest. Its entries appear in the
    /// packages' own changelogs. Default: `CHANGELOG.md` where it exists.
    pub changelog: Option<String>,
}

fn one() -> u32 {
    1
}

/// Where the version comes from.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(untagged)]
pub enum VersionSource {
    /// The version itself.
    Literal(String),
    /// `package.version` (or `workspace.package.version`) of a `Cargo.toml`.
    From(VersionFrom),
    /// An environment variable, for example set by the release workflow. A leading `v` is dropped.
    Env(VersionEnv),
}

impl Default for VersionSource {
    fn default() -> Self {
        Self::Literal("0.0.0".into())
    }
}

/// A version read from a `Cargo.toml`.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct VersionFrom {
    /// Path of the `Cargo.toml`, relative to the manifest.
    pub from: String,
}

/// A version read from the environment.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema, PartialEq, Eq)]
#[serde(deny_unknown_fields)]
pub struct VersionEnv {
    /// Name of the environment variable.
    pub env: String,
}

/// An executable.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Program {
    /// Path of the built executable, relative to the manifest. `{target}` is replaced by the target triple.
    /// Default: `target/{target}/release/<name>`.
    pub path: Option<String>,
    /// Target triples it is built for. Default: this machine's.
    #[serde(default)]
    pub targets: Vec<String>,
    /// Command that makes the executable where `path` does not exist, run by the shell in the manifest's
    /// folder. `{target}` is replaced by the target triple.
    pub build: Option<String>,
    /// Where it is installed. Default: `{bin}/<name>`.
    pub destination: Option<String>,
    /// Only for these platforms, formats or targets. Default: all.
    #[serde(default)]
    pub only: Vec<String>,
}

/// A file, a tree of files, a symbolic link or a file that the product makes later.
///
/// Exactly one of `source`, `content`, `symlink` and `ghost` is given.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct FileEntry {
    /// File, folder or glob (`*`, `?`, `[a-z]`, `**`), relative to the manifest. A folder is taken with
    /// everything below it.
    pub source: Option<String>,
    /// The file's content, written here.
    pub content: Option<String>,
    /// Makes a symbolic link with this target.
    pub symlink: Option<String>,
    /// The product makes this file at run time: it belongs to the package and goes with it, but is not shipped.
    #[serde(default)]
    pub ghost: bool,
    /// Where it lands. With a folder or a glob, or with a final `/`, a folder.
    pub destination: String,
    /// What the file is for; decides its default mode and what happens to it in the lifecycle. Default: `data`.
    #[serde(default)]
    pub role: Role,
    /// Permissions in octal, for example `"0640"`. Default: `0755` for programs, else `0644`; for a folder's
    /// content, whether the source is executable decides.
    pub mode: Option<String>,
    /// Owning account. Default: `root`.
    pub owner: Option<String>,
    /// Owning group. Default: `root`.
    pub group: Option<String>,
    /// Only for these platforms, formats or targets. Default: all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Not for these platforms, formats or targets. Default: none.
    #[serde(default)]
    pub except: Vec<String>,
}

/// What a file is for.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "kebab-case")]
pub enum Role {
    /// An executable.
    Program,
    /// Configuration: an edited copy is kept on upgrade and on remove and deleted on purge.
    Config,
    /// Anything the program reads and nobody edits.
    #[default]
    Data,
    /// Documentation for people.
    Documentation,
    /// The licence text.
    License,
    /// A manual page (`name.section`); compressed where the platform expects it.
    ManualPage,
    /// A shell completion script.
    Completion,
    /// A desktop entry (`.desktop`).
    DesktopEntry,
    /// An icon.
    Icon,
    /// A certificate to trust or to present.
    Certificate,
}

/// A directory.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Directory {
    /// Where it is.
    pub path: String,
    /// Permissions in octal. Default: `0755`.
    pub mode: Option<String>,
    /// Owning account. Default: `root`.
    pub owner: Option<String>,
    /// Owning group. Default: `root`.
    pub group: Option<String>,
    /// Only for these platforms, formats or targets. Default: all.
    #[serde(default)]
    pub only: Vec<String>,
    /// Not for these platforms, formats or targets. Default: none.
    #[serde(default)]
    pub except: Vec<String>,
}

/// The background service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Service {
    /// Which of `[programs]` it runs.
    pub program: String,
    /// Name of the service. Default: the product's name.
    pub name: Option<String>,
    /// Arguments of the program.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Account it runs as; made where missing. Default: `root`.
    pub account: Option<String>,
    /// When it starts. Default: `boot`.
    #[serde(default)]
    pub start: Start,
    /// What happens when it ends by itself.
    #[serde(default)]
    pub restart: Restart,
    /// How the service manager learns that it is ready. Default: `started`.
    #[serde(default)]
    pub ready: Ready,
    /// Longest silence before a hung service is restarted (`"60s"`); the program must send the keep-alive.
    /// Needs `ready = "notify"`. Default: none.
    pub watchdog: Option<String>,
    /// How long a stop may take before the service is killed. Default: `"30s"`.
    pub stop_timeout: Option<String>,
    /// Where the service says how it is.
    pub health: Option<Health>,
    /// Where people look at the running service.
    pub page: Option<Page>,
    /// How far the service is locked in. Default: `strict`.
    #[serde(default)]
    pub hardening: Hardening,
    /// Which network the service needs. Default: `outbound`.
    #[serde(default)]
    pub network: Network,
    /// Environment variables.
    #[serde(default)]
    pub environment: BTreeMap<String, String>,
    /// Further paths that the service may write to, beyond its state, logs, cache and run-time directories.
    #[serde(default)]
    pub writable: Vec<String>,
    /// A unit file of your own instead of the generated one, relative to the manifest.
    pub unit: Option<String>,
}

/// When a service starts.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Start {
    /// With the machine, and once right after installation where the distribution's custom allows it.
    #[default]
    Boot,
    /// With the machine, after everything else.
    Delayed,
    /// Only when somebody starts it.
    Manual,
}

/// What happens when a service ends by itself.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Restart {
    /// When it is started again. Default: `on-failure`.
    #[serde(default)]
    pub policy: RestartPolicy,
    /// Pause before it is started again. Default: `"5s"`.
    pub delay: Option<String>,
    /// Pauses where the service manager counts failures (Windows): before the first restart, the second, and every
    /// further one. Default: `["5s", "5s", "30s"]`.
    pub pauses: Option<[String; 3]>,
}

/// Where a service says how it is.
#[derive(Debug, Clone, Serialize, Deserialize, JsonSchema)]
#[serde(untagged)]
pub enum Health {
    /// `http` address that answers 200 while the service is healthy.
    Address(String),
    /// Several addresses, and how the service is told where to listen.
    Addresses(HealthAddresses),
}

/// Addresses of a service's health.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct HealthAddresses {
    /// `http` address that answers 200 while the service is healthy.
    pub address: String,
    /// Answers 200 unless the service must be started again. Default: `address`.
    pub live: Option<String>,
    /// Answers 200 while the service can do its work. Default: `address`.
    pub ready: Option<String>,
    /// Environment variable through which the program takes `HOST:PORT` to listen on: in a container, where
    /// whoever asks is outside, and for further instances on one machine. Default: it always listens where
    /// `address` says.
    pub listen: Option<String>,
    /// Arguments with which the program asks the running service and ends with 0 while it is healthy; containers
    /// have no other tool for it. Default: none.
    pub command: Option<Vec<String>>,
}

/// Web page of a running service.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Page {
    /// `http` address of its first page; the Start menu of Windows opens it.
    pub address: String,
    /// Environment variable through which the program takes `HOST:PORT` to listen on, for further instances on one
    /// machine. Default: it always listens where `address` says.
    pub listen: Option<String>,
}

/// When a service that ended is started again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum RestartPolicy {
    /// Whatever the reason.
    Always,
    /// After a crash or an exit code other than zero.
    #[default]
    OnFailure,
    /// Never.
    Never,
}

/// How the service manager learns that a service is ready.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Ready {
    /// As soon as the program runs.
    #[default]
    Started,
    /// The program says so (`sd_notify`).
    Notify,
}

/// How far a service is locked in.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Hardening {
    /// Everything off that a network service does not need.
    #[default]
    Strict,
    /// A read-only system and no new privileges; system calls and address families stay open.
    Standard,
    /// Nothing restricted.
    None,
}

/// Which network a service needs.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Network {
    /// Connects to others; listens at most on the machine itself.
    #[default]
    Outbound,
    /// Others connect to it.
    Inbound,
    /// None at all.
    None,
}

/// A value that an administrator gives at installation.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Setting {
    /// Name for people. Default: the setting's name.
    pub title: Option<String>,
    /// Kind of value. Default: `string`.
    #[serde(default, rename = "type")]
    pub kind: SettingType,
    /// Whether the product does not work without it. Default: false.
    #[serde(default)]
    pub required: bool,
    /// Value where none is given.
    pub default: Option<String>,
    /// Environment variable through which the program reads it. Default: `<PRODUCT>_<SETTING>` in capitals.
    pub environment: Option<String>,
}

/// Kind of a setting's value.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum SettingType {
    /// Any text on one line.
    #[default]
    String,
    /// An `http` or `https` address.
    Url,
    /// A folder.
    Directory,
    /// A whole number.
    Integer,
    /// `true` or `false`.
    Boolean,
    /// A password or token: never in a log, an argument list or a package.
    Secret,
}

/// Shell fragments run around installation and removal.
///
/// Each is the path of a POSIX shell script, relative to the manifest; `$1` is `install`, `upgrade` or `remove`.
/// They run in addition to what Landfall does for the service, the account and the directories.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Scripts {
    /// Before the files are unpacked.
    pub before_install: Option<String>,
    /// After everything is in place, before the service is started.
    pub after_install: Option<String>,
    /// Before the files are removed (not on an upgrade).
    pub before_remove: Option<String>,
    /// After the files are removed (not on an upgrade).
    pub after_remove: Option<String>,
    /// Only for these formats. Default: all.
    #[serde(default)]
    pub only: Vec<String>,
}

/// What only one package format knows.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Packages {
    /// Formats to build. Default: all that the target knows.
    pub formats: Option<Vec<String>>,
    /// Debian packages.
    #[serde(default)]
    pub deb: Deb,
    /// RPM packages.
    #[serde(default)]
    pub rpm: Rpm,
    /// Alpine packages.
    #[serde(default)]
    pub apk: Apk,
    /// Arch Linux packages.
    #[serde(default)]
    pub arch: Arch,
    /// Windows Installer packages.
    #[serde(default)]
    pub msi: Msi,
    /// Plain archives.
    #[serde(default)]
    pub archive: Archive,
}

/// Windows Installer packages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Msi {
    /// What all versions of the product share, as a GUID. Default: derived from the product's identifier. Give it
    /// where versions made by another tool are to be upgraded.
    pub upgrade_code: Option<String>,
    /// Whether the product's folder is added to the machine's `PATH`, so that its programs can be called by name.
    /// Default: for a product without a service.
    pub path: Option<bool>,
}

/// Debian packages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Deb {
    /// Archive section (Debian Policy §2.4). Default: `utils`, or `net` for a service with a network.
    pub section: Option<String>,
    /// Priority. Default: `optional`.
    pub priority: Option<String>,
    /// Compression of the members. Default: `xz`, which every supported release reads.
    pub compression: Option<Compression>,
    /// Packages it needs, beyond those derived from the programs.
    #[serde(default)]
    pub depends: Vec<String>,
    /// Packages that must be configured before this one is unpacked.
    #[serde(default)]
    pub pre_depends: Vec<String>,
    /// Packages found together with it in all but unusual installations.
    #[serde(default)]
    pub recommends: Vec<String>,
    /// Packages that make it more useful.
    #[serde(default)]
    pub suggests: Vec<String>,
    /// Packages it cannot be installed beside.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// Packages it breaks.
    #[serde(default)]
    pub breaks: Vec<String>,
    /// Packages whose files it may overwrite.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Virtual packages it provides.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Further control fields.
    #[serde(default)]
    pub fields: BTreeMap<String, String>,
    /// dpkg trigger lines (deb-triggers(5)), for example `interest-noawait /usr/share/example`.
    #[serde(default)]
    pub triggers: Vec<String>,
    /// Lintian overrides: tag (with context) to the reason, which is written above it.
    #[serde(default)]
    pub lintian_overrides: BTreeMap<String, String>,
    /// Own maintainer script fragments, run after Landfall's own part with dpkg's arguments.
    #[serde(default)]
    pub scripts: DebScripts,
}

/// Own maintainer script fragments (Debian Policy §6): paths of POSIX shell scripts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct DebScripts {
    /// `preinst`.
    pub preinst: Option<String>,
    /// `postinst`.
    pub postinst: Option<String>,
    /// `prerm`.
    pub prerm: Option<String>,
    /// `postrm`.
    pub postrm: Option<String>,
}

/// RPM packages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Rpm {
    /// Package group. Default: `Unspecified`.
    pub group: Option<String>,
    /// Compression of the payload. Default: `zstd`, which RHEL 8 and later read.
    pub compression: Option<Compression>,
    /// Capabilities it needs, beyond those derived from the programs.
    #[serde(default)]
    pub requires: Vec<String>,
    /// Weak dependencies, installed where possible.
    #[serde(default)]
    pub recommends: Vec<String>,
    /// Weak dependencies, only shown.
    #[serde(default)]
    pub suggests: Vec<String>,
    /// Packages it cannot be installed beside.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// Packages it takes the place of.
    #[serde(default)]
    pub obsoletes: Vec<String>,
    /// Capabilities it provides.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Own scriptlets, run after Landfall's own part.
    #[serde(default)]
    pub scripts: RpmScripts,
}

/// Own scriptlets: paths of POSIX shell scripts, `$1` as rpm gives it.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct RpmScripts {
    /// `%pretrans`.
    pub pretrans: Option<String>,
    /// `%pre`.
    pub pre: Option<String>,
    /// `%post`.
    pub post: Option<String>,
    /// `%preun`.
    pub preun: Option<String>,
    /// `%postun`.
    pub postun: Option<String>,
    /// `%posttrans`.
    pub posttrans: Option<String>,
}

/// Alpine packages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Apk {
    /// Packages it needs, beyond those derived from the programs.
    #[serde(default)]
    pub depends: Vec<String>,
    /// Names it provides.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Packages whose files it may overwrite.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Own scripts, run after Landfall's own part.
    #[serde(default)]
    pub scripts: ApkScripts,
}

/// Own install scripts of an Alpine package: paths of POSIX shell scripts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ApkScripts {
    /// `.pre-install`.
    pub pre_install: Option<String>,
    /// `.post-install`.
    pub post_install: Option<String>,
    /// `.pre-upgrade`.
    pub pre_upgrade: Option<String>,
    /// `.post-upgrade`.
    pub post_upgrade: Option<String>,
    /// `.pre-deinstall`.
    pub pre_deinstall: Option<String>,
    /// `.post-deinstall`.
    pub post_deinstall: Option<String>,
}

/// Arch Linux packages.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Arch {
    /// Packages it needs, beyond those derived from the programs.
    #[serde(default)]
    pub depends: Vec<String>,
    /// Optional packages, `name: reason`.
    #[serde(default)]
    pub optdepends: Vec<String>,
    /// Packages it cannot be installed beside.
    #[serde(default)]
    pub conflicts: Vec<String>,
    /// Names it provides.
    #[serde(default)]
    pub provides: Vec<String>,
    /// Packages it takes the place of.
    #[serde(default)]
    pub replaces: Vec<String>,
    /// Package groups.
    #[serde(default)]
    pub groups: Vec<String>,
    /// Own install functions, run after Landfall's own part.
    #[serde(default)]
    pub scripts: ArchScripts,
}

/// Own parts of the `.INSTALL` functions: paths of shell scripts.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct ArchScripts {
    /// `pre_install`.
    pub pre_install: Option<String>,
    /// `post_install`.
    pub post_install: Option<String>,
    /// `pre_upgrade`.
    pub pre_upgrade: Option<String>,
    /// `post_upgrade`.
    pub post_upgrade: Option<String>,
    /// `pre_remove`.
    pub pre_remove: Option<String>,
    /// `post_remove`.
    pub post_remove: Option<String>,
}

/// Plain archives.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Archive {
    /// Folder inside the archive that holds everything. Default: `{name}-{version}-{target}`.
    pub folder: Option<String>,
}

/// Compression of a package's content.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Compression {
    /// gzip: read by everything.
    Gzip,
    /// xz: smallest, slow.
    Xz,
    /// Zstandard: fast to install; dpkg since 1.21.18, rpm since 4.14.
    Zstd,
    /// None.
    None,
}

/// Who signs what is built. Keys and passwords come from files and the environment, never from here.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Sign {
    /// Authenticode signatures of Windows programs and installers. The programs are signed before they are packed.
    pub windows: Option<SignWindows>,
}

/// Authenticode signatures of Windows programs and installers.
///
/// The key is in a `pfx` file, in a `key` file beside the `certificate`, or held by something that a `command` asks.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SignWindows {
    /// PKCS #12 file (`.pfx`, `.p12`) with key, certificate and chain. In an environment variable: base64.
    pub pfx: Option<SecretSource>,
    /// The certificate and those above it, in PEM.
    pub certificate: Option<SecretSource>,
    /// The private key in PEM: PKCS #8, PKCS #1 or SEC 1; RSA, P-256 or P-384.
    pub key: Option<SecretSource>,
    /// Password of the `pfx` file or of an encrypted `key`. Default: none.
    pub password: Option<SecretSource>,
    /// Program that makes signatures with a key that stays elsewhere, and its arguments: it reads a SHA-256 digest (32
    /// bytes) from standard input and writes the bare signature to standard output.
    pub command: Option<Vec<String>>,
    /// What Windows calls the file when it asks for permission. Default: the product's title.
    pub description: Option<String>,
    /// Where more is told about it. Default: the product's `homepage`.
    pub url: Option<String>,
    /// `http` address of a timestamp authority (RFC 3161); with it signatures outlive the certificate. Default: none.
    pub timestamp: Option<String>,
}

/// Where something secret is taken from; exactly one of the keys is given.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct SecretSource {
    /// Path of the file that holds it, relative to the manifest.
    pub file: Option<String>,
    /// Environment variable that holds it.
    pub env: Option<String>,
    /// Environment variable that holds the path of the file that holds it.
    pub file_env: Option<String>,
}

/// How `landfall verify` sees that the installed product works.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Verify {
    /// Values of `[settings]` that are laid out before the installation, by name.
    #[serde(default)]
    pub settings: BTreeMap<String, String>,
    /// A program that runs on the same machine beside the service, such as the server that it talks to. It is taken
    /// from this release's programs and is not part of the installation.
    pub companion: Option<Companion>,
    /// Path of a POSIX shell script, run as root on the machine while the service runs. `$1` says what is asked:
    /// `check`: let the product do its work and see that it is done; `queue`: leave work behind while the companion
    /// is away; `done`: see that this work is done, now that the companion is back. Exit code 0 is yes. `http URL`
    /// prints what an address answers. Default: nothing beyond the service's state and its health address is asked.
    pub script: Option<String>,
    /// What may stay on the machine after a purge.
    #[serde(default)]
    pub leftovers: Vec<Leftover>,
}

/// A program that runs beside the service while it is verified.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Companion {
    /// Which of `[programs]` it is.
    pub program: String,
    /// Its arguments.
    #[serde(default)]
    pub arguments: Vec<String>,
    /// Address that answers 200 once it is ready. Default: it is ready at once.
    pub ready: Option<String>,
}

/// Something that may stay on the machine after a purge.
#[derive(Debug, Clone, Default, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct Leftover {
    /// Absolute path; what lies below it may stay too. Variables are replaced.
    pub path: String,
    /// Why it has to stay.
    pub reason: String,
}
