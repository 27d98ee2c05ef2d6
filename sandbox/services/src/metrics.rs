//! What the service counts, in Prometheus's text format.

use std::fmt::Write;
use std::mem;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};

/// The counters of one service; every sample carries its name.
pub struct Metrics {
    service: String,
    pub packets: AtomicU64,
    pub refused_packets: AtomicU64,
    pub flights: AtomicU64,
    pub landings: AtomicU64,
    pub cpu_profiles: AtomicU64,
    pub heap_profiles: AtomicU64,
}

impl Metrics {
    pub fn new(service: &str) -> Self {
        Self {
            service: service.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n"),
            packets: AtomicU64::new(0),
            refused_packets: AtomicU64::new(0),
            flights: AtomicU64::new(0),
            landings: AtomicU64::new(0),
            cpu_profiles: AtomicU64::new(0),
            heap_profiles: AtomicU64::new(0),
        }
    }

    pub fn render(&self) -> String {
        let mut text = String::new();
        for (name, kind, help, value) in [
            ("soar_aprs_packets_total", "counter", "APRS packets received.", &self.packets),
            (
                "soar_aprs_refused_packets_total",
                "counter",
                "APRS packets that did not parse.",
                &self.refused_packets,
            ),
            ("soar_flights", "gauge", "Flights in the air.", &self.flights),
            ("soar_landings_total", "counter", "Flights that ended.", &self.landings),
            ("soar_cpu_profiles_total", "counter", "CPU profiles served.", &self.cpu_profiles),
            ("soar_heap_profiles_total", "counter", "Heap profiles served.", &self.heap_profiles),
        ] {
            let (service, value) = (&self.service, value.load(Relaxed));
            // Writing to a String cannot fail.
            let _ = write!(
                text,
                "# HELP {name} {help}\n# TYPE {name} {kind}\n{name}{{service=\"{service}\"}} {value}\n"
            );
        }
        let (service, seconds) = (&self.service, processor_seconds());
        // By the name that all clients of Prometheus give it.
        let _ = write!(
            text,
            "# HELP process_cpu_seconds_total Processor time of the process, in seconds.\n\
             # TYPE process_cpu_seconds_total counter\n\
             process_cpu_seconds_total{{service=\"{service}\"}} {seconds:.6}\n"
        );
        text
    }
}

/// What the process has had of the processors, for itself and in the kernel.
fn processor_seconds() -> f64 {
    // SAFETY: all zeros is a valid value of this struct of numbers, and the kernel writes to no more than it.
    let usage = unsafe {
        let mut usage = mem::zeroed();
        libc::getrusage(libc::RUSAGE_SELF, &mut usage);
        usage
    };
    [usage.ru_utime, usage.ru_stime].iter().map(|time| time.tv_sec as f64 + time.tv_usec as f64 / 1e6).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn renders_the_text_format() {
        let metrics = Metrics::new("a \"quoted\" name");
        metrics.packets.store(7, Relaxed);
        let text = metrics.render();
        assert!(text.starts_with(
            "# HELP soar_aprs_packets_total APRS packets received.\n\
             # TYPE soar_aprs_packets_total counter\n\
             soar_aprs_packets_total{service=\"a \\\"quoted\\\" name\"} 7\n"
        ));
        assert_eq!(text.lines().count(), 21);
        let (_, seconds) = text.trim_end().rsplit_once(' ').unwrap();
        assert!(text.contains("\nprocess_cpu_seconds_total{service=\"a \\\"quoted\\\" name\"} "));
        assert!(seconds.parse::<f64>().unwrap() > 0.0);
    }
}
