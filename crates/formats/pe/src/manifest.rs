//! The application manifest: what a program wants of Windows.

/// What a program wants of Windows; by default what a program of today wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manifest {
    /// Paths longer than 260 characters.
    pub long_paths: bool,
    /// UTF-8 as the code page of functions that take bytes.
    pub utf8: bool,
}

impl Default for Manifest {
    fn default() -> Self {
        Self { long_paths: true, utf8: true }
    }
}

impl Manifest {
    /// Its text: with the rights of whoever starts it, made for Windows 10 and later.
    pub fn text(&self) -> String {
        let mut settings = String::new();
        for (name, year, value, wanted) in
            [("longPathAware", 2016, "true", self.long_paths), ("activeCodePage", 2019, "UTF-8", self.utf8)]
        {
            if wanted {
                let namespace = format!("http://schemas.microsoft.com/SMI/{year}/WindowsSettings");
                settings.push_str(&format!("      <{name} xmlns=\"{namespace}\">{value}</{name}>\r\n"));
            }
        }
        TEXT.replace("      @settings@\n", &settings.replace("\r\n", "\n")).replace('\n', "\r\n")
    }
}

/// Whether a manifest asks for more rights than those of whoever starts the program.
pub(crate) fn asks_for_rights(text: &str) -> bool {
    text.contains("requireAdministrator") || text.contains("highestAvailable")
}

const TEXT: &str = r#"<?xml version="1.0" encoding="UTF-8" standalone="yes"?>
<assembly xmlns="urn:schemas-microsoft-com:asm.v1" manifestVersion="1.0">
  <trustInfo xmlns="urn:schemas-microsoft-com:asm.v3">
    <security>
      <requestedPrivileges>
        <requestedExecutionLevel level="asInvoker" uiAccess="false"/>
      </requestedPrivileges>
    </security>
  </trustInfo>
  <compatibility xmlns="urn:schemas-microsoft-com:compatibility.v1">
    <application>
      <supportedOS Id="{8e0f7a12-bfb3-4fe8-b9a5-48fd50a15a9a}"/>
    </application>
  </compatibility>
  <application xmlns="urn:schemas-microsoft-com:asm.v3">
    <windowsSettings>
      @settings@
    </windowsSettings>
  </application>
</assembly>
"#;
