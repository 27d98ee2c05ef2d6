//! Log lines for the journal.

use std::io::Write;
use std::sync::OnceLock;

use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use tracing_subscriber::util::SubscriberInitExt;

/// A severity, as its syslog number. journald takes it from the `<N>` in front of the line (sd-daemon(3)).
#[derive(Clone, Copy)]
pub enum Level {
    Error = 3,
    Warning = 4,
    Info = 6,
    Debug = 7,
}

/// Set once the lines go through `tracing`.
static TRACING: OnceLock<()> = OnceLock::new();

/// From now on lines are written as `tracing` writes them: a time, the level as a word, the module, with ANSI colours
/// although nobody looks at them in a terminal; and without what journald takes a priority from.
pub fn use_tracing() {
    let ours = Targets::new().with_target(env!("CARGO_CRATE_NAME"), LevelFilter::DEBUG);
    TRACING.get_or_init(|| {
        tracing_subscriber::registry()
            .with(ours)
            .with(tracing_subscriber::fmt::layer().with_ansi(true))
            .init();
    });
}

/// Writes one line to standard output. That nobody reads it is no reason to stop working.
pub fn log(level: Level, message: &str) {
    if TRACING.get().is_none() {
        let _ = writeln!(std::io::stdout(), "<{}>{message}", level as u8);
        return;
    }
    match level {
        Level::Error => tracing::error!("{message}"),
        Level::Warning => tracing::warn!("{message}"),
        Level::Info => tracing::info!("{message}"),
        Level::Debug => tracing::debug!("{message}"),
    }
}
