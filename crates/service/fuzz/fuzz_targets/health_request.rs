//! A request's head with bytes that anybody may have sent.
#![no_main]

use landfall_service::health::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    match parse(bytes) {
        Ok(request) => assert!(request.path.starts_with('/') && !request.path.contains(['?', ' ', '\n'])),
        Err(refusal) => assert!((400..=505).contains(&refusal.0)),
    }
});
