//! Whatever a server answers, every call of the interface understands it or refuses it in words.

use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::fmt::Debug;
use std::sync::LazyLock;
use tokio::runtime::{Builder, Runtime};
use wats::api::{
    BillOfMaterials, Contents, FileCheck, Format, NumberRange, OperationFilter, Package, PackageStatus,
    PhaseChange, Product, Query, Reservation, Take, UnitKey, XmlContents,
};
use wats::{Client, ClientStatus, Failure, Given, Kind, Registration, Retry, Secret, Uuid};

/// Most characters of a failure's words: it goes into a log, and onto a page.
const WORDS: usize = 1000;

static CLIENT: LazyLock<Client> = LazyLock::new(|| {
    let server = "https://wats.example".parse().expect("an address");
    Client::builder(server, "fuzz", "1").retry(Retry::never()).build().expect("a client")
});

static RUNTIME: LazyLock<Runtime> =
    LazyLock::new(|| Builder::new_current_thread().enable_time().build().expect("a runtime"));

/// A status, headers and a body as the answer to every call there is.
pub(super) fn to_everything(bytes: &[u8]) {
    let client = CLIENT.given(answer(bytes));
    RUNTIME.block_on(async {
        basics(&client).await;
        processes_and_reports(&client).await;
        products_and_units(&client).await;
        serial_numbers(&client).await;
        software(&client).await;
    });
}

/// The first line is the status.
fn answer(bytes: &[u8]) -> Given {
    let (first, headers, body) = super::parts(bytes);
    let status = String::from_utf8_lossy(first).parse().unwrap_or(200);
    Given { status, headers, body: body.to_vec() }
}

/// What was understood, or `None` after a refusal in words.
fn heard<T>(result: Result<T, Failure>) -> Option<T> {
    match result {
        Ok(value) => Some(value),
        Err(failure) => {
            let words = failure.to_string();
            assert!(!words.is_empty());
            assert!(words.chars().count() <= WORDS, "{} characters: {words}", words.chars().count());
            assert!(!words.contains(char::is_control), "{words:?}");
            None
        }
    }
}

/// Records that are written and read again are the same.
fn kept<T: Serialize + DeserializeOwned + PartialEq + Debug>(
    result: Result<impl IntoIterator<Item = T>, Failure>,
) {
    for record in heard(result).into_iter().flatten() {
        let written = serde_json::to_value(&record).expect("a record is JSON");
        assert_eq!(serde_json::from_value::<T>(written).expect("a record of ours"), record);
    }
}

async fn basics(client: &Client) {
    heard(client.submit_wsjf(b"{}".to_vec()).await);
    heard(client.greet().await);
    heard(client.is_reachable().await);
    if let Some(registered) = heard(client.register(&Secret::new("t"), &Registration::default()).await) {
        assert!(!registered.passcode.expose().is_empty());
    }
    heard(client.server_info().await);
    heard(client.ping().await);
    heard(client.update_status(&ClientStatus::default()).await);
}

async fn processes_and_reports(client: &Client) {
    kept(client.processes().list(OperationFilter::default()).await);
    kept(client.processes().internal().await);
    kept(client.processes().repair_operations().await.map(BTreeMap::into_values));
    kept(client.processes().levels().await);
    kept(client.processes().product_groups().await);

    let reports = client.reports();
    kept(reports.headers(Kind::Test, &Query::default()).await);
    // The same page again and again must not be asked for without end.
    kept(reports.header_pages(Kind::Repair, &Query::default(), 1).all().await);
    kept(reports.header_pages(Kind::Repair, &Query { top: Some(3), ..Query::default() }, 2).all().await);
    if let Some(Some(report)) = heard(reports.get(Uuid::nil(), Contents::default()).await) {
        serde_json::from_str::<serde_json::Value>(&report.to_json()).expect("a report is JSON");
    }
    heard(reports.get_xml(Uuid::nil(), XmlContents::default()).await);
}

async fn products_and_units(client: &Client) {
    kept(client.products().query(&Query::default()).await);
    kept(client.products().revision("p", "r").await);
    kept(client.products().store(&Product::default()).await);
    kept(client.products().bill_of_materials("p", "r").await);
    heard(client.products().store_bill_of_materials(&BillOfMaterials::default()).await);
    kept(client.products().vendors().await);

    let unit = UnitKey { serial_number: "s", part_number: "p" };
    kept(client.units().find(unit).await);
    kept(client.units().verify(unit, None).await);
    heard(client.units().set_phase(unit, PhaseChange { to: "1", comment: None }).await);
    heard(client.units().check_children(unit, "r").await);
    kept(client.units().phases().await);
    heard(client.units().is_connected().await);
}

async fn serial_numbers(client: &Client) {
    let numbers = client.serial_numbers();
    kept(numbers.types().await);
    heard(numbers.take(Take::default()).await);
    heard(numbers.reserve(&Reservation::default()).await);
    let range = NumberRange { type_name: "t".into(), from: "1".into(), to: "2".into() };
    kept(numbers.by_range(&range).await);
    heard(numbers.export("t", None, Format::Csv).await);
    heard(numbers.count("t").await);
    heard(numbers.statistics(None).await);
}

