//! Threads with known shares of the work. What tells apart who works is in two places, the name of the thread and a
//! function of the same name: where the former is dropped on the way, the latter shows whether all of it arrived.

use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::thread;
use std::time::{Duration, Instant};

use tokio::runtime::Handle;

/// The name of all threads of the runtime.
pub const WORKER: &str = "soar-worker";
pub const WORKERS: usize = 4;

/// Tenths of the work. What is left is done by the workers of the runtime, in that many tasks.
const THREADS: [(&str, u32, Job); 3] =
    [("flight-tracker", 4, flight_tracker), ("elevation", 2, elevation), ("archiver", 1, archiver)];
const TASKS: u32 = 3;

/// Computes for that long and returns what came out.
type Job = fn(Duration) -> u64;

/// A tenth of a round, in processor time.
const TENTH: Duration = Duration::from_millis(2);

/// Starts all of them. Together they compute for that percentage of one core.
pub fn start(runtime: &Handle, percent: u32) -> std::io::Result<()> {
    let rounds = Arc::new(Rounds { period: TENTH * 1000 / percent, done: AtomicU64::new(0) });
    for (name, share, job) in THREADS {
        let rounds = Arc::clone(&rounds);
        thread::Builder::new().name(name.into()).spawn(move || {
            for round in 0.. {
                let begun = Instant::now();
                job(TENTH * share);
                rounds.done.fetch_add(1, Relaxed);
                while let Some(pause) = rounds.pause(round, begun) {
                    thread::sleep(pause);
                }
            }
        })?;
    }
    // Which worker does one is the runtime's choice.
    for _ in 0..TASKS {
        let rounds = Arc::clone(&rounds);
        runtime.spawn(async move {
            for round in 0.. {
                let begun = Instant::now();
                soar_worker(TENTH);
                rounds.done.fetch_add(1, Relaxed);
                while let Some(pause) = rounds.pause(round, begun) {
                    tokio::time::sleep(pause).await;
                }
            }
        });
    }
    Ok(())
}

/// All do their share of a round before any begins the next: on a machine that has no time for all of it, the shares
/// stay what they are.
struct Rounds {
    /// From the beginning of a round to that of the next.
    period: Duration,
    /// How often anyone was done with a round.
    done: AtomicU64,
}

impl Rounds {
    /// How long to wait at least before the next round, for one who has begun this one then; nothing where it may begin.
    fn pause(&self, round: u64, begun: Instant) -> Option<Duration> {
        let rest = self.period.saturating_sub(begun.elapsed());
        if !rest.is_zero() {
            return Some(rest);
        }
        let everyone = THREADS.len() as u64 + u64::from(TASKS);
        (self.done.load(Relaxed) < (round + 1) * everyone).then_some(Duration::from_millis(5))
    }
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
        assert_eq!(named + TASKS, 10);
    }

    #[test]
    fn nobody_begins_a_round_before_it_is_time_and_all_are_done_with_the_last() {
        let rounds = Rounds { period: Duration::from_secs(1), done: AtomicU64::new(5) };
        let now = Instant::now();
        assert!(rounds.pause(0, now).is_some_and(|pause| pause > Duration::from_millis(900)));
        let begun = now - Duration::from_secs(2);
        assert_eq!(rounds.pause(0, begun), Some(Duration::from_millis(5)));
        rounds.done.store(6, Relaxed);
        assert_eq!(rounds.pause(0, begun), None);
        assert!(rounds.pause(1, begun).is_some());
    }

    #[test]
    fn a_job_takes_the_time_of_a_processor() {
        let before = processor_time();
        flight_tracker(Duration::from_millis(5));
        assert!(processor_time() - before >= Duration::from_millis(5));
    }
}
