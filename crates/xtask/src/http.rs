//! Requests to servers of ours on this machine.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    time::Duration,
};

use anyhow::{Context, Result, bail};
use serde_json::Value;

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

/// A request to the sandbox's control API, and its answer. HTTP/1.0, because its answers end where the connection does.
pub fn control(addr: SocketAddr, method: &str, path: &str, token: &str, body: &Value) -> Result<Value> {
    let mut stream = TcpStream::connect_timeout(&addr, Duration::from_secs(5))?;
    // Making tens of thousands of orders takes a debug build a while.
    stream.set_read_timeout(Some(Duration::from_secs(300)))?;
    let body = if body.is_null() { String::new() } else { body.to_string() };
    write!(
        stream,
        "{method} {path} HTTP/1.0\r\nHost: {addr}\r\nAuthorization: Bearer {token}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\n\r\n{body}",
        body.len()
    )?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    let (head, body) = answer.split_once("\r\n\r\n").context("the sandbox gave no answer")?;
    let status = head.split(' ').nth(1).unwrap_or_default();
    if !status.starts_with('2') {
        bail!("the sandbox answered {method} {path} with {status}: {body}");
    }
    Ok(if body.is_empty() { Value::Null } else { serde_json::from_str(body)? })
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
