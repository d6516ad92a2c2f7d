//! A small WATS server on the loopback address, for demonstrations, tests and benchmarks.
//!
//! It takes reports the way the real server does, counts how often each id arrived, and misbehaves when told to:
//! through the [`Simulator`] handle, or from another process through its own endpoints:
//!
//! | Endpoint | |
//! |---|---|
//! | `POST /api/Report/WSJF`, `…/WSXF` | takes a report |
//! | `GET /api/health` | always 200 |
//! | other calls below `/api/` | version, processes, reports, products, units, serial numbers, software, clients: checked strictly and remembered |
//! | `GET /simulator/reports` | [`Summary`]: all ids received, with counts |
//! | `GET /simulator/reports/{id}` | the report last received with this id |
//! | `DELETE /simulator/reports` | forgets all reports |
//! | `POST /simulator/faults` | body [`Fault`]: spoils the next requests |
//! | `DELETE /simulator/faults` | behaves again |
//! | `POST /simulator/settings` | body [`Settings`]: token, handling of known ids, delay of every answer |
//! | `POST /simulator/down` | body `{"milliseconds": 5000}`: refuses connections for that time |

#![warn(clippy::unwrap_used)]

mod api;
mod fault;
mod server;
mod store;
#[cfg(feature = "tls")]
mod tls;
mod web;
mod xml;

pub use api::RegisteredClient;
pub use fault::{Cut, Fault, Settings};
pub use server::Simulator;
pub use store::{Received, Summary};
#[cfg(feature = "tls")]
pub use tls::{Authority, Certified, TlsSettings};
