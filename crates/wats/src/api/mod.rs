//! The rest of a server's interface: what is asked besides sending reports.
//!
//! Each part has a handle of its own, as in `client.products().find("PSU-100")`. Records keep members that have no
//! field in [`more`](Product::more); a member a server leaves out is `None`.

mod decode;
mod odata;
mod pages;
mod processes;
mod products;
mod record;
mod reports;
mod serial_numbers;
mod software;
mod units;

pub use odata::{Filter, Literal, Query};
pub use pages::Pages;
pub use processes::{Category, InternalProcess, Level, OperationFilter, Process, Processes, RepairOperation};
pub use products::{
    BillOfMaterials, Component, Product, ProductGroup, ProductRevision, Products, Tag, Vendor,
};
pub use reports::{
    AttachmentHeader, Contents, MiscInfoHeader, ReportHeader, Reports, SubUnitHeader, XmlContents,
};
pub use serial_numbers::{
    Format, NumberRange, Reservation, Reserved, SerialNumber, SerialNumberType, SerialNumbers, Take, Taken,
};
pub use software::{
    FileCheck, Package, PackageFile, PackageFolder, PackageFolderFile, PackageStatus, PackageTag,
    RepositoryFile, Software, VirtualFolder,
};
pub use units::{PhaseChange, Unit, UnitKey, UnitPhase, Units, Verification, VerifiedProcess};

use crate::Client;

impl Client {
    /// Processes (operations), levels and groups.
    pub fn processes(&self) -> Processes<'_> {
        Processes(self)
    }

    /// Reports that the server has.
    pub fn reports(&self) -> Reports<'_> {
        Reports(self)
    }

    /// Products, their revisions and bills of materials.
    pub fn products(&self) -> Products<'_> {
        Products(self)
    }

    /// Units: single products with a serial number.
    pub fn units(&self) -> Units<'_> {
        Units(self)
    }

    /// Serial numbers that the server gives out.
    pub fn serial_numbers(&self) -> SerialNumbers<'_> {
        SerialNumbers(self)
    }

    /// Packages of software.
    pub fn software(&self) -> Software<'_> {
        Software(self)
    }
}
