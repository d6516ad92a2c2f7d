//! Every call of the interface, against the simulator, which refuses what the server would refuse.
#![cfg(all(feature = "api", feature = "wsxf"))]

use serde_json::json;
use std::time::Duration;
use wats::api::{
    BillOfMaterials, Component, Contents, FileCheck, Filter, Format, NumberRange, OperationFilter, Package,
    PackageStatus, PackageTag, PhaseChange, Product, ProductRevision, Query, Reservation, Take, Taken,
    UnitKey, XmlContents,
};
use wats::{
    Cause, Client, ClientStatus, Computer, ConverterState, Disk, Failure, Kind, Registration, Report, Retry,
    Secret, Uuid, read_reports,
};
use wats_simulator::{Cut, Fault, Settings, Simulator};

fn client(server: &Simulator) -> Client {
    let retry =
        Retry { first: Duration::from_millis(1), limit: Duration::from_millis(5), ..Retry::default() };
    Client::builder(server.url().parse().unwrap(), "test", "1.0").retry(retry).build().unwrap()
}

fn report(serial_number: &str, part_number: &str, result: &str) -> Report {
    let id = Uuid::new_v5(&Uuid::NAMESPACE_OID, serial_number.as_bytes());
    let text = json!({
        "type": "T", "id": id, "pn": part_number, "sn": serial_number, "rev": "A", "processCode": 100, "result": result,
        "machineName": "FCT-01", "location": "Line 1", "purpose": "Production", "start": "2026-01-15T10:00:00+01:00",
        "uut": {}, "miscInfos": [{"description": "Firmware", "text": "1.2"}],
        "subUnits": [{"partType": "PCB", "pn": "PCB-1", "rev": "B", "sn": "S-1"}],
        "root": {"id": 0, "stepType": "SequenceCall", "name": "main", "status": result, "steps": [
            {"id": 7, "stepType": "WATS_AttachFile", "name": "log", "status": "D",
             "attachment": {"name": "log.txt", "contentType": "text/plain", "data": "aGVsbG8="}}]},
    });
    read_reports(text.to_string().as_bytes()).unwrap().remove(0)
}

async fn filled(server: &Simulator) -> Client {
    let client = client(server);
    for (serial_number, part_number, result) in
        [("SN/1 #%?", "PSU-100", "P"), ("SN-2", "PSU-100", "F"), ("SN-3", "LED-5", "P")]
    {
        let delivered = client.submit(&report(serial_number, part_number, result)).await.unwrap();
        assert!(!delivered.already_there);
    }
    // As it stands, once; and again under the same id.
    let body = report("SN-3", "LED-5", "P").to_json().into_bytes();
    assert!(!client.submit_wsjf(body.clone()).await.unwrap().already_there);
    server.set(Settings { conflict_for_known: true, ..Settings::default() });
    assert!(client.submit_wsjf(body).await.unwrap().already_there);
    server.set(Settings::default());
    client
}

#[tokio::test]
async fn server_and_processes() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    client.is_reachable().await.unwrap();
    assert_eq!(client.version().await.unwrap(), "2025.3.9.824");
    let greeting = client.greet().await.unwrap();
    let apart = greeting.date.unwrap().duration_since(std::time::SystemTime::now() - Duration::from_secs(60));
    assert!(greeting.version == "2025.3.9.824" && apart.is_ok(), "{greeting:?}");
    let all = client.processes().list(OperationFilter::default()).await.unwrap();
    assert!(all.iter().any(|process| process.code == Some(500) && process.is_repair == Some(true)));
    let filter = OperationFilter { repairs: Some(false), inactive: Some(true), ..OperationFilter::default() };
    let tests = client.processes().list(filter).await.unwrap();
    assert!(tests.len() == all.len() - 1 && tests.iter().all(|process| process.is_repair == Some(false)));
    let internal = client.processes().internal().await.unwrap();
    assert!(internal.len() == all.len() && internal[0].id.is_some());
    let repairs = client.processes().repair_operations().await.unwrap();
    let category = &repairs[&500].categories[0];
    assert_eq!(category.description.as_deref(), Some("Component"));
    assert_eq!(category.codes[0].selectable, Some(true));
    assert_eq!(client.processes().levels().await.unwrap()[0].name.as_deref(), Some("PCBA"));
    assert_eq!(client.processes().product_groups().await.unwrap()[0].name.as_deref(), Some("Power supplies"));
}

