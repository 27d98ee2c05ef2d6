//! Flights, and which of them a packet belongs to.

use std::collections::{HashMap, VecDeque};

use super::aprs::{AprsPacket, Position};

/// Fixes kept of each flight; the oldest go first.
const TRACK_LENGTH: usize = 512;
/// Slower than this, in metres a second, a glider is on the ground.
const LANDING_SPEED: f64 = 10.0;
/// Further than this from its last fix, in metres, it is not the same flight.
const LARGEST_GAP: f64 = 50_000.0;

const AIRFIELDS: [(&str, Position); 12] = [
    ("Aalen", at(48.7778, 10.2647)),
    ("Barcelonnette", at(44.3872, 6.6094)),
    ("Bitterwasser", at(-23.8750, 17.9917)),
    ("Fayence", at(43.6106, 6.7031)),
    ("Feshiebridge", at(57.1039, -3.8917)),
    ("Gariep Dam", at(-30.5622, 25.5283)),
    ("Koenigsdorf", at(47.8294, 11.4647)),
    ("Lasham", at(51.1869, -1.0317)),
    ("Minden", at(39.0003, -119.7511)),
    ("Rieti", at(42.4267, 12.8517)),
    ("Timmersdorf", at(47.3814, 14.9700)),
    ("Unterwoessen", at(47.7317, 12.4422)),
];

const fn at(latitude: f64, longitude: f64) -> Position {
    Position { latitude, longitude }
}

/// The flights in the air, by the device that reports them: as many as there are devices, each with a bounded track.
#[derive(Default)]
pub struct FlightTable {
    flights: HashMap<String, Flight>,
}

struct Flight {
    track: VecDeque<Fix>,
}

struct Fix {
    position: Position,
    /// As it was sent; what is in it is only looked at after the landing.
    comment: String,
}

#[derive(Debug, PartialEq)]
pub struct Landing {
    /// The nearest one.
    pub airfield: &'static str,
    /// Feet a minute.
    pub best_climb: i32,
}

impl FlightTable {
    pub fn len(&self) -> usize {
        self.flights.len()
    }

    /// Adds the packet to the flight that it belongs to. A landing ends the flight, and is returned.
    #[inline(never)]
    pub fn match_flight(&mut self, packet: AprsPacket) -> Option<Landing> {
        if packet.speed < LANDING_SPEED {
            let flight = self.flights.remove(&packet.device)?;
            return Some(Landing {
                airfield: nearest_airfield(packet.position),
                best_climb: flight.best_climb(),
            });
        }
        let fix = Fix { position: packet.position, comment: packet.comment };
        match self.flights.get_mut(&packet.device) {
            Some(flight) if flight.continues_at(packet.position) => flight.append_fix(fix),
            _ => {
                self.flights.insert(packet.device, Flight::take_off(fix));
            }
        }
        None
    }
}

impl Flight {
    #[inline(never)]
    fn take_off(fix: Fix) -> Self {
        let mut track = VecDeque::with_capacity(TRACK_LENGTH);
        track.push_back(fix);
        Self { track }
    }

    fn continues_at(&self, position: Position) -> bool {
        self.track.back().is_some_and(|last| great_circle_distance(last.position, position) < LARGEST_GAP)
    }

    #[inline(never)]
    fn append_fix(&mut self, fix: Fix) {
        if self.track.len() == TRACK_LENGTH {
            self.track.pop_front();
        }
        self.track.push_back(fix);
    }

    /// The largest rate of climb in the track, in feet a minute.
    #[inline(never)]
    fn best_climb(&self) -> i32 {
        self.track.iter().filter_map(|fix| climb_rate(&fix.comment)).max().unwrap_or(0)
    }
}

/// Reads the `-454fpm` of `id0ADDA5BA -454fpm -1.1rot`.
fn climb_rate(comment: &str) -> Option<i32> {
    comment.split(' ').find_map(|word| word.strip_suffix("fpm"))?.parse().ok()
}

#[inline(never)]
fn nearest_airfield(position: Position) -> &'static str {
    let distance = |airfield: &(&str, Position)| great_circle_distance(airfield.1, position);
    AIRFIELDS.iter().min_by(|a, b| distance(a).total_cmp(&distance(b))).map_or("", |airfield| airfield.0)
}

/// Metres between two positions (haversine).
#[inline(never)]
fn great_circle_distance(a: Position, b: Position) -> f64 {
    const EARTH_RADIUS: f64 = 6_371_000.0;
    let half_chord = |from: f64, to: f64| ((to - from).to_radians() / 2.0).sin().powi(2);
    let h = half_chord(a.latitude, b.latitude)
        + a.latitude.to_radians().cos()
            * b.latitude.to_radians().cos()
            * half_chord(a.longitude, b.longitude);
    2.0 * EARTH_RADIUS * h.sqrt().min(1.0).asin()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn packet(latitude: f64, speed: f64) -> AprsPacket {
        let (device, comment) = ("FLRDDA5BA".into(), "id0ADDA5BA +120fpm".into());
        AprsPacket { device, time: 0, position: at(latitude, 12.45), speed, altitude: 1000.0, comment }
    }

    #[test]
    fn follows_a_flight_to_its_landing() {
        let mut table = FlightTable::default();
        assert_eq!(table.match_flight(packet(47.73, 0.0)), None);
        assert_eq!(table.len(), 0);
        assert_eq!(table.match_flight(packet(47.73, 30.0)), None);
        assert_eq!(table.match_flight(packet(47.74, 30.0)), None);
        assert_eq!(table.len(), 1);
        let landing = Landing { airfield: "Unterwoessen", best_climb: 120 };
        assert_eq!(table.match_flight(packet(47.75, 0.0)), Some(landing));
        assert_eq!(table.len(), 0);
    }

    #[test]
    fn a_track_stays_bounded_and_a_jump_begins_a_new_flight() {
        let mut table = FlightTable::default();
        for _ in 0..2 * TRACK_LENGTH {
            table.match_flight(packet(47.73, 30.0));
        }
        assert_eq!(table.flights["FLRDDA5BA"].track.len(), TRACK_LENGTH);
        table.match_flight(packet(49.0, 30.0));
        assert_eq!(table.flights["FLRDDA5BA"].track.len(), 1);
    }

    #[test]
    fn measures_distances() {
        let degree = great_circle_distance(at(0.0, 0.0), at(1.0, 0.0));
        assert!((degree - 111_194.9).abs() < 1.0);
    }
}
