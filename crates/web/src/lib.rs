//! Coming in: REST, TAXII 2.1, probes and pages, over one table of routes.
//!
//! - [`routes`]: what a route is, and the table of all of them. The router, the OpenAPI document and the test of
//!   every road are made from it.
//! - [`mod@router`]: from an HTTP request to a handler and back, for sockets and in-process callers alike.
//! - [`request`] and [`answer`]: what handlers take and give.
//! - [`error`]: failures, and how each family of routes tells of them.
//! - [`serve`]: connections over TCP, TLS and the admin socket; [`loops`]: the threads that serve them.
//!
//! Nothing here judges: the node authorises, and what a reader may see has passed its gate before it arrives.

pub mod answer;
mod auth;
pub mod blocking;
pub mod body;
pub mod coding;
mod connection;
pub mod error;
mod finish;
pub mod loops;
pub mod media;
pub mod metrics;
pub mod openapi;
mod owed;
pub mod pages;
pub mod probes;
pub mod profile;
mod proxy;
pub mod request;
pub mod rest;
pub mod router;
pub mod routes;
pub mod serve;
pub mod settings;
pub mod taxii;
pub mod telling;
pub mod throttle;
pub mod tls;
pub mod waiting;

pub use answer::Answer;
pub use error::Failure;
pub use loops::Loops;
pub use request::Request;
pub use router::{Router, router};
pub use routes::Route;
pub use serve::Server;
pub use settings::WebSettings;