#[tokio::test]
async fn reports_are_searched_and_fetched() {
    let server = Simulator::start().unwrap();
    let client = filled(&server).await;
    let reports = client.reports();
    let mut query = Query::of(Filter::equals("partNumber", "PSU-100").and(Filter::equals("result", "F")));
    query.order_by = vec!["serialNumber desc".to_owned()];
    query.expand = ["subUnits", "miscInfo", "attachments"].map(str::to_owned).into();
    let found = reports.headers(Kind::Test, &query).await.unwrap();
    assert_eq!(found.len(), 1);
    let header = &found[0];
    assert_eq!(header.serial_number.as_deref(), Some("SN-2"));
    assert_eq!(header.sub_units[0].part_type.as_deref(), Some("PCB"));
    assert_eq!(header.misc_infos[0].value.as_deref(), Some("1.2"));
    assert_eq!(header.attachments[0].size, Some(5));
    assert_eq!(header.more["receiveCount"], json!(1));
    assert!(reports.headers(Kind::Repair, &Query::default()).await.unwrap().is_empty());

    let mut pages = reports.header_pages(Kind::Test, &Query::default(), 2);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 2);
    assert_eq!(pages.next().await.unwrap().unwrap().len(), 1);
    assert_eq!(pages.next().await.unwrap(), None);
    let most = Query { top: Some(2), ..Query::default() };
    assert_eq!(reports.header_pages(Kind::Test, &most, 1).all().await.unwrap().len(), 2);

    assert_eq!(reports.headers_by_misc_info("Firmware", "1.2", Some(2)).await.unwrap().len(), 2);
    assert!(reports.headers_by_misc_info("Firmware", "2", None).await.unwrap().is_empty());

    let sent = report("SN-2", "PSU-100", "F");
    let id = sent.id().unwrap();
    let all = Contents { detail: Some(7), charts: Some(true), attachments: Some(true) };
    assert_eq!(reports.get(id, all).await.unwrap().unwrap(), sent);
    assert!(reports.exists(id).await.unwrap());
    assert!(!reports.exists(Uuid::nil()).await.unwrap());
    assert_eq!(reports.get_xml(Uuid::nil(), XmlContents::default()).await.unwrap(), None);
    let options = XmlContents { charts: Some(true), attachments: Some(false), indexes: Some(true) };
    let xml = reports.get_xml(id, options).await.unwrap().unwrap();
    assert!(String::from_utf8(xml).unwrap().contains("SN=\"SN-2\""));
    assert_eq!(reports.attachment(header.attachments[0].id.unwrap()).await.unwrap().unwrap(), b"hello");
    assert_eq!(reports.attachment_of_step(7).await.unwrap().unwrap(), b"hello");
    assert_eq!(reports.attachment(99).await.unwrap(), None);
    assert!(reports.attachments(id).await.unwrap().unwrap().starts_with(b"PK"));
    assert!(reports.certificate(id).await.unwrap().unwrap().starts_with(b"%PDF"));
}

#[tokio::test]
async fn reports_in_xml_are_sent_as_they_stand() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    let reports: Vec<Report> = [include_str!("reports/test.json"), include_str!("reports/repair.json")]
        .iter()
        .flat_map(|text| read_reports(text.as_bytes()).unwrap())
        .collect();
    let text = wats::wsxf::write(&reports).unwrap().xml;
    client.submit_wsxf(text.clone().into()).await.unwrap();
    assert_eq!(server.summary().distinct, 2);
    let id = reports[0].id().unwrap();
    let back = client.reports().get_xml(id, XmlContents::default()).await.unwrap().unwrap();
    assert_eq!(back, text.as_bytes());
    let refused = client.submit_wsxf(b"<Reports><Report/></Reports>".to_vec()).await.unwrap_err();
    assert_eq!(refused, Failure::Permanent { status: 400, message: "The attribute ID is required.".into() });
}

