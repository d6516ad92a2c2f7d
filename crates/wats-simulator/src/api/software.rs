//! Packages of software.

use super::{Asked, Outcome, Refusal, done, reply};
use crate::web::{Shared, locked};
use axum::http::header::CONTENT_TYPE;
use axum::response::IntoResponse;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::io::{Cursor, Read};

const STATUSES: [&str; 4] = ["Draft", "Pending", "Released", "Revoked"];

/// Packages by id, and files by id with the id of their package.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    packages: BTreeMap<String, Value>,
    files: BTreeMap<String, File>,
    made: u64,
    downloads: u64,
}

#[derive(Debug)]
struct File {
    package: String,
    name: String,
    content: Vec<u8>,
    attributes: String,
}

impl Shelf {
    fn new_id(&mut self) -> String {
        self.made += 1;
        format!("00000000-0000-4000-9000-{:012}", self.made)
    }

    fn find(&mut self, id: &str) -> Result<&mut Value, Refusal> {
        self.packages.get_mut(id).ok_or_else(|| Refusal::missing("The package"))
    }

    /// The newest package for which something holds.
    fn newest(&self, wanted: impl Fn(&Value) -> bool) -> Option<Value> {
        let found = self.packages.values().filter(|package| wanted(package));
        found.max_by_key(|package| package["version"].as_i64()).cloned()
    }

    /// A package with its folders, as clients install it.
    fn installable(&self, mut package: Value) -> Value {
        let files = self.files.iter().filter(|(_, file)| package["packageId"] == *file.package);
        let files: Vec<Value> = files
            .map(|(id, file)| {
                json!({
                    "repositoryFolderFileId": id,
                    "attributes": file.attributes.parse::<i64>().unwrap_or_default(),
                    "repositoryFolderFile": {"name": file.name, "fileSize": file.content.len()},
                })
            })
            .collect();
        package["packageFolders"] = json!([{"path": "", "packageFolderFiles": files}]);
        package
    }
}

fn status(asked: &Asked) -> Result<Option<&str>, Refusal> {
    match asked.get("status") {
        Some(status) if !STATUSES.contains(&status) => {
            Err(Refusal::bad(format!("The status {status} is unknown.")))
        }
        status => Ok(status),
    }
}

