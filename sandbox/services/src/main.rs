//! A stand-in for the SOAR services: parses synthetic APRS packets and matches them to flights, and has what a real one
//! has: CPU and heap profiles, metrics, log lines for the journal, and spans.

mod faults;
mod logging;
mod metrics;
mod options;
mod profiling;
mod spans;
mod synthetic;
mod threads;
mod workload;

use std::net::SocketAddr;
use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::middleware::from_fn_with_state;
use axum::response::IntoResponse;
use axum::routing::{get, post};
use tokio::net::TcpListener;

use logging::Level;
use metrics::Metrics;
use options::Options;
use profiling::Failure;
use spans::Spans;

#[global_allocator]
static ALLOCATOR: tikv_jemallocator::Jemalloc = tikv_jemallocator::Jemalloc;

/// Read by jemalloc before `main`. Sampling of allocations is made possible here and switched on by `--heap`.
#[unsafe(export_name = "malloc_conf")]
pub static MALLOC_CONF: &[u8] = b"prof:true,prof_active:false,lg_prof_sample:19\0";

fn main() -> ExitCode {
    let options = match Options::from_arguments() {
        Ok(options) => options,
        Err(problem) => {
            eprintln!("soar-service: {problem}\n{}", options::USAGE);
            return ExitCode::from(2);
        }
    };
    match serve(&options) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            logging::log(Level::Error, &format!("{}: {problem}", options.name));
            ExitCode::FAILURE
        }
    }
}

/// What the endpoints know.
struct Service {
    metrics: Metrics,
    heap: bool,
    /// The longest CPU profile, in seconds.
    cap: Option<u64>,
    fault: faults::Switch,
}

fn serve(options: &Options) -> Result<(), Failure> {
    if options.tracing {
        logging::use_tracing();
    }
    if options.heap {
        profiling::activate_heap()?;
    }
    let spans = Spans::from_environment(&options.name)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads::WORKERS)
        .thread_name(threads::WORKER)
        .enable_all()
        .on_thread_start(profiling::hide_thread_from_heap)
        .build()?;
    if !options.quiet {
        threads::start(runtime.handle(), options.work)?;
    }
    let service = Arc::new(Service {
        metrics: Metrics::new(&options.name),
        heap: options.heap,
        cap: options.cap,
        fault: faults::Switch::default(),
    });
    runtime.block_on(async {
        let listener = TcpListener::bind((options.address, options.port)).await?;
        logging::log(Level::Info, &format!("{} listens on {}", options.name, listener.local_addr()?));
        let counted = Arc::clone(&service);
        let quiet = options.quiet;
        thread::Builder::new()
            .name("workload".into())
            .spawn(move || workload::run(&counted.metrics, &spans, quiet))?;
        axum::serve(listener, router(service).into_make_service_with_connect_info::<SocketAddr>()).await?;
        Ok(())
    })
}

fn router(service: Arc<Service>) -> Router {
    Router::new()
        .route("/debug/pprof/profile", get(profiling::serve_cpu))
        .route("/debug/pprof/heap", get(profiling::serve_heap))
        .route_layer(from_fn_with_state(Arc::clone(&service), faults::impair))
        .route("/metrics", get(serve_metrics))
        .route("/fault", post(faults::serve_switch))
        .with_state(service)
}

async fn serve_metrics(State(service): State<Arc<Service>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], service.metrics.render())
}
