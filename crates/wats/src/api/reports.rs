//! Reports that the server has.

use super::odata::Query;
use super::pages::Pages;
use super::record::record;
use crate::client::Call;
use crate::{Client, Failure, Kind, Report, Uuid, read_reports};
use std::fmt::Display;

/// Reports that the server has.
#[derive(Debug)]
pub struct Reports<'a>(pub(super) &'a Client);

record! {
    /// What a report is about, in short.
    ReportHeader {
        /// Id of the report.
        id: Uuid = "uuid" | "id",
        /// Serial number of the unit.
        serial_number: String = "serialNumber",
        /// Part number of the unit.
        part_number: String = "partNumber",
        /// Revision of the unit.
        revision: String = "revision",
        /// Batch of the unit.
        batch_number: String = "batchNumber",
        /// `T` for a test, `R` for a repair.
        report_type: String = "reportType",
        /// Name of the station.
        station_name: String = "stationName",
        /// Where it stands.
        location: String = "location",
        /// What it is used for.
        purpose: String = "purpose",
        /// Number of the process.
        process_code: i64 = "processCode",
        /// Name of the process.
        process_name: String = "processName",
        /// How it ended.
        result: String = "result",
        /// When it began, by the station's clock: ISO 8601.
        start: String = "start",
        /// When it began, in UTC.
        start_utc: String = "startUtc",
        /// Who did it.
        operator: String = "operator",
        /// What they said to it.
        comment: String = "comment",
        /// Seconds it took.
        execution_time: f64 = "executionTime",
        /// Program that tested.
        software: String = "swFilename",
        /// Its version.
        software_version: String = "swVersion",
        /// The test that a repair belongs to.
        referenced_test: Uuid = "referencedUut",
    }
    lists {
        /// Parts of the unit, when asked for with `subUnits` or `uurSubUnits`.
        sub_units: SubUnitHeader = "subUnits" | "uurSubUnits",
        /// Further facts, when asked for with `miscInfo` or `uurMiscInfo`.
        misc_infos: MiscInfoHeader = "miscInfo" | "uurMiscInfo",
        /// Attached files, when asked for with `attachments` or `uurAttachments`.
        attachments: AttachmentHeader = "attachments" | "uurAttachments",
    }
}

record! {
    /// A part of a unit.
    SubUnitHeader {
        /// Its serial number.
        serial_number: String = "serialNumber",
        /// Its part number.
        part_number: String = "partNumber",
        /// Its revision.
        revision: String = "revision",
        /// What part it is.
        part_type: String = "partType",
    }
}

record! {
    /// A further fact.
    MiscInfoHeader {
        /// What it is.
        description: String = "description",
        /// Its value.
        value: String = "value",
    }
}

record! {
    /// An attached file, without its content.
    AttachmentHeader {
        /// Its number, for [`Reports::attachment`].
        id: i64 = "attachmentId",
        /// Its name.
        file_name: String = "fileName",
        /// What kind of file it is.
        content_type: String = "mimeType",
        /// Bytes.
        size: i64 = "size",
        /// What it shows.
        description: String = "description",
    }
}

/// How much of a report is fetched. What is `None` is left to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Contents {
    /// 0 (the header alone) to 7 (everything).
    pub detail: Option<u8>,
    /// The points of charts.
    pub charts: Option<bool>,
    /// Attached files.
    pub attachments: Option<bool>,
}

/// How much of a report in XML is fetched. What is `None` is left to the server.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct XmlContents {
    /// The points of charts.
    pub charts: Option<bool>,
    /// Attached files.
    pub attachments: Option<bool>,
    /// The places of steps and measurements.
    pub indexes: Option<bool>,
}

impl<'a> Reports<'a> {
    /// The headers of one kind of report that match a query, newest or oldest first as the query says.
    pub async fn headers(&self, kind: Kind, query: &Query) -> Result<Vec<ReportHeader>, Failure> {
        self.0.list(query.apply(headers(kind))).await
    }

    /// The same, `size` at a time; `query.top` is how many in all.
    pub fn header_pages(&self, kind: Kind, query: &Query, size: u32) -> Pages<'a, ReportHeader> {
        Pages::new(self.0, headers(kind), query, size)
    }

    /// The headers of reports with a further fact of this value.
    pub async fn headers_by_misc_info(
        &self,
        description: &str,
        value: &str,
        top: Option<u32>,
    ) -> Result<Vec<ReportHeader>, Failure> {
        let call = Call::get("/api/Report/Query/HeaderByMiscInfo")
            .query("description", description)
            .query("stringValue", value)
            .query_some("$top", top);
        self.0.list(call).await
    }

    /// A report. `None` when the server has none of this id.
    pub async fn get(&self, id: Uuid, contents: Contents) -> Result<Option<Report>, Failure> {
        let call = Call::get("/api/Report/Wsjf")
            .segment("a report id", id)
            .query_some("detailLevel", contents.detail)
            .query_some("includeChartdata", contents.charts)
            .query_some("includeAttachments", contents.attachments);
        let Some(answer) = self.0.found(call).await? else { return Ok(None) };
        if answer.value()?.is_none() {
            return Ok(None);
        }
        let status = answer.status();
        let reports = read_reports(&answer.into_bytes())
            .map_err(|error| Failure::Answer { status, message: error.to_string() })?;
        Ok(reports.into_iter().next())
    }

    /// Whether the server has a report of this id: the question after a connection broke while it was sent.
    pub async fn exists(&self, id: Uuid) -> Result<bool, Failure> {
        Ok(self.get(id, Contents { detail: Some(0), ..Contents::default() }).await?.is_some())
    }

    /// A report in XML (WSXF), as the server writes it.
    pub async fn get_xml(&self, id: Uuid, contents: XmlContents) -> Result<Option<Vec<u8>>, Failure> {
        let call = Call::get("/api/Report/Wsxf")
            .segment("a report id", id)
            .accept("application/xml")
            .query_some("includeAttachments", contents.attachments)
            .query_some("includeChartdata", contents.charts)
            .query_some("includeIndexes", contents.indexes);
        self.0.bytes(call).await
    }

    /// The content of an attached file.
    pub async fn attachment(&self, id: impl Display) -> Result<Option<Vec<u8>>, Failure> {
        self.0.bytes(Call::get("/api/Report/Attachment").accept("*/*").query("attachmentId", id)).await
    }

    /// The content of the file attached to a step.
    pub async fn attachment_of_step(&self, step: impl Display) -> Result<Option<Vec<u8>>, Failure> {
        self.0.bytes(Call::get("/api/Report/Attachment").accept("*/*").query("stepId", step)).await
    }

    /// All files attached to a report: a zip archive.
    pub async fn attachments(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failure> {
        let call = Call::get("/api/Report/Attachments").segment("a report id", id).accept("*/*");
        self.0.bytes(call).await
    }

    /// The certificate of a report: a PDF document.
    pub async fn certificate(&self, id: Uuid) -> Result<Option<Vec<u8>>, Failure> {
        let call = Call::get("/api/Report/Certificate").segment("a report id", id).accept("*/*");
        self.0.bytes(call).await
    }
}

fn headers(kind: Kind) -> Call {
    let letter = match kind {
        Kind::Test => "U",
        Kind::Repair => "R",
    };
    Call::get("/api/Report/Query/Header").query("reportType", letter)
}
