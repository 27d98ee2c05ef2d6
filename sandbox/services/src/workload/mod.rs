//! The work that the profiles show: packets are received, parsed and matched to flights.

mod aprs;
mod flights;
mod receiver;

use std::mem;
use std::sync::atomic::Ordering::Relaxed;
use std::thread;
use std::time::{Duration, Instant};

use crate::logging::{Level, log};
use crate::metrics::Metrics;
use crate::profiling;
use crate::spans::{Spans, Trace};
use aprs::{AprsError, parse_aprs_packet};
use flights::{FlightTable, Landing};
use receiver::Receiver;

/// Work for BURST in every PERIOD is 2 % of a core: several hosts with six services each run side by side. A burst spans
/// more than one tick of the kernel's profiling timer, else few samples would fall into it.
const PERIOD: Duration = Duration::from_millis(500);
/// Of a service that is to compute next to nothing: a profile of four seconds still has two bursts, and there are none
/// while nobody takes one.
const QUIET_PERIOD: Duration = Duration::from_millis(1500);
const BURST: Duration = Duration::from_millis(10);
const PACKETS_BETWEEN_LOOKS_AT_THE_CLOCK: usize = 32;
const REPORT_EVERY: Duration = Duration::from_secs(10);
/// One packet in so long is traced; there are thousands.
const TRACE_EVERY: Duration = Duration::from_secs(1);

/// Works for ever, once in each period.
pub fn run(metrics: &Metrics, spans: &Spans, quiet: bool) {
    let period = if quiet { QUIET_PERIOD } else { PERIOD };
    let mut receiver = Receiver::new();
    let mut tracker = Tracker::new(metrics, spans);
    let (mut reported, mut traced) = (Instant::now(), Instant::now());
    loop {
        let start = Instant::now();
        if traced.elapsed() >= TRACE_EVERY {
            tracker.trace_next = true;
            traced = start;
        }
        let burst = if quiet && !profiling::is_cpu_profiled() { Duration::ZERO } else { BURST };
        loop {
            for _ in 0..PACKETS_BETWEEN_LOOKS_AT_THE_CLOCK {
                tracker.process_packet(receiver.receive_packet());
            }
            if start.elapsed() >= burst {
                break;
            }
        }
        metrics.flights.store(tracker.flights.len() as u64, Relaxed);
        if reported.elapsed() >= REPORT_EVERY {
            tracker.report();
            reported = Instant::now();
        }
        thread::sleep(period.saturating_sub(start.elapsed()));
    }
}

struct Tracker<'a> {
    metrics: &'a Metrics,
    spans: &'a Spans,
    flights: FlightTable,
    trace_next: bool,
    /// Of the trace of the last packet that had one.
    trace: String,
    /// The last since the last report.
    landing: Option<Landing>,
    /// The first since the last report, and its trace.
    refusal: Option<(AprsError, String)>,
}

impl<'a> Tracker<'a> {
    fn new(metrics: &'a Metrics, spans: &'a Spans) -> Self {
        Self {
            metrics,
            spans,
            flights: FlightTable::default(),
            trace_next: true,
            trace: String::new(),
            landing: None,
            refusal: None,
        }
    }

    #[inline(never)]
    fn process_packet(&mut self, line: &str) {
        self.metrics.packets.fetch_add(1, Relaxed);
        let trace = self.begin_trace();
        match parse_aprs_packet(line) {
            Ok(packet) => {
                trace.set("aprs.device", &packet.device);
                if let Some(landing) = trace.span("match flight", || self.flights.match_flight(packet)) {
                    self.metrics.landings.fetch_add(1, Relaxed);
                    self.landing = Some(landing);
                }
            }
            Err(problem) => {
                self.metrics.refused_packets.fetch_add(1, Relaxed);
                if self.refusal.is_none() {
                    self.refusal = Some(self.trace_refusal(problem));
                }
            }
        }
    }

    fn begin_trace(&mut self) -> Trace<'a> {
        if !mem::take(&mut self.trace_next) {
            return Trace::none();
        }
        let trace = self.spans.begin("receive packet");
        self.trace = trace.suffix();
        trace
    }

    /// What goes wrong is rarely traced by chance.
    fn trace_refusal(&self, problem: AprsError) -> (AprsError, String) {
        let trace = self.spans.begin("receive packet");
        trace.fail(&problem);
        (problem, trace.suffix())
    }

    fn report(&mut self) {
        let (packets, flights) = (self.metrics.packets.load(Relaxed), self.flights.len());
        let trace = &self.trace;
        log(Level::Info, &format!("{packets} packets received, {flights} flights in the air{trace}"));
        if let Some(Landing { airfield, best_climb }) = self.landing.take() {
            log(Level::Debug, &format!("last landing near {airfield}, best climb {best_climb} fpm"));
        }
        if let Some((problem, trace)) = self.refusal.take() {
            let refused = self.metrics.refused_packets.load(Relaxed);
            log(Level::Warning, &format!("{refused} packets refused, one of them: {problem}{trace}"));
        }
    }
}