#[tokio::test]
async fn products() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    let products = client.products();
    // A part number may hold anything.
    let number = "PSU/100 #5?%";
    assert_eq!(products.find(number).await.unwrap(), None);
    let revision = ProductRevision { revision: Some("A/1".into()), ..ProductRevision::default() };
    let product = Product {
        part_number: Some(number.into()),
        name: Some("Supply".into()),
        revisions: vec![revision.clone()],
        ..Product::default()
    };
    assert_eq!(products.store(&product).await.unwrap().unwrap().state, Some(1));
    let change =
        Product { part_number: Some(number.into()), description: Some("new".into()), ..Product::default() };
    products.store(&change).await.unwrap();
    let found = products.find(number).await.unwrap().unwrap();
    assert_eq!((found.name.as_deref(), found.description.as_deref()), (Some("Supply"), Some("new")));
    assert_eq!(products.revisions(number).await.unwrap().as_slice(), std::slice::from_ref(&revision));
    assert_eq!(products.revision(number, "A/1").await.unwrap(), Some(revision));
    assert_eq!(products.revision(number, "B").await.unwrap(), None);
    let query = Query::of(Filter::equals("partNumber", number));
    assert_eq!(products.query(&query).await.unwrap().as_slice(), std::slice::from_ref(&found));
    assert_eq!(products.list(&query).await.unwrap().as_slice(), std::slice::from_ref(&found));
    assert_eq!(products.pages(&Query::default(), 10).all().await.unwrap(), [found]);
    assert!(matches!(products.find("..").await, Err(Failure::Argument { .. })));
    assert!(matches!(products.store(&Product::default()).await, Err(Failure::Argument { .. })));

    assert_eq!(products.bill_of_materials(number, "A/1").await.unwrap(), None);
    let component = Component { number: Some("C-1".into()), quantity: Some(2.5), ..Component::default() };
    let materials = BillOfMaterials {
        part_number: Some(number.into()),
        revision: Some("A/1".into()),
        components: vec![component],
        ..BillOfMaterials::default()
    };
    products.store_bill_of_materials(&materials).await.unwrap();
    assert_eq!(products.bill_of_materials(number, "A/1").await.unwrap(), Some(materials));
    assert_eq!(products.vendors().await.unwrap()[0].name.as_deref(), Some("Parts & Co"));
    assert_eq!(products.groups().await.unwrap()[0].id, Some(1));
}

#[tokio::test]
async fn units() {
    let server = Simulator::start().unwrap();
    let client = filled(&server).await;
    let units = client.units();
    let parent = UnitKey { serial_number: "SN/1 #%?", part_number: "PSU-100" };
    let child = UnitKey { serial_number: "SN-3", part_number: "LED-5" };
    let stranger = UnitKey { serial_number: "X", part_number: "Y" };
    assert_eq!(units.find(stranger).await.unwrap(), None);
    assert_eq!(units.verify(stranger, None).await.unwrap(), None);
    let verified = units.verify(parent, Some("A")).await.unwrap().unwrap();
    assert_eq!((verified.passed_first, verified.processes[0].code), (Some(true), Some(100)));

    units.set_phase(parent, PhaseChange { to: "Finalized", comment: Some("done") }).await.unwrap();
    units.set_process(parent, PhaseChange { to: "200", comment: None }).await.unwrap();
    let refused = units.set_phase(parent, PhaseChange { to: "Lost", comment: None }).await.unwrap_err();
    assert!(refused.to_string().contains("The phase Lost is unknown."));
    units.add_child(parent, child).await.unwrap();
    assert!(matches!(units.add_child(parent, child).await, Err(Failure::Permanent { status: 400, .. })));
    let found = units.find(parent).await.unwrap().unwrap();
    assert_eq!((found.phase_id, found.process_code), (Some(16), Some(json!(200))));
    assert_eq!(found.sub_units[0].serial_number.as_deref(), Some("SN-3"));
    assert_eq!(units.find(child).await.unwrap().unwrap().parent.as_deref(), Some("SN/1 #%?"));
    assert_eq!(units.check_children(parent, "A").await.unwrap().unwrap()["count"], json!(1));
    units.remove_child(parent, child).await.unwrap();
    assert!(units.find(parent).await.unwrap().unwrap().sub_units.is_empty());
    assert!(units.phases().await.unwrap().iter().any(|phase| phase.code.as_deref() == Some("Scrapped")));
    assert!(units.is_connected().await.unwrap());
}