async fn software(client: &Client) {
    let software = client.software();
    kept(software.packages().await);
    kept(software.create(&Package::default()).await);
    kept(software.files(Uuid::nil()).await);
    kept(software.virtual_folders().await);
    kept(software.installable_by_name("n", PackageStatus::Released).await);
    heard(software.revoked(&[Uuid::nil()]).await);
    let check = FileCheck {
        package: Uuid::nil(),
        parent_folder: Uuid::nil(),
        path: "p".into(),
        checksum: "c".into(),
        modified: 0,
    };
    heard(software.check_file(&check).await);
}

/// Answers of each form that servers give.
pub(super) fn seeds() -> Vec<Vec<u8>> {
    let seeds = [
        "200\n\n\"2025.3.9.824\"",
        "200\nDate: Sun, 06 Nov 1994 08:49:37 GMT\n\n{\"SiteCode\": \"S\", \"name\": \"n\", \"Version\": \"1\"}",
        "503\nRetry-After: 120\n\n<html><title> Maintenance </title></html>",
        "429\nRetry-After: Sun, 06 Nov 2094 08:49:37 GMT\n\n",
        "302\nLocation: https://elsewhere.example/login\n\n",
        "400\n\n{\"title\": \"t\", \"errors\": {\"pn\": [\"too long\", \"odd\"], \"sn\": [\"missing\"]}}",
        "409\n\n[{\"Message\": \"there already\"}]",
        "200\n\ntrue",
        "200\n\n{\"count\": 7}",
        "200\n\n{\"value\": [{\"uuid\": \"0f2d1b9e-6f3a-4c55-9d7a-1f0c2b3a4d5e\", \"serialNumber\": \"1\", \
         \"processCode\": 100, \"executionTime\": 1.5e-3, \"subUnits\": [{\"partType\": \"PCB\"}], \
         \"miscInfo\": [{\"description\": \"d\", \"value\": \"v\"}], \"attachments\": [{\"attachmentId\": 1}]}]}",
        "200\n\n[{\"partNumber\": \"PSU\", \"nonSerial\": false, \"state\": 1, \"revisions\": [{\"revision\": \"A\"}], \
         \"tags\": [{\"key\": \"k\", \"value\": \"v\"}], \"components\": [{\"number\": \"R1\", \"quantity\": 2.5}]}]",
        "200\n\n{\"serialNumber\": \"1\", \"unitPhaseId\": 2, \"processCode\": \"100\", \"subUnits\": [{}], \
         \"product\": {\"partNumber\": \"p\"}, \"results\": [{\"processCode\": 1, \"totalCount\": 2}], \"more\": [1]}",
        "200\n\n{\"500\": {\"UUTRequired\": 2, \"Categories\": [{\"GUID\": null, \"Failcodes\": [{\"Selectable\": true}]}]}}",
        "200\n\n{\"sn\": \"<SerialNumbers receipt='r1'><SN grid=\\\"0\\\" id=\\\"A&amp;1\\\"/></SerialNumbers>\"}",
        "200\n\n<SerialNumbers><SN id=\"1\"/><SN id='2'/></SerialNumbers>",
        "200\n\n[\"SN-1\", 2]",
        "200\n\n[{\"packageId\": \"0f2d1b9e-6f3a-4c55-9d7a-1f0c2b3a4d5e\", \"status\": \"Released\", \"version\": 3, \
         \"packageFolders\": [{\"path\": \"a\", \"packageFolderFiles\": [{\"attributes\": 1, \
         \"repositoryFolderFile\": {\"name\": \"f\", \"fileSize\": 5, \"checksum\": [1, 2]}}]}]}]",
        "200\n\n{\"type\": \"T\", \"pn\": \"P\", \"sn\": \"S\", \"root\": {\"stepType\": \"SequenceCall\", \"steps\": []}}",
    ];
    seeds.map(|seed| seed.as_bytes().to_vec()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Seeds that no call understands would find little.
    #[test]
    fn heads_are_told_from_bodies() {
        let given = answer(b"503\nRetry-After: 7\nX:y\n\nsorry\n");
        assert_eq!((given.status, given.headers.len(), given.body), (503, 2, b"sorry\n".to_vec()));
        let client = CLIENT.given(answer(b"429\nretry-after: 7\n\n"));
        let failure = RUNTIME.block_on(client.ping()).unwrap_err();
        assert!(matches!(failure, Failure::Transient { retry_after: Some(wait), .. } if wait.as_secs() == 7));
        let reports: Vec<_> = seeds()
            .iter()
            .map(|seed| RUNTIME.block_on(CLIENT.given(answer(seed)).serial_numbers().types()))
            .collect();
        assert!(reports.iter().filter(|result| result.is_ok()).count() > 5);
    }
}
