//! What can be wrong with an endpoint of profiles, to be switched on and off while the service runs.

use std::future::pending;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};

use axum::extract::{ConnectInfo, Query, Request, State};
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use serde::Deserialize;

use crate::Service;

/// Each is named on the wire with hyphens, such as `no-content-type`.
#[derive(Clone, Copy, Debug, Default, Deserialize, PartialEq)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    #[default]
    None,
    /// The profile comes without a `Content-Type`.
    NoContentType,
    /// A page with 200, as a program that answers all paths alike.
    Html,
    /// A flame graph instead of a profile.
    Svg,
    NotFound,
    /// 503, as while another profiles, but for ever.
    Busy,
    /// Connections are accepted and never answered.
    Silent,
    /// Bytes that are no profile.
    Garbage,
    /// CPU profiles take 30 s, whatever is asked for.
    Slow,
    /// CPU profiles come at once, and so with nothing in them.
    Hasty,
    /// CPU profiles of about 3 MiB, which is a lot and allowed.
    Large,
    /// CPU profiles of more than the 4 MiB that Pyroscope takes.
    Oversize,
    /// CPU profiles with addresses and no names, as without symbols.
    NoSymbols,
    /// Each sample of a CPU profile has a label value of its own.
    ManyLabels,
    /// The heap profile is CPU data.
    CpuAsHeap,
}

/// The fault of a service at the moment.
#[derive(Default)]
pub struct Switch(Mutex<Fault>);

impl Switch {
    pub fn get(&self) -> Fault {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set(&self, fault: Fault) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = fault;
    }
}

#[derive(Deserialize)]
pub struct SwitchQuery {
    kind: Fault,
}

/// `POST /fault?kind=KIND`, from this machine only; `none` ends it.
pub async fn serve_switch(
    State(service): State<Arc<Service>>,
    ConnectInfo(peer): ConnectInfo<SocketAddr>,
    Query(query): Query<SwitchQuery>,
) -> StatusCode {
    if !peer.ip().is_loopback() {
        return StatusCode::FORBIDDEN;
    }
    service.fault.set(query.kind);
    StatusCode::NO_CONTENT
}

/// Stands before all endpoints of profiles: answers in their place, or changes what they answer.
pub async fn impair(State(service): State<Arc<Service>>, request: Request, next: Next) -> Response {
    let typed = |content_type: &'static str, text: &'static str| {
        ([(header::CONTENT_TYPE, content_type)], text).into_response()
    };
    match service.fault.get() {
        Fault::Html => typed("text/html; charset=utf-8", "<!DOCTYPE html>\n<html><body>SOAR</body></html>\n"),
        Fault::Svg => typed(
            "image/svg+xml",
            "<svg xmlns=\"http://www.w3.org/2000/svg\"><title>Flame Graph</title></svg>\n",
        ),
        Fault::NotFound => StatusCode::NOT_FOUND.into_response(),
        Fault::Busy => (StatusCode::SERVICE_UNAVAILABLE, "cpu profiling already in use\n").into_response(),
        Fault::Silent => pending().await,
        Fault::Garbage => typed("application/octet-stream", "no profile at all\n"),
        Fault::NoContentType => {
            let mut response = next.run(request).await;
            response.headers_mut().remove(header::CONTENT_TYPE);
            response
        }
        _ => next.run(request).await,
    }
}
