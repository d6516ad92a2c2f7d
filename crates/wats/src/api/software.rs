//! Packages of software that stations install.

use super::record::record;
use crate::client::Call;
use crate::{Client, Failure, Uuid};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use std::fmt;

/// Packages of software.
#[derive(Debug)]
pub struct Software<'a>(pub(super) &'a Client);

/// How far a package has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum PackageStatus {
    /// It is being made.
    Draft,
    /// It waits to be released.
    Pending,
    /// Stations may install it.
    Released,
    /// Stations shall not use it any more.
    Revoked,
}

impl fmt::Display for PackageStatus {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Draft => "Draft",
            Self::Pending => "Pending",
            Self::Released => "Released",
            Self::Revoked => "Revoked",
        })
    }
}

record! {
    /// A package.
    Package {
        /// Id.
        id: Uuid = "packageId" | "id",
        /// Name.
        name: String = "name",
        /// What it is.
        description: String = "description",
        /// Version: 1, 2, 3, …
        version: i64 = "version",
        /// How far it has come.
        status: PackageStatus = "status",
        /// Whether it is installed without a folder of its own.
        install_on_root: bool = "installOnRoot",
        /// Folder it is installed in.
        root_directory: String = "rootDirectory",
        /// Which go first.
        priority: i64 = "priority",
        /// When it was made, in UTC.
        created: String = "createdUtc" | "created",
        /// When it was changed, in UTC.
        modified: String = "modifiedUtc" | "modified",
        /// Who made it.
        created_by: String = "createdBy",
        /// Who changed it.
        modified_by: String = "modifiedBy",
    }
    lists {
        /// What it is for.
        tags: PackageTag = "tags",
        /// Its files.
        files: PackageFile = "files",
        /// Its folders, in answers of internal calls.
        folders: PackageFolder = "packageFolders",
    }
}

record! {
    /// What a package is for.
    PackageTag {
        /// For example `StationName`.
        key: String = "key" | "name",
        /// For example `FCT-01`.
        value: String = "value",
    }
}

record! {
    /// A file of a package.
    PackageFile {
        /// Id.
        id: Uuid = "fileId" | "id",
        /// Name.
        name: String = "filename" | "fileName" | "name",
        /// Folder.
        path: String = "path",
        /// Bytes.
        size: i64 = "size",
        /// Checksum of the content.
        checksum: String = "checksum",
        /// When it was changed, in UTC.
        modified: String = "modifiedUtc" | "modified",
        /// What is to be done with it: a number or a text. 1 run always, 2 run once when it is new, 4 run once for each
        /// version, 8 top-level sequence, 16 never replace, 32 replace only with a new version.
        attributes: Value = "attributes",
    }
}

record! {
    /// A folder of a package.
    PackageFolder {
        /// Id.
        id: Uuid = "packageFolderId",
        /// Id of the package.
        package_id: Uuid = "packageId",
        /// Where it is.
        path: String = "path" | "name",
    }
    lists {
        /// Its files.
        files: PackageFolderFile = "packageFolderFiles" | "files",
    }
}

record! {
    /// A file in a folder of a package.
    PackageFolderFile {
        /// Id.
        id: Uuid = "packageFolderFileId",
        /// What is to be done with it; see [`PackageFile::attributes`].
        attributes: i64 = "attributes",
        /// The file itself, for [`Software::download`].
        repository_file_id: Uuid = "repositoryFolderFileId",
        /// What is known of it.
        file: RepositoryFile = "repositoryFolderFile",
    }
}

record! {
    /// A file that packages can hold.
    RepositoryFile {
        /// Id.
        id: Uuid = "repositoryFolderFileId",
        /// Name.
        name: String = "name",
        /// Bytes.
        size: i64 = "fileSize",
        /// When it was changed.
        modified: String = "fileModifiedDate",
        /// Checksum of the content, as the server writes it.
        checksum: Value = "checksum",
        /// Version of the file.
        file_version: String = "fileVersion",
    }
}

record! {
    /// A folder that files can be put into.
    VirtualFolder {
        /// Id.
        id: Uuid = "folderId" | "id",
        /// The folder above.
        parent: Uuid = "parentId",
        /// Name.
        name: String = "name",
        /// Where it is.
        path: String = "path",
        /// What it is for.
        description: String = "description",
    }
}

/// A file that may be with the server already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FileCheck {
    /// The package.
    pub package: Uuid,
    /// The folder above.
    pub parent_folder: Uuid,
    /// Path of the file in the package.
    pub path: String,
    /// Checksum of its content.
    pub checksum: String,
    /// When it was changed: milliseconds since 1970.
    pub modified: i64,
}

