//! The guarded client against servers that misbehave.

use std::io::Write;
use std::net::SocketAddr;
use std::time::Duration;

use connectors::Error;
use connectors::error::Unreachable;
use connectors::http::{Guard, GuardedClient, Request, Response};
use http::{HeaderMap, Method};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;

async fn get(client: &GuardedClient, url: &str) -> Result<Response, Error> {
    get_within(client, url, Duration::from_secs(20)).await
}

async fn get_within(client: &GuardedClient, url: &str, timeout: Duration) -> Result<Response, Error> {
    let request = Request {
        method: Method::GET,
        url: url.parse().unwrap(),
        headers: HeaderMap::new(),
        body: Vec::new(),
        timeout,
    };
    client.send(request).await
}

/// Answers every connection with these bytes and hangs up.
pub async fn server(answer: Vec<u8>) -> (SocketAddr, GuardedClient) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let mut request = [0; 4096];
            let _ = stream.read(&mut request).await;
            let _ = stream.write_all(&answer).await;
            let _ = stream.shutdown().await;
        }
    });
    (addr, GuardedClient::new(Guard { allowed: Some(addr) }))
}

fn reason(result: Result<Response, Error>) -> Unreachable {
    match result {
        Err(Error::Unavailable { reason, message }) => {
            assert!(!message.contains("127.0.0.1"), "{message}");
            reason
        }
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn private_addresses_are_refused_however_they_are_named() {
    let (addr, sandbox) = server(b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nhi".to_vec()).await;
    assert_eq!(get(&sandbox, &format!("http://{addr}/")).await.unwrap().body, b"hi");
    assert_eq!(get(&sandbox, &format!("http://localhost:{}/", addr.port())).await.unwrap().body, b"hi");
    let strict = GuardedClient::new(Guard::default());
    let other = GuardedClient::new(Guard { allowed: Some(([127, 0, 0, 1], addr.port().wrapping_add(1)).into()) });
    for url in [
        format!("http://{addr}/"),
        format!("https://{addr}/"),
        format!("https://localhost:{}/", addr.port()),
        format!("https://[::ffff:127.0.0.1]:{}/", addr.port()),
        format!("http://localhost:{}/_control/stats", addr.port()),
    ] {
        for client in [&strict, &other] {
            assert_eq!(reason(get(client, &url).await), Unreachable::ForbiddenAddress, "{url}");
        }
    }
    // Whether a resolver knows the name with a dot depends on the machine; it is not answered either way.
    let dotted = reason(get(&sandbox, &format!("https://localhost.:{}/", addr.port())).await);
    assert!(matches!(dotted, Unreachable::ForbiddenAddress | Unreachable::UnknownHost), "{dotted:?}");
    assert_eq!(reason(get(&sandbox, &format!("http://{addr}/x/%2e%2e/_control")).await), Unreachable::ForbiddenAddress);
}

#[tokio::test]
async fn an_unknown_host_and_a_closed_port_are_told_apart() {
    let strict = GuardedClient::new(Guard::default());
    assert_eq!(reason(get(&strict, "https://no-such-host.invalid/").await), Unreachable::UnknownHost);
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let client = GuardedClient::new(Guard { allowed: Some(free) });
    assert_eq!(reason(get(&client, &format!("http://{free}/")).await), Unreachable::Refused);
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let answer = b"HTTP/1.1 302 Found\r\nlocation: http://169.254.169.254/\r\ncontent-length: 0\r\n\r\n".to_vec();
    let (addr, client) = server(answer).await;
    assert_eq!(get(&client, &format!("http://{addr}/")).await.unwrap().status, 302);
}

#[tokio::test]
async fn endless_and_inflated_answers_are_cut_off() {
    let mut plain = b"HTTP/1.1 200 OK\r\n\r\n".to_vec();
    plain.resize(10 * 1024 * 1024, b'x');
    let mut zeros = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    for _ in 0..64 {
        zeros.write_all(&vec![0; 1024 * 1024]).unwrap();
    }
    let zipped = zeros.finish().unwrap();
    assert!(zipped.len() < 100_000);
    let head = format!("HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {}\r\n\r\n", zipped.len());
    for answer in [plain, [head.into_bytes(), zipped].concat()] {
        let (addr, client) = server(answer).await;
        let result = get(&client, &format!("http://{addr}/")).await;
        assert!(matches!(&result, Err(Error::Malformed { message }) if message.contains("8 MB")), "{:?}", result.err());
    }
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_unavailable() {
    for answer in ["", "HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\nhalf", "SSH-2.0-OpenSSH_9\r\n"] {
        let (addr, client) = server(answer.into()).await;
        assert_eq!(reason(get(&client, &format!("http://{addr}/")).await), Unreachable::Broken, "{answer}");
    }
}

#[tokio::test]
async fn a_server_that_never_answers_is_given_up() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let addr = listener.local_addr().unwrap();
    let client = GuardedClient::new(Guard { allowed: Some(addr) });
    let result = get_within(&client, &format!("http://{addr}/"), Duration::from_millis(50)).await;
    assert_eq!(reason(result), Unreachable::TimedOut);
}
