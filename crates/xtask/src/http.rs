//! One request to a server of ours on this machine, to see whether it is ready.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result};

/// The status that `GET path` is answered with; nothing when nobody answers.
pub fn status(addr: SocketAddr, path: &str) -> Option<u16> {
    let time = Duration::from_secs(2);
    let mut stream = TcpStream::connect_timeout(&addr, time).ok()?;
    stream.set_read_timeout(Some(time)).ok()?;
    stream.set_write_timeout(Some(time)).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: {addr}\r\nConnection: close\r\n\r\n").ok()?;
    let mut start = [0; 12];
    stream.read_exact(&mut start).ok()?;
    std::str::from_utf8(&start).ok()?.strip_prefix("HTTP/1.1 ")?.parse().ok()
}

/// Two addresses on this machine that nobody listens on. They are taken together, so that they differ.
pub fn two_free_addresses() -> Result<[SocketAddr; 2]> {
    let first = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    let second = TcpListener::bind("127.0.0.1:0").context("no free port")?;
    Ok([first.local_addr()?, second.local_addr()?])
}

/// Whether somebody else has the address already.
pub fn in_use(addr: SocketAddr) -> bool {
    TcpListener::bind(addr).is_err_and(|error| error.kind() == std::io::ErrorKind::AddrInUse)
}