pub(super) fn answer(shared: &Shared, asked: &Asked, rest: &[&str]) -> Outcome {
    let shelf = &mut locked(&shared.world).software;
    match (asked.method(), rest) {
        ("GET", ["Packages"]) => reply(shelf.packages.values().cloned().collect::<Vec<_>>()),
        ("GET", ["Package", id]) => reply(shelf.find(id)?.clone()),
        ("GET", ["PackageByName"]) => {
            asked.only(&["name", "status", "version"])?;
            let (name, status, version) = (asked.need("name")?, status(asked)?, asked.number("version")?);
            let found = shelf.newest(|package| {
                package["name"] == name
                    && status.is_none_or(|status| package["status"] == status)
                    && version.is_none_or(|version| package["version"] == version)
            });
            found.map_or_else(|| Err(Refusal::missing("The package")), reply)
        }
        ("GET", ["PackagesByTag"]) => {
            asked.only(&["tag", "value", "status"])?;
            let (tag, value, status) = (asked.need("tag")?, asked.need("value")?, status(asked)?);
            let tagged = shelf.packages.values().filter(|package| {
                let mut tags = package["tags"].as_array().into_iter().flatten();
                tags.any(|own| own["key"] == tag && own["value"] == value)
                    && status.is_none_or(|status| package["status"] == status)
            });
            reply(tagged.cloned().collect::<Vec<_>>())
        }
        ("GET", ["PackageFiles", id]) => {
            shelf.find(id)?;
            let files = shelf.files.iter().filter(|(_, file)| file.package == *id);
            let files = files.map(|(id, file)| {
                json!({"fileId": id, "filename": file.name, "size": file.content.len(), "attributes": file.attributes})
            });
            reply(files.collect::<Vec<_>>())
        }
        ("GET", ["VirtualFolders"]) => {
            reply(json!([{"folderId": "00000000-0000-4000-9000-0000000000a1", "name": "Test programs"}]))
        }
        ("POST", ["Package"]) => {
            let mut package = asked.json()?;
            if !package["name"].is_string() || package.get("packageId").is_some() {
                return Err(Refusal::bad("A new package needs a name and has no id yet."));
            }
            let id = shelf.new_id();
            let newest = shelf.newest(|other| other["name"] == package["name"]);
            package["version"] =
                json!(newest.and_then(|other| other["version"].as_i64()).unwrap_or_default() + 1);
            package["packageId"] = json!(id);
            package["status"] = json!("Draft");
            shelf.packages.insert(id, package.clone());
            reply(package)
        }
        ("PUT", ["Package", id]) => {
            let given = asked.json()?;
            let package = shelf.find(id)?;
            for (name, value) in given.as_object().into_iter().flatten() {
                package[name] = value.clone();
            }
            reply(package.clone())
        }
        ("DELETE", ["Package", id]) => {
            if !matches!(shelf.find(id)?["status"].as_str(), Some("Draft" | "Revoked")) {
                return Err(Refusal::bad("Only a draft or a revoked package can be deleted."));
            }
            shelf.packages.remove(*id);
            done()
        }
        ("POST", ["PackageStatus", id]) => {
            asked.only(&["status"])?;
            let status =
                status(asked)?.ok_or_else(|| Refusal::bad("The parameter status is required."))?.to_owned();
            shelf.find(id)?["status"] = json!(status);
            done()
        }
        ("POST", ["Package", "UploadZip", id]) => {
            asked.only(&["cleanInstall"])?;
            asked.sent_as("application/zip")?;
            let clean = asked.truth("cleanInstall")? == Some(true);
            shelf.find(id)?;
            let files =
                unzipped(&asked.body).map_err(|error| Refusal::bad(format!("The archive: {error}")))?;
            if clean {
                shelf.files.retain(|_, file| file.package != *id);
            }
            for (name, content) in files {
                let file_id = shelf.new_id();
                let file = File { package: (*id).to_owned(), name, content, attributes: "0".to_owned() };
                shelf.files.insert(file_id, file);
            }
            done()
        }
        ("POST", ["Package", "FileAttribute", id]) => {
            let attributes = asked.json()?["attributes"].as_str().map(str::to_owned);
            let file = shelf.files.get_mut(*id).ok_or_else(|| Refusal::missing("The file"))?;
            file.attributes = attributes.ok_or_else(|| Refusal::bad("The field attributes is required."))?;
            done()
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}

pub(super) fn internal(shared: &Shared, asked: &Asked, rest: &[&str]) -> Outcome {
    let shelf = &mut locked(&shared.world).software;
    let installed = || Ok::<_, Refusal>(asked.need("installedPackages")?.split(',').collect::<Vec<_>>());
    match (asked.method(), rest) {
        ("GET", ["GetPackageByName"]) => {
            asked.only(&["packageName", "status"])?;
            let (name, status) = (asked.need("packageName")?, status(asked)?);
            let found = shelf.newest(|package| {
                package["name"] == name && status.is_none_or(|status| package["status"] == status)
            });
            // The real one answers with null here.
            reply(found.map(|package| shelf.installable(package)))
        }
        ("GET", ["GetPackagesByTag"]) => {
            asked.only(&["tags", "status"])?;
            let (expression, status) = (asked.need("tags")?, status(asked)?);
            if !expression.starts_with("//*[") {
                return Err(Refusal::bad("The parameter tags must be an XPath expression."));
            }
            let matching: Vec<Value> = shelf
                .packages
                .values()
                .filter(|package| {
                    let mut tags = package["tags"].as_array().into_iter().flatten();
                    status.is_none_or(|status| package["status"] == status)
                        && tags.any(|tag| {
                            expression.contains(&format!("'{}'", tag["value"].as_str().unwrap_or_default()))
                        })
                })
                .cloned()
                .collect();
            reply(matching.into_iter().map(|package| shelf.installable(package)).collect::<Vec<_>>())
        }
        ("GET", ["GetAvailablePackages"]) => {
            let mut newer = Vec::new();
            for id in installed()? {
                let (name, version) = match shelf.packages.get(id) {
                    Some(package) => (package["name"].clone(), package["version"].as_i64()),
                    None => continue,
                };
                newer.extend(shelf.newest(|other| {
                    other["name"] == name
                        && other["version"].as_i64() > version
                        && other["status"] == "Released"
                }));
            }
            reply(newer)
        }
        ("GET", ["GetRevokedPackages"]) => {
            let gone =
                |id: &&str| shelf.packages.get(*id).is_none_or(|package| package["status"] == "Revoked");
            reply(installed()?.into_iter().filter(gone).collect::<Vec<_>>())
        }
        ("GET", ["DownloadFile"]) => {
            asked.only(&["repositoryFolderFileId"])?;
            let file = shelf.files.get(asked.need("repositoryFolderFileId")?);
            let file = file.ok_or_else(|| Refusal::missing("The file"))?;
            Ok(([(CONTENT_TYPE, "application/octet-stream")], file.content.clone()).into_response())
        }
        ("GET", ["Log"]) => {
            asked.only(&["packageId", "downloadSize"])?;
            asked
                .number("downloadSize")?
                .ok_or_else(|| Refusal::bad("The parameter downloadSize is required."))?;
            let id = asked.need("packageId")?;
            shelf.find(id)?;
            shelf.downloads += 1;
            done()
        }
        ("GET", ["CheckFile"]) => {
            asked.only(&["packageId", "parentFolderId", "filePath", "checksum", "fileDateEpoch"])?;
            let (package, path) = (asked.need("packageId")?, asked.need("filePath")?);
            asked.need("checksum")?;
            asked.number("fileDateEpoch")?;
            let exists = shelf.files.values().any(|file| file.package == package && file.name == path);
            reply(json!({"exists": exists}))
        }
        _ => Err(Refusal::missing("The endpoint")),
    }
}

fn unzipped(bytes: &[u8]) -> zip::result::ZipResult<Vec<(String, Vec<u8>)>> {
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes))?;
    let mut files = Vec::new();
    for index in 0..archive.len() {
        let mut file = archive.by_index(index)?;
        let mut content = Vec::new();
        file.read_to_end(&mut content)?;
        files.push((file.name()?.into_owned(), content));
    }
    Ok(files)
}