#[tokio::test]
async fn serial_numbers() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    let numbers = client.serial_numbers();
    assert_eq!(numbers.types().await.unwrap()[0].pattern.as_deref(), Some("[0-9]{6}"));
    let take = Take {
        type_name: "SN",
        quantity: 2,
        reference_serial_number: Some("U-1"),
        station_name: Some("FCT-01"),
        ..Take::default()
    };
    assert_eq!(numbers.take(take).await.unwrap(), ["000001", "000002"]);
    // Whether numbers were taken is not known; others may not be taken for it.
    server.misbehave(Fault { path: Some("/api/Production".into()), ..Fault::cut(1, Cut::After) });
    assert!(matches!(numbers.take(take).await, Err(Failure::Transient { cause: Cause::Interrupted, .. })));
    assert_eq!(numbers.take(take).await.unwrap(), ["000005", "000006"]);

    let mut reservation = Reservation {
        type_name: "SN".into(),
        quantity: 3,
        only_in_sequence: true,
        station_name: "FCT-01".into(),
        from: Some("000010".into()),
        ..Reservation::default()
    };
    let reserved = numbers.reserve(&reservation).await.unwrap();
    assert_eq!(reserved.numbers, ["000010", "000011", "000012"]);
    assert_eq!(reserved.receipt.as_deref(), Some("receipt-1"));
    reservation.quantity = 1;
    reservation.receipt = reserved.receipt;
    reservation.taken = vec![Taken { number: "000010".into(), time: "2026-01-15T10:00:00Z".into() }];
    assert_eq!(numbers.reserve(&reservation).await.unwrap().numbers, ["000013"]);

    let range =
        |from: &str, to: &str| NumberRange { type_name: "SN".into(), from: from.into(), to: to.into() };
    assert_eq!(numbers.by_range(&range("000001", "000004")).await.unwrap().len(), 4);
    let of_unit = numbers.by_reference("SN", Some("U-1"), None).await.unwrap();
    assert_eq!(of_unit.len(), 6);
    assert_eq!(of_unit[0].station_name.as_deref(), Some("FCT-01"));
    let taken = numbers.export("SN", Some("Taken"), Format::Csv).await.unwrap();
    assert_eq!(String::from_utf8(taken).unwrap().lines().count(), 1 + 7);
    numbers.upload(Format::Csv, b"serialNumber\nX-1\n".to_vec()).await.unwrap();
    assert_eq!(numbers.count("SN").await.unwrap(), 101);
    let free = numbers.free("SN").await.unwrap()[0]["count"].as_u64().unwrap();
    numbers.release(&[range("000011", "000013")]).await.unwrap();
    assert_eq!(numbers.free("SN").await.unwrap()[0]["count"], json!(free + 3));
    numbers.delete_free(&[range("000011", "000013")]).await.unwrap();
    assert_eq!(numbers.count("SN").await.unwrap(), 98);
    assert_eq!(numbers.ranges(Some("SN")).await.unwrap()[0]["count"], json!(98));
    assert_eq!(numbers.statistics(None).await.unwrap()[0]["taken"], json!(7));
}