impl Software<'_> {
    /// All packages.
    pub async fn packages(&self) -> Result<Vec<Package>, Failure> {
        self.0.list(Call::get("/api/Software/Packages")).await
    }

    /// A package. `None` when there is none of this id.
    pub async fn package(&self, id: Uuid) -> Result<Option<Package>, Failure> {
        self.0.one(package(Call::get("/api/Software/Package"), id)).await
    }

    /// A package by its name: the newest, or that of a version or status.
    pub async fn package_by_name(
        &self,
        name: &str,
        status: Option<PackageStatus>,
        version: Option<u32>,
    ) -> Result<Option<Package>, Failure> {
        let call = Call::get("/api/Software/PackageByName")
            .query("name", name)
            .query_some("status", status)
            .query_some("version", version);
        self.0.one(call).await
    }

    /// The packages that are for something.
    pub async fn packages_by_tag(
        &self,
        tag: &str,
        value: &str,
        status: Option<PackageStatus>,
    ) -> Result<Vec<Package>, Failure> {
        let call = Call::get("/api/Software/PackagesByTag")
            .query("tag", tag)
            .query("value", value)
            .query_some("status", status);
        self.0.list(call).await
    }

    /// The files of a package.
    pub async fn files(&self, id: Uuid) -> Result<Vec<PackageFile>, Failure> {
        self.0.list(package(Call::get("/api/Software/PackageFiles"), id)).await
    }

    /// The folders that files can be put into.
    pub async fn virtual_folders(&self) -> Result<Vec<VirtualFolder>, Failure> {
        self.0.list(Call::get("/api/Software/VirtualFolders")).await
    }

    /// Makes a package. Gives it with its id.
    pub async fn create(&self, package: &Package) -> Result<Option<Package>, Failure> {
        self.0.stored(Call::post("/api/Software/Package").json(&json!(package))).await
    }

    /// Changes a package.
    pub async fn update(&self, id: Uuid, package: &Package) -> Result<Option<Package>, Failure> {
        self.0.stored(self::package(Call::put("/api/Software/Package"), id).json(&json!(package))).await
    }

    /// Deletes a package.
    pub async fn delete(&self, id: Uuid) -> Result<(), Failure> {
        self.0.done(package(Call::delete("/api/Software/Package"), id)).await.map(drop)
    }

    /// Brings a package further.
    pub async fn set_status(&self, id: Uuid, status: PackageStatus) -> Result<(), Failure> {
        let call = package(Call::post("/api/Software/PackageStatus"), id).query("status", status);
        self.0.done(call.repeatable(true)).await.map(drop)
    }

    /// Puts the files of a zip archive into a package; `clean` takes all others out.
    pub async fn upload_zip(&self, id: Uuid, zip: Vec<u8>, clean: bool) -> Result<(), Failure> {
        let call = package(Call::post("/api/Software/Package/UploadZip"), id).body("application/zip", zip);
        let call = if clean { call.query("cleanInstall", true) } else { call };
        self.0.done(call.repeatable(true)).await.map(drop)
    }

    /// Says what is to be done with a file; see [`PackageFile::attributes`].
    pub async fn set_file_attributes(&self, file: Uuid, attributes: u32) -> Result<(), Failure> {
        let call = Call::post("/api/Software/Package/FileAttribute")
            .segment("a file id", file)
            .json(&json!({"attributes": attributes.to_string()}));
        self.0.done(call.repeatable(true)).await.map(drop)
    }

    /// A package by its name with all its folders, as clients install it.
    pub async fn installable_by_name(
        &self,
        name: &str,
        status: PackageStatus,
    ) -> Result<Option<Package>, Failure> {
        let call = Call::get("/api/internal/Software/GetPackageByName")
            .query("packageName", name)
            .query("status", status);
        self.0.one(call).await
    }

    /// The packages whose tags match an XPath expression such as `//*[StationName[.='FCT-01' or .='Any']]`.
    pub async fn installable_by_tags(
        &self,
        tags: &str,
        status: PackageStatus,
    ) -> Result<Vec<Package>, Failure> {
        let call =
            Call::get("/api/internal/Software/GetPackagesByTag").query("tags", tags).query("status", status);
        self.0.list(call).await
    }

    /// Those of the installed packages that have a newer version: the newer ones.
    pub async fn available(&self, installed: &[Uuid]) -> Result<Vec<Package>, Failure> {
        if installed.is_empty() {
            return Ok(Vec::new());
        }
        let call = Call::get("/api/internal/Software/GetAvailablePackages");
        self.0.list(call.query("installedPackages", ids(installed))).await
    }

    /// Those of the installed packages that shall not be used any more.
    pub async fn revoked(&self, installed: &[Uuid]) -> Result<Vec<Uuid>, Failure> {
        if installed.is_empty() {
            return Ok(Vec::new());
        }
        let call = Call::get("/api/internal/Software/GetRevokedPackages");
        self.0.list(call.query("installedPackages", ids(installed))).await
    }

    /// The content of a file.
    pub async fn download(&self, repository_file: Uuid) -> Result<Option<Vec<u8>>, Failure> {
        let call = Call::get("/api/internal/Software/DownloadFile").accept("*/*");
        self.0.bytes(call.query("repositoryFolderFileId", repository_file)).await
    }

    /// Tells the server that a package was downloaded.
    pub async fn log_download(&self, id: Uuid, bytes: u64) -> Result<(), Failure> {
        let call =
            Call::get("/api/internal/Software/Log").query("packageId", id).query("downloadSize", bytes);
        self.0.done(call.repeatable(false)).await.map(drop)
    }

    /// Whether the server has a file of a package in this state. The form of the answer is the server's own.
    pub async fn check_file(&self, check: &FileCheck) -> Result<Option<Value>, Failure> {
        let call = Call::get("/api/internal/Software/CheckFile")
            .query("packageId", check.package)
            .query("parentFolderId", check.parent_folder)
            .query("filePath", &check.path)
            .query("checksum", &check.checksum)
            .query("fileDateEpoch", check.modified);
        match self.0.found(call).await? {
            Some(answer) => answer.value(),
            None => Ok(None),
        }
    }
}

fn package(call: Call, id: Uuid) -> Call {
    call.segment("a package id", id)
}

fn ids(all: &[Uuid]) -> String {
    all.iter().map(Uuid::to_string).collect::<Vec<_>>().join(",")
}
