//! Profiles over HTTP, at the paths and with the meaning of Go's net/http/pprof.

use std::collections::HashSet;
use std::io::{Read, Write};
use std::sync::atomic::{AtomicBool, Ordering::Relaxed};
use std::sync::{Arc, LazyLock};
use std::thread;
use std::time::Duration;

use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::{IntoResponse, Response};
use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;
use pprof::ProfilerGuardBuilder;
use pprof::protos::{Label, Message, Profile};
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::task::spawn_blocking;

use crate::faults::Fault;
use crate::{Service, synthetic};

/// Samples a second. Not 100, which would fall into step with work done a round number of times a second.
const FREQUENCY: i32 = 99;

/// The profiler is one per process: it has one signal and one timer.
static PROFILER: LazyLock<Arc<Mutex<()>>> = LazyLock::new(Arc::default);

static PROFILED: AtomicBool = AtomicBool::new(false);

pub type Failure = Box<dyn std::error::Error + Send + Sync>;

#[derive(Deserialize)]
pub struct CpuQuery {
    #[serde(default = "default_seconds")]
    seconds: u64,
}

fn default_seconds() -> u64 {
    30
}

/// `GET /debug/pprof/profile?seconds=N`: what the process computes in the next N seconds, or in as many as it takes at
/// most, as plain protobuf. 400 unless 1 <= N <= 300, 503 while another profile is being taken.
pub async fn serve_cpu(State(service): State<Arc<Service>>, Query(query): Query<CpuQuery>) -> Response {
    if !(1..=300).contains(&query.seconds) {
        return (StatusCode::BAD_REQUEST, "seconds must be between 1 and 300\n").into_response();
    }
    let Ok(turn) = Arc::clone(&PROFILER).try_lock_owned() else {
        let problem = "another CPU profile is being taken; try again when it has ended\n";
        return (StatusCode::SERVICE_UNAVAILABLE, problem).into_response();
    };
    let fault = service.fault.get();
    let seconds = match fault {
        Fault::Slow => default_seconds(),
        Fault::Hasty => 0,
        _ => query.seconds.min(service.cap.unwrap_or(query.seconds)),
    };
    // The turn goes to the thread that profiles: a client that goes away does not end the profile.
    let profile = spawn_blocking(move || {
        PROFILED.store(true, Relaxed);
        let profile = profile_cpu(Duration::from_secs(seconds), fault);
        PROFILED.store(false, Relaxed);
        drop(turn);
        profile
    });
    match profile.await {
        Ok(Ok(bytes)) => {
            service.metrics.cpu_profiles.fetch_add(1, Relaxed);
            octets(bytes)
        }
        Ok(Err(problem)) => failed(&problem),
        Err(problem) => failed(&problem),
    }
}

/// Whether a CPU profile is being taken. The lock tells it, too, but to ask that one is to hold it for a moment.
pub fn is_cpu_profiled() -> bool {
    PROFILED.load(Relaxed)
}

fn profile_cpu(duration: Duration, fault: Fault) -> Result<Vec<u8>, Failure> {
    let guard = ProfilerGuardBuilder::default()
        .frequency(FREQUENCY)
        // Unwinding out of these from a signal handler may deadlock.
        .blocklist(&["libc", "libgcc", "pthread", "vdso"])
        .build()?;
    thread::sleep(duration);
    let mut profile = guard.report().build()?.pprof()?;
    match fault {
        Fault::Large => profile = synthetic::profile(3 << 20, duration, FREQUENCY),
        Fault::Oversize => profile = synthetic::profile(5 << 20, duration, FREQUENCY),
        Fault::NoSymbols => drop_names(&mut profile),
        Fault::ManyLabels => label_each_sample(&mut profile),
        _ => {}
    }
    Ok(profile.encode_to_vec())
}

/// Leaves addresses, as a program without symbols does.
fn drop_names(profile: &mut Profile) {
    profile.function.clear();
    for location in &mut profile.location {
        location.line.clear();
        location.address = 0x5580_0000_0000 + location.id * 16;
    }
}

fn label_each_sample(profile: &mut Profile) {
    let mut add = |text: String| {
        profile.string_table.push(text);
        profile.string_table.len() as i64 - 1
    };
    let key = add("request_id".into());
    let values: Vec<i64> = (0..profile.sample.len()).map(|number| add(format!("{number:08}"))).collect();
    for (sample, str) in profile.sample.iter_mut().zip(values) {
        sample.label.push(Label { key, str, ..Default::default() });
    }
}