#[tokio::test]
async fn software() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    let software = client.software();
    let tag =
        PackageTag { key: Some("StationName".into()), value: Some("FCT-01".into()), ..PackageTag::default() };
    let wanted = Package { name: Some("Tests".into()), tags: vec![tag], ..Package::default() };
    let first = software.create(&wanted).await.unwrap().unwrap();
    let id = first.id.unwrap();
    assert_eq!((first.version, first.status), (Some(1), Some(PackageStatus::Draft)));
    let change = Package { description: Some("for all".into()), ..Package::default() };
    assert_eq!(software.update(id, &change).await.unwrap().unwrap().description.as_deref(), Some("for all"));

    let zip = include_bytes!("package.zip").to_vec();
    software.upload_zip(id, zip.clone(), false).await.unwrap();
    software.upload_zip(id, zip, true).await.unwrap();
    let files = software.files(id).await.unwrap();
    assert_eq!(files.len(), 1);
    assert_eq!(files[0].name.as_deref(), Some("run.seq"));
    software.set_file_attributes(files[0].id.unwrap(), 8).await.unwrap();
    assert_eq!(software.files(id).await.unwrap()[0].attributes, Some(json!("8")));
    software.set_status(id, PackageStatus::Released).await.unwrap();

    assert_eq!(software.packages().await.unwrap().len(), 1);
    let found = software.package(id).await.unwrap().unwrap();
    assert_eq!(found.status, Some(PackageStatus::Released));
    assert_eq!(software.package(Uuid::nil()).await.unwrap(), None);
    let released = Some(PackageStatus::Released);
    assert_eq!(software.package_by_name("Tests", released, Some(1)).await.unwrap(), Some(found.clone()));
    assert_eq!(software.package_by_name("Tests", None, Some(2)).await.unwrap(), None);
    assert_eq!(software.packages_by_tag("StationName", "FCT-01", released).await.unwrap(), [found]);
    assert_eq!(software.virtual_folders().await.unwrap()[0].name.as_deref(), Some("Test programs"));

    let package = software.installable_by_name("Tests", PackageStatus::Released).await.unwrap().unwrap();
    let file = &package.folders[0].files[0];
    assert_eq!(file.file.as_ref().unwrap().name.as_deref(), Some("run.seq"));
    assert_eq!(software.installable_by_name("None", PackageStatus::Released).await.unwrap(), None);
    let expression = "//*[StationName[.='FCT-01' or .='Any']]";
    assert_eq!(
        software.installable_by_tags(expression, PackageStatus::Released).await.unwrap(),
        vec![package.clone()]
    );
    let content = software.download(file.repository_file_id.unwrap()).await.unwrap().unwrap();
    assert_eq!(content, b"steps");
    software.log_download(id, 5).await.unwrap();
    let check = FileCheck {
        package: id,
        parent_folder: Uuid::nil(),
        path: "run.seq".into(),
        checksum: "00".into(),
        modified: 1_700_000_000_000,
    };
    assert_eq!(software.check_file(&check).await.unwrap().unwrap()["exists"], json!(true));

    let second = software.create(&wanted).await.unwrap().unwrap().id.unwrap();
    assert!(software.available(&[id]).await.unwrap().is_empty());
    software.set_status(second, PackageStatus::Released).await.unwrap();
    assert_eq!(software.available(&[id]).await.unwrap()[0].id, Some(second));
    software.set_status(id, PackageStatus::Revoked).await.unwrap();
    assert_eq!(software.revoked(&[id, second]).await.unwrap(), [id]);
    assert!(software.revoked(&[]).await.unwrap().is_empty());
    software.delete(id).await.unwrap();
    assert!(matches!(software.delete(second).await, Err(Failure::Permanent { .. })));
    assert_eq!(software.packages().await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_client_registers_and_tells_how_it_is() {
    let server = Simulator::start().unwrap();
    server.set(Settings { token: Some("cmVnaXN0cmFy".into()), ..Settings::default() });
    let stranger = client(&server);
    let registration = Registration {
        id: "FCT-01".into(),
        kind: "rust".into(),
        name: "FCT & 01".into(),
        location: "Line 1".into(),
        purpose: "Production".into(),
    };
    let refused = stranger.register(&Secret::new("d3Jvbmc="), &registration).await.unwrap_err();
    assert!(matches!(refused, Failure::Access { status: 401, .. }));
    let registrar = Secret::new("cmVnaXN0cmFy");
    let registered = stranger.register(&registrar, &registration).await.unwrap();
    assert!(matches!(stranger.ping().await, Err(Failure::Access { status: 401, .. })));
    let client = Client::builder(server.url().parse().unwrap(), "test", "1.0")
        .token(registered.token())
        .build()
        .unwrap();
    assert_eq!(client.server_info().await.unwrap().site_code, "NO-1");
    assert_eq!(client.server_info().await.unwrap().version, "2025.3.9.824");
    client.ping().await.unwrap();
    assert_eq!(server.pings(), 1);

    let status = ClientStatus {
        name: "FCT & 01".into(),
        version: "1.2.3".into(),
        online: true,
        pending: 4,
        computer: Computer { disks: vec![Disk { total: 5, ..Disk::default() }], ..Computer::default() },
        converters: vec![ConverterState { name: "wsjf".into(), total: 7, ..ConverterState::default() }],
        ..ClientStatus::default()
    };
    client.update_status(&status).await.unwrap();
    client.update_status_legacy(&status).await.unwrap();
    let told = server.client_states();
    assert_eq!(
        (&told[0]["pendingTotal"], &told[0]["computer"]["disks"][0]["totalSize"]),
        (&json!(4), &json!("5"))
    );
    assert!(told[1]["miscinfo"].as_str().unwrap().contains("total=\"7\""));
    let refused =
        client.update_status(&ClientStatus { version: "1.2-rc".into(), ..status }).await.unwrap_err();
    assert!(refused.to_string().contains("made of numbers"));
    client.disconnect(&registered.id).await.unwrap();
    assert_eq!(server.disconnected(), ["FCT-01"]);

    // Again: the old passcode is worth nothing any more.
    let again = client.register(&registrar, &registration).await.unwrap();
    assert_ne!(again.passcode, registered.passcode);
    assert!(matches!(client.ping().await, Err(Failure::Access { .. })));
    let other = Registration { kind: "python".into(), ..registration };
    let refused = client.register(&registrar, &other).await.unwrap_err();
    assert!(refused.to_string().contains("registered as another kind of client"), "{refused}");
}

#[tokio::test]
async fn failures_in_passing_are_tried_again_where_that_does_no_harm() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    let everywhere = |fault: Fault| Fault { path: Some("/api/".into()), ..fault };
    server.misbehave(everywhere(Fault::status(2, 503)));
    assert_eq!(client.version().await.unwrap(), "2025.3.9.824");
    server.misbehave(everywhere(Fault::cut(2, Cut::Before)));
    assert_eq!(client.products().vendors().await.unwrap().len(), 1);
    // Three tries are all.
    server.misbehave(everywhere(Fault::status(3, 500)));
    assert!(matches!(client.version().await, Err(Failure::Transient { cause: Cause::Request, .. })));
    assert!(client.version().await.is_ok());
    // A report with an id may come twice, and is stored once.
    server.misbehave(Fault::cut(1, Cut::After));
    let with_id = report("SN-1", "PSU-100", "P");
    client.submit(&with_id).await.unwrap();
    assert_eq!(server.received(&with_id.id().unwrap().to_string()).unwrap().count, 2);
    let mut without = with_id.clone();
    without.members_mut().shift_remove("id");
    server.misbehave(Fault::cut(1, Cut::Before));
    assert!(matches!(client.submit(&without).await, Err(Failure::Transient { .. })));
    // More time than the caller has is the caller's matter.
    let fault = Fault { retry_after: Some("60".into()), ..Fault::status(1, 429) };
    server.misbehave(everywhere(fault));
    let failure = client.version().await.unwrap_err();
    assert!(matches!(failure, Failure::Transient { retry_after: Some(time), .. } if time.as_secs() == 60));
}

