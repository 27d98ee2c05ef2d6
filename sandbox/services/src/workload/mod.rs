//! The work that the profiles show: packets are received, parsed and matched to flights.

mod aprs;
mod flights;
mod receiver;

use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use crate::logging::{Level, log};
use crate::metrics::Metrics;
use aprs::{AprsError, parse_aprs_packet};
use flights::{FlightTable, Landing};
use receiver::Receiver;

/// Work for BURST in every PERIOD is 4 % of a core. A burst spans more than one tick of the kernel's profiling
/// timer, else few samples would fall into it.
const PERIOD: Duration = Duration::from_millis(250);
const BURST: Duration = Duration::from_millis(10);
const PACKETS_BETWEEN_LOOKS_AT_THE_CLOCK: usize = 32;
const REPORT_EVERY: Duration = Duration::from_secs(10);

/// Works for ever.
pub fn run(metrics: &Metrics) {
    let mut receiver = Receiver::new();
    let mut tracker = Tracker { metrics, flights: FlightTable::default(), landing: None, refusal: None };
    let mut reported = Instant::now();
    loop {
        let start = Instant::now();
        while start.elapsed() < BURST {
            for _ in 0..PACKETS_BETWEEN_LOOKS_AT_THE_CLOCK {
                tracker.process_packet(receiver.receive_packet());
            }
        }
        metrics.flights.store(tracker.flights.len() as u64, Relaxed);
        if reported.elapsed() >= REPORT_EVERY {
            tracker.report();
            reported = Instant::now();
        }
        thread::sleep(PERIOD.saturating_sub(start.elapsed()));
    }
}

struct Tracker<'a> {
    metrics: &'a Metrics,
    flights: FlightTable,
    /// The last of them since the last report.
    landing: Option<Landing>,
    refusal: Option<AprsError>,
}

impl Tracker<'_> {
    #[inline(never)]
    fn process_packet(&mut self, line: &str) {
        self.metrics.packets.fetch_add(1, Relaxed);
        match parse_aprs_packet(line) {
            Ok(packet) => {
                if let Some(landing) = self.flights.match_flight(packet) {
                    self.metrics.landings.fetch_add(1, Relaxed);
                    self.landing = Some(landing);
                }
            }
            Err(problem) => {
                self.metrics.refused_packets.fetch_add(1, Relaxed);
                self.refusal = Some(problem);
            }
        }
    }

    fn report(&mut self) {
        let packets = self.metrics.packets.load(Relaxed);
        log(Level::Info, &format!("{packets} packets received, {} flights in the air", self.flights.len()));
        if let Some(Landing { airfield, best_climb }) = self.landing.take() {
            log(Level::Debug, &format!("last landing near {airfield}, best climb {best_climb} fpm"));
        }
        if let Some(problem) = self.refusal.take() {
            let refused = self.metrics.refused_packets.load(Relaxed);
            log(Level::Warning, &format!("{refused} packets refused, the last: {problem}"));
        }
    }
}
