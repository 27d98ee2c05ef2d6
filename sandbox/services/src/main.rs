//! A stand-in for the SOAR services: parses synthetic APRS packets and matches them to flights, and has what a real one
//! has: CPU and heap profiles, metrics, log lines for the journal, and spans.

mod logging;
mod metrics;
mod options;
mod profiling;
mod spans;
mod workload;

use std::process::ExitCode;
use std::sync::Arc;
use std::thread;

use axum::Router;
use axum::extract::State;
use axum::http::header;
use axum::response::IntoResponse;
use axum::routing::get;
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

fn serve(options: &Options) -> Result<(), Failure> {
    if options.heap {
        profiling::activate_heap()?;
    }
    let spans = Spans::from_environment(&options.name)?;
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .on_thread_start(profiling::hide_thread_from_heap)
        .build()?;
    runtime.block_on(async {
        let listener = TcpListener::bind((options.address, options.port)).await?;
        logging::log(Level::Info, &format!("{} listens on {}", options.name, listener.local_addr()?));
        let metrics = Arc::new(Metrics::new(&options.name));
        let counted = Arc::clone(&metrics);
        thread::Builder::new().name("workload".into()).spawn(move || workload::run(&counted, &spans))?;
        axum::serve(listener, router(metrics, options.heap)).await?;
        Ok(())
    })
}

fn router(metrics: Arc<Metrics>, heap: bool) -> Router {
    let router = Router::new()
        .route("/metrics", get(serve_metrics))
        .route("/debug/pprof/profile", get(profiling::serve_cpu));
    let router = if heap { router.route("/debug/pprof/heap", get(profiling::serve_heap)) } else { router };
    router.with_state(metrics)
}

async fn serve_metrics(State(metrics): State<Arc<Metrics>>) -> impl IntoResponse {
    ([(header::CONTENT_TYPE, "text/plain; version=0.0.4; charset=utf-8")], metrics.render())
}
