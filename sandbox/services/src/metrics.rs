//! What the service counts, in Prometheus's text format.

use std::fmt::Write;
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
        text
    }
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
        assert_eq!(text.lines().count(), 18);
    }
}
