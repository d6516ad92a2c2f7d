//! As much of HTTP/1.1 as a health endpoint needs: RFC 9112.

/// A request that is understood.
#[derive(Debug, PartialEq, Eq)]
pub struct Request<'a> {
    /// Only the head of the answer is wanted.
    pub head_only: bool,
    /// The path without its query.
    pub path: &'a str,
}

/// The status code for one that is not.
#[derive(Debug, PartialEq, Eq, Clone, Copy)]
pub struct Refusal(pub u16);

/// Reads a request's head: everything up to and including the empty line.
///
/// # Errors
/// With the status code to answer.
pub fn parse(head: &[u8]) -> Result<Request<'_>, Refusal> {
    const BAD: Refusal = Refusal(400);
    let head = std::str::from_utf8(head).map_err(|_| BAD)?;
    let mut lines = head.split("\r\n");
    let mut words = lines.next().ok_or(BAD)?.split(' ');
    let (Some(method), Some(target), Some(version), None) =
        (words.next(), words.next(), words.next(), words.next())
    else {
        return Err(BAD);
    };
    if !version.starts_with("HTTP/1.") {
        return Err(if version.starts_with("HTTP/") { Refusal(505) } else { BAD });
    }
    // Each further line is a field; what they say changes nothing, but a request without them is a slip.
    for line in lines.take_while(|line| !line.is_empty()) {
        let name = line.split(':').next().filter(|name| name.len() < line.len()).ok_or(BAD)?;
        if name.is_empty()
            || name.contains(|character: char| character.is_whitespace() || character.is_control())
        {
            return Err(BAD);
        }
    }
    let head_only = match method {
        "GET" => false,
        "HEAD" => true,
        _ => return Err(Refusal(405)),
    };
    // A proxy may send the whole address.
    let target =
        target.strip_prefix("http://").map_or(target, |rest| rest.find('/').map_or("/", |at| &rest[at..]));
    let path = target.split(['?', '#']).next().unwrap_or_default();
    if !path.starts_with('/') || path.contains(char::is_control) {
        return Err(BAD);
    }
    Ok(Request { head_only, path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_understood_or_refused_by_number() {
        let get = |path| Ok(Request { head_only: false, path });
        let cases = [
            ("GET /health HTTP/1.1\r\nHost: x\r\n\r\n", get("/health")),
            ("GET /health?verbose#x HTTP/1.0\r\n\r\n", get("/health")),
            ("GET http://x:1/health HTTP/1.1\r\n\r\n", get("/health")),
            ("GET http://x HTTP/1.1\r\n\r\n", get("/")),
            ("HEAD / HTTP/1.1\r\n\r\n", Ok(Request { head_only: true, path: "/" })),
            ("POST / HTTP/1.1\r\n\r\n", Err(Refusal(405))),
            ("GET / HTTP/2.0\r\n\r\n", Err(Refusal(505))),
            ("GET /\r\n\r\n", Err(Refusal(400))),
            ("GET  / HTTP/1.1\r\n\r\n", Err(Refusal(400))),
            ("GET /\n HTTP/1.1\r\n\r\n", Err(Refusal(400))),
            ("GET * HTTP/1.1\r\n\r\n", Err(Refusal(400))),
            ("GET / HTTP/1.1\r\nno colon\r\n\r\n", Err(Refusal(400))),
            ("GET / HTTP/1.1\r\nbad name: x\r\n\r\n", Err(Refusal(400))),
            ("", Err(Refusal(400))),
        ];
        for (head, expected) in cases {
            assert_eq!(parse(head.as_bytes()), expected, "{head:?}");
        }
        assert_eq!(parse(b"GET /\xff HTTP/1.1\r\n\r\n"), Err(Refusal(400)));
    }
}
