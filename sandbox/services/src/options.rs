//! The command line.

use std::net::{IpAddr, Ipv4Addr};

use lexopt::prelude::*;

pub const USAGE: &str = "usage: soar-service --name NAME --port PORT [--address ADDRESS] [--heap]";

#[derive(Debug, PartialEq)]
pub struct Options {
    /// The name of the service, in the metrics and the log.
    pub name: String,
    pub port: u16,
    /// Loopback unless told otherwise.
    pub address: IpAddr,
    /// Samples allocations and serves `/debug/pprof/heap`.
    pub heap: bool,
}

impl Options {
    pub fn from_arguments() -> Result<Self, lexopt::Error> {
        Self::parse(lexopt::Parser::from_env())
    }

    fn parse(mut parser: lexopt::Parser) -> Result<Self, lexopt::Error> {
        let mut name = None;
        let mut port = None;
        let mut address = IpAddr::V4(Ipv4Addr::LOCALHOST);
        let mut heap = false;
        while let Some(argument) = parser.next()? {
            match argument {
                Long("name") => name = Some(parser.value()?.string()?),
                Long("port") => port = Some(parser.value()?.parse()?),
                Long("address") => address = parser.value()?.parse()?,
                Long("heap") => heap = true,
                _ => return Err(argument.unexpected()),
            }
        }
        Ok(Self {
            name: name.ok_or("--name is missing")?,
            port: port.ok_or("--port is missing")?,
            address,
            heap,
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
    fn stays_on_loopback_without_heap_by_default() {
        let options = parse(&["--name", "soar-run", "--port", "9091"]).unwrap();
        assert_eq!(options.address, IpAddr::V4(Ipv4Addr::LOCALHOST));
        assert!(!options.heap);
    }

    #[test]
    fn refuses_what_it_does_not_know_and_what_is_missing() {
        assert!(parse(&["--name", "soar-run"]).is_err());
        assert!(parse(&["--name", "soar-run", "--port", "99999"]).is_err());
        assert!(parse(&["--name", "soar-run", "--port", "9091", "--otlp"]).is_err());
    }
}
