//! The command line.

use std::net::{IpAddr, Ipv4Addr};

use lexopt::prelude::*;

pub const USAGE: &str = "usage: soar-service --name NAME --port PORT [--address ADDRESS] [--heap] [--cap SECONDS] \
                         [--work PERCENT] [--quiet] [--tracing]";

#[derive(Debug, PartialEq)]
pub struct Options {
    /// The name of the service, in the metrics and the log.
    pub name: String,
    pub port: u16,
    /// Loopback unless told otherwise.
    pub address: IpAddr,
    /// Samples allocations and serves `/debug/pprof/heap`.
    pub heap: bool,
    /// The longest CPU profile in seconds, whatever is asked for.
    pub cap: Option<u64>,
    /// What the threads with known shares compute, in percent of one core.
    pub work: u32,
    /// Computes next to nothing: no such threads, and few packets but while a CPU profile is taken, which has a few samples.
    pub quiet: bool,
    /// Logs as `tracing` does, without a priority and with colours.
    pub tracing: bool,
}

impl Options {
    pub fn from_arguments() -> Result<Self, lexopt::Error> {
        Self::parse(lexopt::Parser::from_env())
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut name = None;
        let mut port = None;
        let mut address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let (mut heap, mut quiet, mut tracing) = (false, false, false);
        let mut cap = None;
        let mut work = 2;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("name") => name = Some(parser.value()?.string()?),
                Long("port") => port = Some(parser.value()?.parse()?),
                Long("address") => address = parser.value()?.parse()?,
                Long("heap") => heap = true,
                Long("cap") => cap = Some(parser.value()?.parse()?),
                Long("work") => work = parser.value()?.parse()?,
                Long("quiet") => quiet = true,
                Long("tracing") => tracing = true,
                _ => return Err(argument.unexpected()),
            }
        }
        if !(1..=100).contains(&work) {
            return Err("--work must be between 1 and 100".into());
        }
        Ok(Self {
            name: name.ok_or("--name is missing")?,
            port: port.ok_or("--port is missing")?,
            address,
            heap,
            cap,
            work,
            quiet,
            tracing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(arguments: &[&str]) -> Result<Options, lexopt::Error> {
        Options::parse(lexopt::Parser::from_args(arguments))
    }

    #[test]
    fn stays_on_loopback_and_has_nothing_special_by_default() {
        let options = parse(&["--name", "soar-run", "--port", "9091"]).unwrap();
        assert_eq!(options.address, IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(!options.heap && !options.quiet && !options.tracing && options.cap.is_none());
    }

    #[test]
    fn refuses_what_it_does_not_know_and_what_is_missing() {
        assert!(parse(&["--name", "soar-run"]).is_err());
        assert!(parse(&["--name", "soar-run", "--port", "99999"]).is_err());
        assert!(parse(&["--name", "soar-run", "--port", "9091", "--otlp"]).is_err());
        assert!(parse(&["--name", "soar-run", "--port", "9091", "--work", "0"]).is_err());
    }
}
