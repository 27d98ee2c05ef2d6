//! APRS packets as the Open Glider Network sends them.

use std::fmt;

/// A position report.
#[derive(Debug, PartialEq)]
pub struct AprsPacket {
    /// The station that sends, e.g. `FLRDDA5BA`.
    pub device: String,
    /// Seconds since midnight UTC.
    pub time: u32,
    pub position: Position,
    /// Metres a second.
    pub speed: f64,
    /// Metres above the sea.
    pub altitude: f64,
    /// What follows the position, as it was sent.
    pub comment: String,
}

/// Degrees, north and east positive.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Position {
    pub latitude: f64,
    pub longitude: f64,
}

/// What is wrong with a packet: the part that could not be read.
#[derive(Debug, PartialEq)]
pub struct AprsError(&'static str);

impl fmt::Display for AprsError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "no valid {} in the packet", self.0)
    }
}

const METRES_A_SECOND_PER_KNOT: f64 = 0.514_444;
const METRES_PER_FOOT: f64 = 0.3048;

/// Reads `FLRDDA5BA>OGFLR,qAS,LFMX:/074548h4831.61N/01134.53E'342/049/A=005524 id0ADDA5BA -454fpm`.
#[inline(never)]
pub fn parse_aprs_packet(line: &str) -> Result<AprsPacket, AprsError> {
    let (device, rest) = line.split_once('>').ok_or(AprsError("station"))?;
    let (_path, report) = rest.split_once(":/").ok_or(AprsError("position report"))?;
    let time = parse_time(report.get(0..7).ok_or(AprsError("time"))?)?;
    let position = parse_position(report.get(7..25).ok_or(AprsError("position"))?)?;
    let (motion, comment) =
        report.get(26..).ok_or(AprsError("motion"))?.split_once(' ').ok_or(AprsError("comment"))?;
    let (speed, altitude) = parse_motion(motion)?;
    Ok(AprsPacket { device: device.into(), time, position, speed, altitude, comment: comment.into() })
}

/// Reads `074548h`.
fn parse_time(text: &str) -> Result<u32, AprsError> {
    let digits = text.strip_suffix('h').ok_or(AprsError("time"))?;
    let number: u32 = digits.parse().map_err(|_| AprsError("time"))?;
    let (hours, minutes, seconds) = (number / 10_000, number / 100 % 100, number % 100);
    if hours < 24 && minutes < 60 && seconds < 60 {
        Ok((hours * 60 + minutes) * 60 + seconds)
    } else {
        Err(AprsError("time"))
    }
}

/// Reads `4831.61N/01134.53E`.
#[inline(never)]
fn parse_position(text: &str) -> Result<Position, AprsError> {
    let (latitude, longitude) = text.split_once(['/', '\\', 'I']).ok_or(AprsError("position"))?;
    Ok(Position {
        latitude: parse_angle(latitude, 2, ['N', 'S']).ok_or(AprsError("latitude"))?,
        longitude: parse_angle(longitude, 3, ['E', 'W']).ok_or(AprsError("longitude"))?,
    })
}

/// Reads whole degrees of that many digits, then minutes, then one of two letters, the second meaning negative.
fn parse_angle(text: &str, degree_digits: usize, [positive, negative]: [char; 2]) -> Option<f64> {
    let (degrees, rest) = text.split_at_checked(degree_digits)?;
    let (minutes, sign) = rest
        .strip_suffix(positive)
        .map(|minutes| (minutes, 1.0))
        .or_else(|| Some((rest.strip_suffix(negative)?, -1.0)))?;
    let (degrees, minutes): (f64, f64) = (degrees.parse().ok()?, minutes.parse().ok()?);
    (minutes < 60.0).then_some(sign * (degrees + minutes / 60.0))
}

/// Reads `342/049/A=005524`: course in degrees, speed in knots, altitude in feet.
#[inline(never)]
fn parse_motion(text: &str) -> Result<(f64, f64), AprsError> {
    let mut parts = text.split('/');
    let _course: u16 = parts.next().and_then(|part| part.parse().ok()).ok_or(AprsError("course"))?;
    let speed: f64 = parts.next().and_then(|part| part.parse().ok()).ok_or(AprsError("speed"))?;
    let altitude: f64 =
        parts.next().and_then(|part| part.strip_prefix("A=")?.parse().ok()).ok_or(AprsError("altitude"))?;
    Ok((speed * METRES_A_SECOND_PER_KNOT, altitude * METRES_PER_FOOT))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINE: &str =
        "FLRDDA5BA>OGFLR,qAS,LFMX:/074548h4831.61N/01134.53E'342/049/A=005524 id0ADDA5BA -454fpm";

    #[test]
    fn reads_a_position_report() {
        let packet = parse_aprs_packet(LINE).unwrap();
        assert_eq!(packet.device, "FLRDDA5BA");
        assert_eq!(packet.time, 7 * 3600 + 45 * 60 + 48);
        assert!((packet.position.latitude - 48.526_833).abs() < 1e-6);
        assert!((packet.position.longitude - 11.575_5).abs() < 1e-6);
        assert!((packet.speed - 25.207_756).abs() < 1e-6);
        assert!((packet.altitude - 1_683.715_2).abs() < 1e-6);
        assert_eq!(packet.comment, "id0ADDA5BA -454fpm");
    }

    #[test]
    fn south_and_west_are_negative() {
        let packet = parse_aprs_packet(&LINE.replace('N', "S").replace("53E", "53W")).unwrap();
        assert!(packet.position.latitude < 0.0 && packet.position.longitude < 0.0);
    }

    #[test]
    fn names_what_it_cannot_read() {
        for (from, to, part) in [
            (">", "", "station"),
            (":/", "", "position report"),
            ("074548h", "074568h", "time"),
            ("4831.61N", "4871.61N", "latitude"),
            ("01134.53E", "01134.53N", "longitude"),
            ("/049", "/fast", "speed"),
            ("A=", "", "altitude"),
            (" id0ADDA5BA -454fpm", "", "comment"),
        ] {
            assert_eq!(parse_aprs_packet(&LINE.replace(from, to)), Err(AprsError(part)));
        }
        assert!(parse_aprs_packet("FLRDDA5BA>OGFLR:/ünïcödé…").is_err());
    }
}
