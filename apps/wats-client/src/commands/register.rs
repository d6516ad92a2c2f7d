//! `wats-client register`

use super::config::given_secret;
use super::{load, runtime, say};
use crate::Failure;
use crate::cli::Register;
use crate::config::keys::TOKEN;
use crate::connect;
use landfall_service::Exit;
use std::time::Duration;
use wats::{Failure as Fault, Registration};

/// Longest wait for the server's answer.
const PATIENCE: Duration = Duration::from_secs(20);

/// Makes the station known to the server, and keeps the token that the server gives it for that.
pub(crate) fn register(arguments: &Register) -> Result<(), Failure> {
    let config = load(&arguments.config)?;
    let server = config.server.as_ref().ok_or_else(|| {
        Failure::Configuration("server.url is not set; enter the address of your WATS server".to_owned())
    })?;
    let registrar =
        given_secret("token of a user who may register clients", arguments.token_file.as_deref())?;
    let station = &config.station;
    let registration = Registration {
        id: arguments.id.clone().unwrap_or_else(|| station.name.clone()),
        kind: arguments.kind.clone(),
        name: station.name.clone(),
        location: station.location.clone(),
        purpose: station.purpose.clone(),
    };
    let client = connect::client(&config, server, None).map_err(Failure::Configuration)?;
    let answer = runtime()?
        .block_on(async { tokio::time::timeout(PATIENCE, client.register(&registrar, &registration)).await });
    let registered = match answer {
        Ok(Ok(registered)) => registered,
        Ok(Err(fault @ Fault::Access { .. })) => {
            return Err(Failure::Other(Exit::AuthenticationFailed, fault.to_string()));
        }
        Ok(Err(fault @ Fault::Transient { .. })) => {
            return Err(Failure::Other(Exit::ServerUnreachable, fault.to_string()));
        }
        Ok(Err(fault)) => return Err(Failure::General(fault.to_string())),
        Err(_) => {
            let text = format!("{server} does not answer within {} s", PATIENCE.as_secs());
            return Err(Failure::Other(Exit::ServerUnreachable, text));
        }
    };
    config.token.keep(&registered.token()).map_err(Failure::General)?;
    if config.token.environment.is_some() {
        eprintln!("wats-client: note: {} is set and goes before the stored one", TOKEN.variable);
    }
    say(&format!("{} is registered with {server}; its token is stored.", registration.id))
}
