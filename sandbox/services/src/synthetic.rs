//! CPU profiles that nobody measured, as large as they are wanted.

use std::time::{Duration, SystemTime};

use pprof::protos::{Function, Label, Line, Location, Profile, Sample, ValueType};

/// Frames of each sample, of which the innermost is its own and the others are shared with the samples beside it.
const DEPTH: u64 = 24;
/// Bytes of a function's name, about: generics of Rust are long. With it 5 MiB have fewer than the 16000 samples that
/// Pyroscope takes of one profile.
const NAME: usize = 250;

/// A profile of about that many bytes, uncompressed: many stacks of many functions, over four threads.
pub fn profile(bytes: usize, duration: Duration, frequency: i32) -> Profile {
    // A sample has its frames, of two bytes each, and a name, a function and a location of its own.
    let samples = bytes as u64 / (DEPTH * 2 + NAME as u64 + 40);
    let mut strings: Vec<String> =
        ["", "samples", "count", "cpu", "nanoseconds", "thread"].map(String::from).to_vec();
    let threads = strings.len() as i64;
    strings.extend(["soar-worker", "flight-tracker", "elevation", "archiver"].map(String::from));
    let names = strings.len() as i64;
    strings.extend((0..samples).map(function_name));
    let ids = 1..=samples;
    let value_type = |ty, unit| ValueType { ty, unit };
    let period = 1_000_000_000 / i64::from(frequency);
    Profile {
        sample_type: vec![value_type(1, 2), value_type(3, 4)],
        function: ids
            .clone()
            .map(|id| Function { id, name: names + id as i64 - 1, ..Default::default() })
            .collect(),
        location: ids
            .clone()
            .map(|id| Location { id, line: vec![Line { function_id: id, line: 1 }], ..Default::default() })
            .collect(),
        sample: ids
            .map(|id| Sample {
                location_id: (0..DEPTH).map(|up| (id + samples - 1 - up) % samples + 1).collect(),
                value: vec![1, period],
                label: vec![Label { key: 5, str: threads + (id % 4) as i64, ..Default::default() }],
            })
            .collect(),
        string_table: strings,
        time_nanos: SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_nanos()
            as i64,
        duration_nanos: duration.as_nanos() as i64,
        period_type: Some(value_type(3, 4)),
        period,
        ..Default::default()
    }
}

fn function_name(number: u64) -> String {
    format!("soar_service::synthetic::stage_{number:_<width$}", width = NAME - 31)
}

#[cfg(test)]
mod tests {
    use super::*;
    use pprof::protos::Message;

    #[test]
    fn is_about_as_large_as_wanted() {
        for wanted in [3 << 20, 5 << 20] {
            let profile = profile(wanted, Duration::from_secs(1), 99);
            assert!(profile.sample.len() < 16_000);
            let length = profile.encode_to_vec().len();
            assert!(length.abs_diff(wanted) < wanted / 8, "{length} for {wanted}");
        }
    }
}
