//! A service that sends its profiles itself, with the crate `pyroscope`. It is a program of its own, because that crate and
//! `pprof` both define the function that takes a sample, and a program cannot be linked with both.

#[path = "../threads.rs"]
mod threads;

use std::error::Error;
use std::process::ExitCode;
use std::thread;

use pyroscope::backend::{BackendConfig, PprofConfig, pprof_backend};
use pyroscope::pyroscope::PyroscopeAgentBuilder;

/// Samples a second. Not 100, which would fall into step with work done a round number of times a second.
const FREQUENCY: u32 = 99;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let [name, url, work] = arguments.as_slice() else {
        eprintln!("usage: soar-push NAME URL PERCENT");
        return ExitCode::from(2);
    };
    match push(name, url, work) {
        Ok(()) => ExitCode::SUCCESS,
        Err(problem) => {
            eprintln!("{name}: {problem}");
            ExitCode::FAILURE
        }
    }
}

/// Works for that percentage of one core, and sends every ten seconds where its time went.
fn push(name: &str, url: &str, work: &str) -> Result<(), Box<dyn Error>> {
    let work = work.parse()?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(threads::WORKERS)
        .thread_name(threads::WORKER)
        .enable_all()
        .build()?;
    let backend = pprof_backend(
        PprofConfig { sample_rate: FREQUENCY },
        // A series for each name of a thread.
        BackendConfig { report_thread_name: true, ..BackendConfig::default() },
    );
    let version = env!("CARGO_PKG_VERSION");
    let _agent = PyroscopeAgentBuilder::new(url, name, FREQUENCY, "pyroscope-rs", version, backend)
        .tags(vec![("team", "flight")])
        .build()?
        .start()?;
    threads::start(runtime.handle(), work)?;
    loop {
        thread::park();
    }
}