#[tokio::test]
async fn odd_answers_are_no_success() {
    let server = Simulator::start().unwrap();
    let client = client(&server);
    let answer = |status, body: &str| Fault {
        path: Some("/api/".into()),
        body: Some(body.into()),
        ..Fault::status(1, status)
    };
    server.misbehave(answer(200, "<!doctype html><title>Sign in</title>"));
    let failure = client.products().vendors().await.unwrap_err();
    assert!(failure.to_string().contains("a web page (Sign in)"), "{failure}");
    server.misbehave(answer(200, "{\"cut"));
    assert!(matches!(client.products().vendors().await, Err(Failure::Answer { status: 200, .. })));
    server.misbehave(answer(200, "[5]"));
    assert!(matches!(client.products().vendors().await, Err(Failure::Answer { .. })));
    server.misbehave(answer(204, ""));
    assert!(client.products().vendors().await.unwrap().is_empty());
    server.misbehave(answer(200, r#"{"name":"only one","unknown":[1.50]}"#));
    let vendors = client.products().vendors().await.unwrap();
    assert_eq!(vendors[0].more["unknown"].to_string(), "[1.50]");
    server.misbehave(answer(200, r#"{"@odata.count":1,"value":[{"name":"wrapped"}]}"#));
    assert_eq!(client.products().vendors().await.unwrap()[0].name.as_deref(), Some("wrapped"));
}
