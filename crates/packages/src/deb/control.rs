//! The control file: Debian Policy §5.3, deb-control(5).

use landfall_payload::{Format, Network, Os, Payload};

use super::{dependencies, inexpressible, text};
use crate::Error;

/// Fields that Landfall writes itself, or that only dpkg and archives may write.
const RESERVED: [&str; 29] = [
    "architecture",
    "breaks",
    "conffiles",
    "config-version",
    "conflicts",
    "depends",
    "description",
    "essential",
    "filename",
    "homepage",
    "installed-size",
    "maintainer",
    "md5sum",
    "msdos-filename",
    "package",
    "pre-depends",
    "priority",
    "provides",
    "recommends",
    "replaces",
    "section",
    "sha1",
    "sha256",
    "sha512",
    "size",
    "status",
    "suggests",
    "triggers-awaited",
    "version",
];

/// The package's architecture in Debian's vocabulary.
pub(super) fn architecture(payload: &Payload) -> Result<&'static str, Error> {
    let target = &payload.target;
    let name = if target.os == Os::Linux { target.architecture.in_format(Format::Deb) } else { None };
    name.ok_or_else(|| inexpressible(format!("the target {target}: Debian has no such port")))
}

/// The text of the control file. `installed_size` is in KiB.
pub(super) fn control(payload: &Payload, installed_size: u64) -> Result<String, Error> {
    let product = &payload.product;
    let deb = &payload.options.deb;
    let mut fields = Fields::default();
    fields.set("Package", &product.name)?;
    fields.set("Version", &product.version.deb())?;
    fields.set("Architecture", architecture(payload)?)?;
    fields.set("Maintainer", &product.maintainer)?;
    fields.set("Installed-Size", &installed_size.to_string())?;
    fields.list("Pre-Depends", &deb.pre_depends)?;
    fields.list("Depends", &dependencies::depends(payload)?)?;
    fields.list("Recommends", &deb.recommends)?;
    fields.list("Suggests", &deb.suggests)?;
    fields.list("Conflicts", &deb.conflicts)?;
    fields.list("Breaks", &deb.breaks)?;
    fields.list("Replaces", &deb.replaces)?;
    fields.list("Provides", &deb.provides)?;
    fields.set("Section", deb.section.as_deref().unwrap_or_else(|| default_section(payload)))?;
    fields.set("Priority", deb.priority.as_deref().unwrap_or("optional"))?;
    if let Some(homepage) = &product.homepage {
        fields.set("Homepage", homepage)?;
    }
    fields.set("Description", &product.summary)?;
    fields.0.pop();
    fields.0.push_str(&extended_description(payload));
    fields.0.push('\n');
    for (name, value) in &deb.fields {
        fields.own(name, value)?;
    }
    Ok(fields.0)
}

fn default_section(payload: &Payload) -> &'static str {
    match &payload.service {
        Some(service) if service.network != Network::None => "net",
        _ => "utils",
    }
}

/// The extended description (Debian Policy §5.6.13), lines of at most 80 columns.
fn extended_description(payload: &Payload) -> String {
    let product = &payload.product;
    let mut paragraphs: Vec<String> = product.description.clone();
    // Policy wants an extended description that does not repeat the synopsis.
    if paragraphs.first().is_some_and(|p| p.trim().trim_end_matches('.') == product.summary.trim()) {
        paragraphs.remove(0);
    }
    if paragraphs.is_empty() {
        paragraphs.push(match &payload.service {
            Some(service) => format!(
                "This package contains {} by {} and runs it in the background as the service {}.",
                product.title, product.vendor, service.name
            ),
            None => format!("This package contains {} by {}.", product.title, product.vendor),
        });
    }
    let mut lines: Vec<String> = Vec::new();
    for paragraph in &paragraphs {
        if !lines.is_empty() {
            lines.push(String::new());
        }
        lines.extend(text::wrap(paragraph, text::WIDTH - 2));
    }
    text::continuation(lines.iter().map(String::as_str))
}

#[derive(Default)]
struct Fields(String);

impl Fields {
    /// A field of one line.
    fn set(&mut self, name: &str, value: &str) -> Result<(), Error> {
        let value = value.trim();
        if value.is_empty() || value.chars().any(char::is_control) {
            return Err(inexpressible(format!(
                "the control field {name} with the value {value:?}; it takes one line that is not empty"
            )));
        }
        self.0.push_str(&format!("{name}: {value}\n"));
        Ok(())
    }

    /// A list of relations; nothing where it is empty.
    fn list(&mut self, name: &str, relations: &[String]) -> Result<(), Error> {
        for relation in relations {
            dependencies::check(name, relation)?;
        }
        let items: Vec<&str> = relations.iter().map(|r| r.trim()).collect();
        if items.is_empty() { Ok(()) } else { self.set(name, &items.join(", ")) }
    }

    /// A field from the manifest; its value may have several lines.
    fn own(&mut self, name: &str, value: &str) -> Result<(), Error> {
        // Debian Policy §5.1.
        let grammatical = !name.is_empty()
            && name.bytes().all(|b| b.is_ascii_graphic() && b != b':')
            && !name.starts_with(['#', '-']);
        if !grammatical {
            return Err(inexpressible(format!(
                "a control field called {name:?}; a name is made of printable ASCII characters other than a colon \
                 and does not begin with # or -"
            )));
        }
        if RESERVED.contains(&name.to_ascii_lowercase().as_str()) {
            return Err(inexpressible(format!(
                "the control field {name} in [package.deb.fields]: it is written from the rest of the manifest; \
                 use the key of that name in [package.deb] or [product], if there is one"
            )));
        }
        let mut lines = value.trim().lines();
        self.set(name, lines.next().unwrap_or_default())?;
        self.0.pop();
        if value.chars().any(|c| c.is_control() && c != '\n' && c != '\t') {
            return Err(inexpressible(format!(
                "the control field {name} with control characters in its value"
            )));
        }
        self.0.push_str(&text::continuation(lines));
        self.0.push('\n');
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Fields;

    fn own(name: &str, value: &str) -> Result<String, String> {
        let mut fields = Fields::default();
        fields.own(name, value).map(|()| fields.0).map_err(|e| e.to_string())
    }

    #[test]
    fn own_fields_are_checked() {
        assert_eq!(own("Bugs", "https://example.com").unwrap(), "Bugs: https://example.com\n");
        assert_eq!(own("Notes", "a\n\nb\n").unwrap(), "Notes: a\n .\n b\n");
        for name in ["", "a:b", "-a", "#a", "a b", "package", "Installed-Size"] {
            assert!(own(name, "x").is_err(), "{name}");
        }
        assert!(own("Notes", "").is_err());
        assert!(own("Notes", "a\u{1}b").is_err());
        assert!(own("depends", "x").unwrap_err().contains("[package.deb]"));
    }
}
