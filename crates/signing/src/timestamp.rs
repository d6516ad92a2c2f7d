//! How a request reaches a timestamp authority.

use std::time::Duration;

use landfall_authenticode::Transport;

/// Longest time that an authority may take for its answer.
const PATIENCE: Duration = Duration::from_secs(30);
/// Largest answer; with its certificates some 6 KiB are usual.
const LARGEST: u64 = 1 << 20;

/// Asks over plain http: an answer is signed by the authority, and changed on its way it does not fit.
pub(crate) struct Http;

impl Transport for Http {
    fn post(&self, url: &str, body: &[u8]) -> Result<Vec<u8>, Box<dyn std::error::Error + Send + Sync>> {
        let agent: ureq::Agent = ureq::Agent::config_builder().timeout_global(Some(PATIENCE)).build().into();
        let mut answer = agent
            .post(url)
            .header("Content-Type", "application/timestamp-query")
            .header("Accept", "application/timestamp-reply")
            .send(body)?;
        Ok(answer.body_mut().with_config().limit(LARGEST).read_to_vec()?)
    }
}
