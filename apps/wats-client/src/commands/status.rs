//! `wats-client status`

use super::{runtime, say};
use crate::Failure;
use crate::cli::Status;
use crate::control::{CHANGED, SERVICE, STATUS, State};
use landfall_service::ipc::{Client, Event};

/// Asks the running service how it is.
pub(crate) fn status(arguments: &Status) -> Result<(), Failure> {
    runtime()?.block_on(async {
        let mut client = match &arguments.instance {
            Some(instance) => Client::connect_instance(SERVICE, instance).await,
            None => Client::connect(SERVICE).await,
        }
        .map_err(Failure::general)?;
        if arguments.follow {
            // First, so that nothing is missed between the answer and the events.
            client.subscribe().await.map_err(Failure::general)?;
        }
        let state = ask(&mut client).await?;
        show(&state, arguments.json)?;
        if !arguments.follow {
            return state.problem.map_or(Ok(()), |problem| Err(Failure::General(problem)));
        }
        loop {
            match client.event().await.map_err(Failure::general)? {
                Event::Happened { name, body } if name == CHANGED => say(&String::from_utf8_lossy(&body))?,
                Event::Missed(_) => say(&ask(&mut client).await?.line)?,
                _ => {}
            }
        }
    })
}

async fn ask(client: &mut Client) -> Result<State, Failure> {
    let answer = client.request(STATUS, b"").await.map_err(Failure::general)?;
    serde_json::from_slice(&answer)
        .map_err(|error| Failure::General(format!("the service answers in another version's words: {error}")))
}

fn show(state: &State, as_json: bool) -> Result<(), Failure> {
    if as_json {
        let text = serde_json::to_string(state).map_err(Failure::general)?;
        return say(&text);
    }
    say(&state.line)
}
