//! Products.

use super::query::{PARAMETERS, select};
use super::{Asked, Outcome, Refusal, done, reply};
use crate::web::{Shared, locked};
use serde_json::{Value, json};
use std::collections::BTreeMap;

/// All products by part number, and what their revisions are made of.
#[derive(Debug, Default)]
pub(super) struct Catalogue {
    products: BTreeMap<String, Value>,
    materials: BTreeMap<(String, String), Value>,
}

pub(super) fn answer(shared: &Shared, asked: &Asked, path: &[&str]) -> Outcome {
    let catalogue = &mut locked(&shared.world).products;
    let find = |catalogue: &Catalogue, number: &str| {
        catalogue.products.get(number).cloned().ok_or_else(|| Refusal::missing("The product"))
    };
    match (asked.method(), path) {
        ("GET", ["Products"] | ["Product", "Query"]) => {
            asked.only(&PARAMETERS)?;
            reply(select(asked, catalogue.products.values().cloned().collect())?)
        }
        ("GET", ["Product", "Vendors"]) => {
            reply(json!([{"vendorId": "00000000-0000-4000-8000-0000000000f1", "name": "Parts & Co"}]))
        }
        ("GET", ["Product", "Groups"]) => {
            reply(json!([{"productGroupId": 1, "productGroupName": "Power supplies"}]))
        }
        ("GET", ["Product", "BOM"]) => {
            asked.only(&["partNumber", "revision"])?;
            let key = (asked.need("partNumber")?.to_owned(), asked.need("revision")?.to_owned());
            catalogue.materials.get(&key).cloned().map_or_else(|| Err(Refusal::missing("The BOM")), reply)
        }
        ("PUT", ["Product", "BOM"]) => {
            let materials = asked.json()?;
            let text = |member: &str| {
                let text = materials[member].as_str().filter(|text| !text.is_empty());
                text.map(str::to_owned)
                    .ok_or_else(|| Refusal::bad(format!("The field {member} is required.")))
            };
            let key = (text("partNumber")?, text("revision")?);
            catalogue.materials.insert(key, materials);
            done()
        }
        ("GET", ["Product", number]) => reply(find(catalogue, number)?),
        ("PUT", ["Product", number]) => {
            let Value::Object(given) = asked.json()? else {
                return Err(Refusal::bad("The body must be an object."));
            };
            if given.get("partNumber") != Some(&json!(number)) {
                return Err(Refusal::bad("The field partNumber must be that of the address."));
            }
            let product =
                catalogue.products.entry((*number).to_owned()).or_insert_with(|| json!({"state": 1}));
            for (name, value) in given {
                product[name] = value;
            }
            reply(product.clone())
        }
        ("GET", ["Product", number, "Revisions"]) => reply(find(catalogue, number)?["revisions"].take()),
        ("GET", ["Product", number, revision]) => {
            let product = find(catalogue, number)?;
            let mut revisions = product["revisions"].as_array().into_iter().flatten();
            let found = revisions.find(|own| own["revision"] == *revision).cloned();
            found.map_or_else(|| Err(Refusal::missing("The revision")), reply)
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}
