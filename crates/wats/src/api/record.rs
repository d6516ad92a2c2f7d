//! How records are declared: every member may be missing or `null`, and members without a field are kept.

use serde::{Deserialize, Deserializer};

/// `null` is an empty list.
pub(super) fn list<'de, D: Deserializer<'de>, T: Deserialize<'de>>(
    deserializer: D,
) -> Result<Vec<T>, D::Error> {
    Ok(Option::deserialize(deserializer)?.unwrap_or_default())
}

/// Declares a record: `field: Type = "name in JSON"`, with other names that servers use after `|`.
macro_rules! record {
    (
        $(#[$about:meta])*
        $name:ident {
            $($(#[$field_about:meta])* $field:ident: $type:ty = $key:literal $(| $alias:literal)*,)*
        }
        $(lists {
            $($(#[$list_about:meta])* $list:ident: $item:ty = $list_key:literal $(| $list_alias:literal)*,)*
        })?
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Default, PartialEq, serde::Serialize, serde::Deserialize)]
        #[serde(default)]
        pub struct $name {
            $(
                $(#[$field_about])*
                #[serde(rename = $key $(, alias = $alias)*, skip_serializing_if = "Option::is_none")]
                pub $field: Option<$type>,
            )*
            $($(
                $(#[$list_about])*
                #[serde(
                    rename = $list_key $(, alias = $list_alias)*,
                    deserialize_with = "crate::api::record::list",
                    skip_serializing_if = "Vec::is_empty"
                )]
                pub $list: Vec<$item>,
            )*)?
            /// All other members.
            #[serde(flatten)]
            pub more: serde_json::Map<String, serde_json::Value>,
        }
    };
}
pub(super) use record;
