//! Units: single products with a serial number.

use super::products::{Product, ProductRevision, Tag};
use super::record::record;
use crate::client::Call;
use crate::{Client, Failure};
use serde_json::Value;

/// Units.
#[derive(Debug)]
pub struct Units<'a>(pub(super) &'a Client);

/// Which unit is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct UnitKey<'a> {
    /// Serial number.
    pub serial_number: &'a str,
    /// Part number.
    pub part_number: &'a str,
}

record! {
    /// A unit.
    Unit {
        /// Serial number.
        serial_number: String = "serialNumber",
        /// Part number.
        part_number: String = "partNumber",
        /// Revision.
        revision: String = "revision",
        /// Serial number of the unit it is part of.
        parent: String = "parentSerialNumber",
        /// Batch.
        batch_number: String = "batchNumber",
        /// When it got its serial number: ISO 8601.
        serial_date: String = "serialDate",
        /// Where it is.
        location: String = "currentLocation",
        /// Further data, as XML.
        xml_data: String = "xmlData",
        /// Number of its phase.
        phase_id: i64 = "unitPhaseId",
        /// Name of its phase.
        phase: String = "unitPhase",
        /// Number of the process it is in: a number or a text.
        process_code: Value = "processCode",
        /// Its revision.
        product_revision: ProductRevision = "productRevision",
        /// Its product.
        product: Product = "product",
    }
    lists {
        /// Its parts.
        sub_units: Unit = "subUnits",
        /// Its tags.
        tags: Tag = "tags",
    }
}

record! {
    /// How far a unit has come.
    Verification {
        /// How it stands.
        status: String = "status",
        /// How well.
        grade: String = "grade",
        /// Whether all processes came in their order.
        in_order: bool = "allProcessesExecutedInCorrectOrder",
        /// Whether it passed each process at the first try.
        passed_first: bool = "allProcessesPassedFirstRun",
        /// Whether it passed each process at some time.
        passed_any: bool = "allProcessesPassedAnyRun",
        /// Whether it passed each process at the last try.
        passed_last: bool = "allProcessesPassedLastRun",
        /// Whether it was never repaired.
        no_repairs: bool = "noRepairs",
    }
    lists {
        /// The processes one by one.
        processes: VerifiedProcess = "results",
    }
}

record! {
    /// How a unit did in one process.
    VerifiedProcess {
        /// Number of the process.
        code: i64 = "processCode",
        /// Its name.
        name: String = "processName",
        /// Its place in the order.
        index: i64 = "processIndex",
        /// How it ended.
        status: String = "status",
        /// When it began, in UTC.
        start: String = "startUtc",
        /// Where.
        station_name: String = "stationName",
        /// How often it was done.
        total: i64 = "totalCount",
        /// How often it was not passed.
        not_passed: i64 = "nonPassedCount",
        /// How often it was repaired.
        repairs: i64 = "repairCount",
    }
}

record! {
    /// A phase that units can be in.
    UnitPhase {
        /// Its number: a power of two.
        id: i64 = "UnitPhaseId" | "unitPhaseId",
        /// Its short name.
        code: String = "Code" | "code",
        /// Its name.
        name: String = "Name" | "name",
        /// What it means.
        description: String = "Description" | "description",
    }
}

/// Another phase or process for a unit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PhaseChange<'a> {
    /// The new phase (its number or its short name) or the number of the new process.
    pub to: &'a str,
    /// Why.
    pub comment: Option<&'a str>,
}

impl Units<'_> {
    /// A unit. `None` when the server does not know it.
    pub async fn find(&self, unit: UnitKey<'_>) -> Result<Option<Unit>, Failure> {
        let call = Call::get("/api/Production/Unit")
            .segment("a serial number", unit.serial_number)
            .segment("a part number", unit.part_number);
        self.0.one(call).await
    }

    /// How far a unit has come. `None` when the server does not know it.
    pub async fn verify(
        &self,
        unit: UnitKey<'_>,
        revision: Option<&str>,
    ) -> Result<Option<Verification>, Failure> {
        let call = unit.query(Call::get("/api/Production/UnitVerification"));
        self.0.one(call.query_some("revision", revision)).await
    }

    /// Puts a unit into another phase.
    pub async fn set_phase(&self, unit: UnitKey<'_>, change: PhaseChange<'_>) -> Result<(), Failure> {
        let call = unit.query(Call::put("/api/Production/SetUnitPhase")).query("phase", change.to);
        self.0.done(call.query_some("comment", change.comment)).await.map(drop)
    }

    /// Puts a unit into another process.
    pub async fn set_process(&self, unit: UnitKey<'_>, change: PhaseChange<'_>) -> Result<(), Failure> {
        let call = unit.query(Call::put("/api/Production/SetUnitProcess")).query("processCode", change.to);
        self.0.done(call.query_some("comment", change.comment)).await.map(drop)
    }

    /// Puts a unit into another one.
    pub async fn add_child(&self, parent: UnitKey<'_>, child: UnitKey<'_>) -> Result<(), Failure> {
        self.0.done(family("/api/Production/AddChildUnit", parent, child)).await.map(drop)
    }

    /// Takes a unit out of another one.
    pub async fn remove_child(&self, parent: UnitKey<'_>, child: UnitKey<'_>) -> Result<(), Failure> {
        self.0.done(family("/api/Production/RemoveChildUnit", parent, child)).await.map(drop)
    }

    /// Whether a unit has the parts that its product is made of. The form of the answer is the server's own.
    pub async fn check_children(&self, unit: UnitKey<'_>, revision: &str) -> Result<Option<Value>, Failure> {
        let call = unit.query(Call::get("/api/Production/CheckChildUnits")).query("revision", revision);
        match self.0.found(call).await? {
            Some(answer) => answer.value(),
            None => Ok(None),
        }
    }

    /// The phases that units can be in.
    pub async fn phases(&self) -> Result<Vec<UnitPhase>, Failure> {
        self.0.list(Call::get("/api/internal/Mes/GetUnitPhases")).await
    }

    /// Whether the part of the server that knows of units is there.
    pub async fn is_connected(&self) -> Result<bool, Failure> {
        self.0.truth(Call::get("/api/internal/Production/isConnected")).await
    }
}

impl UnitKey<'_> {
    fn query(&self, call: Call) -> Call {
        call.query("serialNumber", self.serial_number).query("partNumber", self.part_number)
    }
}

/// A call about two units. That one is in the other already, or not in it any more, is refused by the server: it is
/// not made twice.
fn family(path: &str, parent: UnitKey<'_>, child: UnitKey<'_>) -> Call {
    Call::post(path)
        .query("parentSerialNumber", parent.serial_number)
        .query("parentPartNumber", parent.part_number)
        .query("childSerialNumber", child.serial_number)
        .query("childPartNumber", child.part_number)
}
