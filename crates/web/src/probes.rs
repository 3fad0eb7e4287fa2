//! Probes: is the process there, is the node ready, and what does it count.

use http::{Method, StatusCode};

use crate::metrics::write_gauges;
use crate::proxy::is_local;
use crate::routes::{Access, Family, Outcome, Schema};
use crate::{Answer, Failure, Request, Route, blocking};

const TEXT: &str = "text/plain; charset=utf-8";
/// The text format of Prometheus.
const EXPOSITION: &str = "text/plain; version=0.0.4; charset=utf-8";

/// Their rows of the table.
#[must_use]
pub fn routes() -> Vec<Route> {
    let (rest, get, open) = (Family::Rest, Method::GET, Access::Open);
    vec![
        Route::new(rest, get.clone(), "/livez", "livez", "Whether the process answers.", open, livez).gives(
            200,
            "It does.",
            TEXT,
            Schema::Text,
        ),
        Route::new(rest, get.clone(), "/readyz", "readyz", "Whether the node can serve.", open, readyz)
            .gives(200, "It can; 503 says why not.", TEXT, Schema::Text),
        Route::new(rest, get.clone(), "/healthz", "healthz", "The same as `/readyz`.", open, readyz).gives(
            200,
            "It can; 503 says why not.",
            TEXT,
            Schema::Text,
        ),
        Route::new(rest, get, "/metrics", "metrics", "Counts, for whoever operates the node.", open, metrics)
            .gives(200, "Counts in the text format of Prometheus.", EXPOSITION, Schema::Text),
    ]
}

async fn livez(_request: Request) -> Outcome {
    Ok(Answer::text("ok\n"))
}

async fn readyz(request: Request) -> Outcome {
    match blocking::brief(|| request.node.ready()) {
        Ok(()) => Ok(Answer::text("ok\n")),
        Err(error) => {
            let mut failure = Failure::from(error);
            failure.status = StatusCode::SERVICE_UNAVAILABLE;
            failure.retry_after_s = failure.retry_after_s.or(Some(5));
            Err(failure)
        }
    }
}

// Sizes of the whole record tell what a reader does not see, so they are for whoever operates the node: by his token,
// over the admin socket, or, where the operator says so, from the machine itself.
async fn metrics(request: Request) -> Outcome {
    let caller = match request.caller() {
        Ok(caller) if request.node.operates(caller).is_ok() => caller.clone(),
        _ if request.settings.metrics_on_loopback && is_local(&request.arrival, &request.headers) => {
            request.node.operator()
        }
        Ok(caller) if !caller.principal.is_anonymous() => {
            let detail = "metrics are for whoever operates the node";
            return Err(Failure::new(StatusCode::FORBIDDEN, "forbidden", detail));
        }
        _ => return Err(Failure::unauthenticated("metrics need the token of whoever operates the node")),
    };
    let mut text = request.shared.metrics.text(&request.shared.table);
    let node = request.node.clone();
    let ready = u8::from(blocking::brief(|| node.ready()).is_ok());
    write_gauges("accord", &serde_json::json!({ "ready": ready }), &mut text);
    let figures = blocking::long(move || node.statistics(&caller)).await??;
    write_gauges("accord", &figures, &mut text);
    Ok(Answer::bytes(EXPOSITION, text))
}
