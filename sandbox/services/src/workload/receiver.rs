//! Packets as they would come from the network: a fleet of gliders that report in turn, recorded once and played for ever.

/// Devices, and so the most flights at a time.
const FLEET: u32 = 200;
/// Reports of one glider from a take-off to the next; of these the last few come from the ground.
const REPORTS_PER_FLIGHT: u32 = 600;
const REPORTS_ON_THE_GROUND: u32 = 20;
/// One packet in so many is cut off.
const CUT_OFF_EVERY: usize = 1000;

pub struct Receiver {
    recording: Vec<String>,
    next: usize,
}

impl Receiver {
    pub fn new() -> Self {
        Self { recording: record_packets(), next: 0 }
    }

    pub fn receive_packet(&mut self) -> &str {
        let packet = &self.recording[self.next];
        self.next = (self.next + 1) % self.recording.len();
        packet
    }
}

/// Gliders take off one after the other, so that there is always about the same number in the air.
#[inline(never)]
fn record_packets() -> Vec<String> {
    let mut recording = Vec::with_capacity((REPORTS_PER_FLIGHT * FLEET) as usize);
    for round in 0..REPORTS_PER_FLIGHT {
        for glider in 0..FLEET {
            recording.push(format_packet(glider, round, (round + glider * 7) % REPORTS_PER_FLIGHT));
        }
    }
    for packet in recording.iter_mut().skip(CUT_OFF_EVERY - 1).step_by(CUT_OFF_EVERY) {
        packet.truncate(40);
    }
    recording
}

fn format_packet(glider: u32, second: u32, report: u32) -> String {
    let speed = if report < REPORTS_PER_FLIGHT - REPORTS_ON_THE_GROUND { 45 + glider % 30 } else { 0 };
    format!(
        "FLR{device:06X}>OGFLR,qAS,LFMX:/12{minutes:02}{seconds:02}h{north:02}{north_minutes:05.2}N/\
         {east:03}{east_minutes:05.2}E'{course:03}/{speed:03}/A={altitude:06} id06{device:06X} +{climb:03}fpm +0.{turn}rot",
        device = 0xDD_A000 + glider,
        minutes = second / 60,
        seconds = second % 60,
        north = 42 + glider % 8,
        north_minutes = f64::from(report) * 0.09,
        east = 5 + glider % 10,
        east_minutes = f64::from(report) * 0.08,
        course = report % 360,
        altitude = 2_000 + report * 10,
        climb = report,
        turn = report % 10,
    )
}

#[cfg(test)]
mod tests {
    use super::super::aprs::parse_aprs_packet;
    use super::*;

    #[test]
    fn sends_valid_packets_but_for_those_cut_off() {
        let mut receiver = Receiver::new();
        let refused =
            (0..10 * CUT_OFF_EVERY).filter(|_| parse_aprs_packet(receiver.receive_packet()).is_err()).count();
        assert_eq!(refused, 10);
    }
}
