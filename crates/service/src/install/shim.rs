//! Temporary.
#![allow(missing_docs, dead_code)]
pub mod windows {
    use landfall_service_definition::Definition;
    #[derive(Debug, Clone, PartialEq, Eq, serde::Serialize)]
    pub struct Service {
        pub name: String,
        pub event_source: String,
    }
    pub fn service_name(d: &Definition) -> String {
        d.id().replace('@', "$")
    }
    pub fn service(d: &Definition) -> Service {
        Service { name: service_name(d), event_source: d.title.clone() }
    }
}
pub mod launchd {
    use landfall_service_definition::Definition;
    pub fn label(d: &Definition) -> String {
        d.identifier.clone()
    }
    pub fn plist(d: &Definition) -> String {
        d.id()
    }
}
