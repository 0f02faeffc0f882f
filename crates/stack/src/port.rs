//! Ports that nobody listens on.

use std::net::{Ipv4Addr, TcpListener};

use crate::Error;

/// Finds a port of the loopback that nobody listens on at this moment.
///
/// # Errors
/// When the machine has none left.
pub fn free_port() -> Result<u16, Error> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0))
        .and_then(|listener| listener.local_addr())
        .map(|address| address.port())
        .map_err(Error::run("a listener on the loopback"))
}