/// Starts to sample allocations. What was allocated before is not in the heap profile.
pub fn activate_heap() -> Result<(), Failure> {
    let control = jemalloc_pprof::PROF_CTL.as_ref().ok_or("jemalloc was built without profiling")?;
    control.blocking_lock().activate()?;
    Ok(())
}

/// Leaves out of the heap profile what the calling thread allocates from now on. The threads that take profiles use it:
/// the tables of the CPU profiler alone would be larger than all that the service does.
pub fn hide_thread_from_heap() {
    // SAFETY: this value of jemalloc is a bool. It fails only where profiling is not built in, when nothing is to hide.
    let _ = unsafe { tikv_jemalloc_ctl::raw::write(b"thread.prof.active\0", false) };
}

/// `GET /debug/pprof/heap`: what is allocated now, as gzipped protobuf. 404 unless allocations are sampled.
pub async fn serve_heap(State(service): State<Arc<Service>>) -> Response {
    if service.fault.get() == Fault::CpuAsHeap {
        return octets(synthetic::profile(64 << 10, Duration::from_secs(1), FREQUENCY).encode_to_vec());
    }
    if !service.heap {
        return StatusCode::NOT_FOUND.into_response();
    }
    match spawn_blocking(profile_heap).await {
        Ok(Ok(bytes)) => {
            service.metrics.heap_profiles.fetch_add(1, Relaxed);
            octets(bytes)
        }
        Ok(Err(problem)) => failed(&problem),
        Err(problem) => failed(&problem),
    }
}

fn profile_heap() -> Result<Vec<u8>, Failure> {
    let control = jemalloc_pprof::PROF_CTL.as_ref().ok_or("jemalloc was built without profiling")?;
    let dumped = control.blocking_lock().dump_pprof()?;
    let mut bytes = Vec::new();
    GzDecoder::new(dumped.as_slice()).read_to_end(&mut bytes)?;
    let mut profile = Profile::decode(bytes.as_slice())?;
    drop_allocator_frames(&mut profile);
    let mut gzipped = GzEncoder::new(Vec::new(), Compression::default());
    gzipped.write_all(&profile.encode_to_vec())?;
    Ok(gzipped.finish()?)
}

/// Lets every stack begin where the program asks for memory, not inside jemalloc where the sample is taken.
fn drop_allocator_frames(profile: &mut Profile) {
    let text = |index: i64| profile.string_table.get(index as usize).map_or("", String::as_str);
    let of_allocator = |name: &str| name.starts_with("_rjem_") || name.starts_with("prof_");
    let functions: HashSet<u64> =
        profile.function.iter().filter(|f| of_allocator(text(f.name))).map(|f| f.id).collect();
    let locations: HashSet<u64> = profile
        .location
        .iter()
        .filter(|location| location.line.iter().any(|line| functions.contains(&line.function_id)))
        .map(|location| location.id)
        .collect();
    for sample in &mut profile.sample {
        let inside = sample.location_id.iter().take_while(|id| locations.contains(id)).count();
        sample.location_id.drain(..inside);
    }
}

fn octets(bytes: Vec<u8>) -> Response {
    ([(header::CONTENT_TYPE, "application/octet-stream")], bytes).into_response()
}

fn failed(problem: &dyn std::fmt::Display) -> Response {
    (StatusCode::INTERNAL_SERVER_ERROR, format!("{problem}\n")).into_response()
}

#[cfg(test)]
mod tests {
    use super::*;
    use pprof::protos::{Function, Line, Location, Sample};

    #[test]
    fn a_heap_stack_begins_where_memory_is_asked_for() {
        let names = ["", "prof_backtrace_impl", "_rjem_malloc", "soar_service::main"];
        let ids = 1..names.len() as u64;
        let mut profile = Profile {
            string_table: names.map(String::from).to_vec(),
            function: ids.clone().map(|id| Function { id, name: id as i64, ..Default::default() }).collect(),
            location: ids
                .map(|id| Location {
                    id,
                    line: vec![Line { function_id: id, line: 0 }],
                    ..Default::default()
                })
                .collect(),
            sample: vec![Sample { location_id: vec![1, 2, 3], ..Default::default() }],
            ..Default::default()
        };
        drop_allocator_frames(&mut profile);
        assert_eq!(profile.sample[0].location_id, [3]);
    }
}
