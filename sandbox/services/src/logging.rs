//! Log lines for the journal.

use std::io::Write;

/// A severity, as its syslog number. journald takes it from the `<N>` in front of the line (sd-daemon(3)).
#[derive(Clone, Copy)]
pub enum Level {
    Error = 3,
    Warning = 4,
    Info = 6,
    Debug = 7,
}

/// Writes one line to standard output. That nobody reads it is no reason to stop working.
pub fn log(level: Level, message: &str) {
    let _ = writeln!(std::io::stdout(), "<{}>{message}", level as u8);
}
