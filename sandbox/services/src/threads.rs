//! Threads with known shares of the work. What tells apart who works is in two places, the name of the thread and a
//! function of the same name: where the former is dropped on the way, the latter shows whether all of it arrived.

use std::hint::black_box;
use std::thread;
use std::time::Duration;

use tokio::runtime::Handle;

/// The name of all threads of the runtime.
pub const WORKER: &str = "soar-worker";
pub const WORKERS: u32 = 4;

/// Tenths of the work. What is left is done by the workers of the runtime together.
const THREADS: [(&str, u32, Job); 3] =
    [("flight-tracker", 4, flight_tracker), ("elevation", 2, elevation), ("archiver", 1, archiver)];
const WORKERS_SHARE: u32 = 3;

/// Computes for that long and returns what came out.
type Job = fn(Duration) -> u64;

/// Processor time that is spent at once. It spans more than one tick of the kernel's profiling timer, else few samples
/// would fall into it; who has a larger share works more often, not for longer.
const BURST: Duration = Duration::from_millis(10);

/// Starts all of them. Together they compute for that percentage of one core.
pub fn start(runtime: &Handle, percent: u32) -> std::io::Result<()> {
    for (name, share, job) in THREADS {
        let period = period(percent, share, 1);
        thread::Builder::new().name(name.into()).spawn(move || {
            loop {
                job(BURST);
                thread::sleep(period - BURST);
            }
        })?;
    }
    // As many tasks as there are workers: which of them does one is the runtime's choice.
    for _ in 0..WORKERS {
        let period = period(percent, WORKERS_SHARE, WORKERS);
        runtime.spawn(async move {
            loop {
                soar_worker(BURST);
                tokio::time::sleep(period - BURST).await;
            }
        });
    }
    Ok(())
}

/// From one burst to the next of each of `parts` which together have `share` tenths.
fn period(percent: u32, share: u32, parts: u32) -> Duration {
    BURST * 1000 * parts / (percent * share)
}

/// Functions that do the same would become one at the optimizer's hands, and a call at the end a jump: the numbers keep
/// them apart, and `black_box` keeps them on the stack.
macro_rules! jobs {
    ($($name:ident: $seed:literal),*) => {
        $(#[inline(never)]
        fn $name(time: Duration) -> u64 {
            black_box(compute(time, $seed))
        })*
    };
}

jobs!(flight_tracker: 3, elevation: 5, archiver: 7, soar_worker: 11);

/// Computes until the thread has spent that much time of a processor, however long others keep it from one.
#[inline(never)]
fn compute(time: Duration, seed: u64) -> u64 {
    let end = processor_time() + time;
    let mut value = seed;
    while processor_time() < end {
        for round in 0..10_000 {
            value = black_box(value.rotate_left(5) ^ round).wrapping_mul(0x9E37_79B9_7F4A_7C15);
        }
    }
    value
}

/// What this thread has spent so far.
fn processor_time() -> Duration {
    let mut time = libc::timespec { tv_sec: 0, tv_nsec: 0 };
    // SAFETY: it writes to that place only. It fails only for a clock that does not exist, and Linux has this one.
    unsafe { libc::clock_gettime(libc::CLOCK_THREAD_CPUTIME_ID, &mut time) };
    Duration::new(time.tv_sec as u64, time.tv_nsec as u32)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_shares_are_tenths() {
        let named: u32 = THREADS.iter().map(|(_, share, _)| share).sum();
        assert_eq!(named + WORKERS_SHARE, 10);
    }

    #[test]
    fn a_larger_share_is_done_more_often() {
        // 2 tenths of 5 % are 10 ms a second.
        assert_eq!(period(5, 2, 1), Duration::from_secs(1));
        assert_eq!(period(5, 4, 1), Duration::from_millis(500));
        assert_eq!(period(5, 2, 4), Duration::from_secs(4));
    }

    #[test]
    fn a_job_takes_the_time_of_a_processor() {
        let before = processor_time();
        flight_tracker(Duration::from_millis(5));
        assert!(processor_time() - before >= Duration::from_millis(5));
    }
}
