//! Who is let in.

use crate::station;

const FORM: &str = "Content-Type: application/x-www-form-urlencoded";
/// Every page with a form that changes something.
const ORDERS: [&str; 13] = [
    "/reports/retry-refused",
    "/reports/1/retry",
    "/reports/1/discard",
    "/reports/1/correct",
    "/folders/new",
    "/folders/0",
    "/folders/0/remove",
    "/try",
    "/settings",
    "/settings/secret",
    "/settings/password",
    "/connection",
    "/setup",
];

#[test]
fn another_name_for_this_machine_is_refused() {
    let (_station, _client, page) = station();
    let port = page.address.port();
    for host in [format!("localhost:{port}"), format!("127.0.0.1:{port}"), format!("[::1]:{port}")] {
        page.send("GET", "/", &[&format!("Host: {host}")], b"").unwrap().expect(200);
    }
    for host in [format!("evil.example:{port}"), "localhost.evil.example".to_owned()] {
        for path in ["/", "/style.css", "/api/v1/status", "/login", "/nothing"] {
            let answer = page.send("GET", path, &[&format!("Host: {host}")], b"").unwrap().expect(421);
            assert!(answer.header("set-cookie").is_empty() && !answer.body.contains("FCT-01"), "{answer:?}");
        }
    }
    // HTTP/1.1 asks for one, and only one.
    assert!(page.send("GET", "/", &[], b"").unwrap().status >= 400);
    assert!(page.send("GET", "/", &["Host: localhost", "Host: evil.example"], b"").unwrap().status >= 400);
}

#[test]
fn orders_of_other_sites_are_refused() {
    let (_station, _client, page) = station();
    let token = page.token("/connection");
    let good = format!("token={token}");
    for path in ORDERS {
        for headers in [
            vec!["Sec-Fetch-Site: cross-site"],
            vec!["Sec-Fetch-Site: same-site"],
            vec!["Sec-Fetch-Site: none"],
            vec!["Origin: http://evil.example"],
            vec!["Origin: null"],
            vec![],
        ] {
            let headers: Vec<&str> = headers.into_iter().chain([FORM]).collect();
            page.post_raw(path, &headers, good.as_bytes()).expect(403);
        }
        for body in ["", "token=", "token=0000", &good[..good.len() - 1], &good.to_uppercase()] {
            let answer = page.post_raw(path, &["Sec-Fetch-Site: same-origin", FORM], body.as_bytes());
            // A report or folder that is not there, or a form that is of no session.
            assert!([403, 404].contains(&answer.status), "{path} {body}: {answer:?}");
        }
        let unread =
            b"--X\r\nContent-Disposition: form-data; name=\"file\"; filename=\"a\"\r\n\r\nx\r\n--X--\r\n";
        let multipart = ["Sec-Fetch-Site: same-origin", "Content-Type: multipart/form-data; boundary=X"];
        assert!([403, 404].contains(&page.post_raw(path, &multipart, unread).status), "{path}");
    }
    // The same order from our own page, also of a browser that knows no fetch metadata.
    page.post_raw("/connection", &["Sec-Fetch-Site: same-origin", FORM], good.as_bytes()).expect(200);
    page.post_raw("/connection", &[&format!("Origin: http://{}", page.address), FORM], good.as_bytes())
        .expect(200);
    // The token of one browser is of no use in another.
    let stranger = format!("Host: {}", page.address);
    let answer =
        page.send("POST", "/connection", &[&stranger, "Sec-Fetch-Site: same-origin", FORM], good.as_bytes());
    answer.unwrap().expect(403);
}

#[test]
fn every_answer_has_the_headers_that_protect_it() {
    let (_station, _client, page) = station();
    for path in
        ["/", "/reports", "/nothing", "/style.css", "/page.js", "/icon.svg", "/api/v1/status", "/live"]
    {
        let answer = page.get(path);
        let policy = answer.header("content-security-policy");
        assert!(policy.starts_with("default-src 'none'; ") && !policy.contains("unsafe"), "{path}: {policy}");
        assert!(policy.contains("frame-ancestors 'none'") && policy.contains("form-action 'self'"), "{path}");
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("referrer-policy"), "no-referrer", "{path}");
        assert!(answer.header("access-control-allow-origin").is_empty(), "{path}");
    }
    assert_eq!(page.get("/").header("cache-control"), "no-store");
    // What is in the page keeps to the policy: no script, no style, nothing from elsewhere.
    for path in
        ["/", "/reports", "/folders", "/folders/new", "/settings", "/connection", "/logs", "/about", "/try"]
    {
        let body = page.get(path).expect(200).body;
        for forbidden in
            ["style=", " onclick", " onload", "javascript:", "<style", "//cdn", "src=\"http", "href=\"http"]
        {
            assert!(!body.contains(forbidden), "{forbidden} in {path}");
        }
        assert_eq!(body.matches("<script").count(), 1, "{path}");
        assert_eq!(body.matches("<h1").count(), 1, "{path}");
        assert!(body.contains("<html lang=\"en\">") && body.contains("href=\"#content\""), "{path}");
    }
}

#[test]
fn odd_requests_do_no_harm() {
    let (_station, _client, page) = station();
    let host = format!("Host: {}", page.address);
    for path in [
        "/reports/x",
        "/reports/-1",
        "/reports/99999999999999999999",
        "/folders/7",
        "/%00",
        "/../../etc/passwd",
        "/reports?before=x",
    ] {
        let answer = page.send("GET", path, &[&host], b"").unwrap();
        assert!((400..500).contains(&answer.status), "{path}: {answer:?}");
    }
    let many = format!("Cookie: {}", "a=b; ".repeat(1000));
    page.send("GET", "/", &[&host, &many], b"").unwrap().expect(200);
    let long = format!("X: {}", "x".repeat(100_000));
    assert!(page.send("GET", "/", &[&host, &long], b"").is_none_or(|answer| answer.status == 431));
    page.send("HEAD", "/", &[&host], b"").unwrap().expect(200);
    page.send("PUT", "/", &[&host, "Sec-Fetch-Site: same-origin"], b"").unwrap().expect(405);
    page.get("/").expect(200);
}
