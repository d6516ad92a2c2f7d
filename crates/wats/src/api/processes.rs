//! What units go through: tests, repairs and work in progress.

use super::products::ProductGroup;
use super::record::record;
use crate::client::Call;
use crate::{Client, Failure, Uuid};
use serde_json::Value;
use std::collections::BTreeMap;

/// Processes (operations), levels and groups.
#[derive(Debug)]
pub struct Processes<'a>(pub(super) &'a Client);

/// Which processes are wanted. What is `None` is left to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct OperationFilter {
    /// Tests.
    pub tests: Option<bool>,
    /// Repairs.
    pub repairs: Option<bool>,
    /// Work in progress.
    pub wip: Option<bool>,
    /// Those that are not in use any more.
    pub inactive: Option<bool>,
}

record! {
    /// A process that units go through, also called an operation.
    Process {
        /// Its number: `processCode` of a report.
        code: i64 = "code",
        /// Its name.
        name: String = "name",
        /// What it is.
        description: String = "description",
        /// Whether it is a test.
        is_test: bool = "isTestOperation",
        /// Whether it is a repair.
        is_repair: bool = "isRepairOperation",
        /// Whether it is work in progress.
        is_wip: bool = "isWipOperation",
        /// Its place in the order of processes.
        index: i64 = "processIndex",
        /// Whether it is in use.
        state: i64 = "state",
    }
}

record! {
    /// A process as the server's own pages see it.
    InternalProcess {
        /// Its id.
        id: Uuid = "ProcessID" | "processID" | "processId",
        /// Its number.
        code: i64 = "Code" | "code",
        /// Its name.
        name: String = "Name" | "name",
        /// What it is.
        description: String = "Description" | "description",
        /// Settings, in a form of their own.
        properties: Value = "Properties" | "properties",
        /// Settings of a repair.
        repair: RepairOperation = "repairOperation" | "RepairOperation",
    }
}

record! {
    /// How a repair is to be reported.
    RepairOperation {
        /// What it is.
        description: String = "Description",
        /// Whether a repair needs the test that failed: 0 no, 1 yes, 2 as you like.
        uut_required: i64 = "UUTRequired",
        /// What a component reference looks like: a regular expression.
        component_mask: String = "CompRefMask",
        /// The same in words.
        component_mask_description: String = "CompRefMaskDescription",
        /// What the bill of materials decides.
        bom_constraint: String = "BomConstraint",
        /// Whether a bill of materials is needed.
        bom_required: i64 = "BOMRequired",
        /// Whether the vendor of a replaced part is needed.
        vendor_required: i64 = "VendorRequired",
    }
    lists {
        /// What a failure may be.
        categories: Category = "Categories",
        /// What is asked besides.
        misc_infos: Value = "MiscInfos",
    }
}

record! {
    /// A kind of failure, or a failure of that kind.
    Category {
        /// Its id.
        id: Uuid = "GUID",
        /// Its name: `category` or `code` of a failure in a report.
        description: String = "Description",
        /// Whether a failure may be given as this.
        selectable: bool = "Selectable",
        /// Its place in the list.
        order: i64 = "SortOrder",
        /// What kind of failure it is.
        failure_type: i64 = "FailureType",
        /// Whether a picture is needed.
        image_constraint: String = "ImageConstraint",
        /// Whether it is in use.
        status: i64 = "Status",
    }
    lists {
        /// The failures of this kind.
        codes: Category = "Failcodes",
    }
}

record! {
    /// A level of production.
    Level {
        /// Its number.
        id: i64 = "levelId",
        /// Its name.
        name: String = "levelName",
    }
}

impl Processes<'_> {
    /// All processes, or those of a kind.
    pub async fn list(&self, filter: OperationFilter) -> Result<Vec<Process>, Failure> {
        let call = Call::get("/api/App/Processes")
            .query_some("includeTestOperations", filter.tests)
            .query_some("includeRepairOperations", filter.repairs)
            .query_some("includeWipOperations", filter.wip)
            .query_some("includeInactiveProcesses", filter.inactive);
        self.0.list(call).await
    }

    /// All processes with their ids and settings.
    pub async fn internal(&self) -> Result<Vec<InternalProcess>, Failure> {
        self.0.list(Call::get("/api/internal/Process/GetProcesses")).await
    }

    /// How repairs are to be reported, by the number of the repair process.
    pub async fn repair_operations(&self) -> Result<BTreeMap<i64, RepairOperation>, Failure> {
        let found: Option<BTreeMap<String, RepairOperation>> =
            self.0.one(Call::get("/api/internal/Process/GetRepairOperations")).await?;
        let operations = found.unwrap_or_default().into_iter();
        Ok(operations.filter_map(|(code, operation)| Some((code.parse().ok()?, operation))).collect())
    }

    /// The levels of production.
    pub async fn levels(&self) -> Result<Vec<Level>, Failure> {
        self.0.list(Call::get("/api/App/Levels")).await
    }

    /// The groups of products that reports can be sorted by.
    pub async fn product_groups(&self) -> Result<Vec<ProductGroup>, Failure> {
        self.0.list(Call::get("/api/App/ProductGroups")).await
    }
}
