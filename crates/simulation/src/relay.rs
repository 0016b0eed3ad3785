//! A relay between the engines and Postgres, on the simulation's own thread. An answer of the database can only come in
//! when a task has let go of the thread; without it, a quick answer would let a task run through several statements at
//! once, and where it may be stopped would depend on real time.

use anyhow::{Context, Result};
use sqlx::postgres::PgConnectOptions;
use tokio::io::{AsyncRead, AsyncWrite, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream, UnixStream};

/// Where Postgres listens.
#[derive(Clone)]
enum Postgres {
    Tcp(String, u16),
    Unix(std::path::PathBuf),
}

/// Begins to relay to the cluster of `owner_url`; the port to connect to.
///
/// # Errors
/// When the address cannot be understood or no port can be had.
pub async fn start(owner_url: &str) -> Result<u16> {
    let options: PgConnectOptions = owner_url.parse()?;
    let postgres = match options.get_socket() {
        Some(directory) => Postgres::Unix(directory.join(format!(".s.PGSQL.{}", options.get_port()))),
        None if options.get_host().starts_with('/') => {
            Postgres::Unix(format!("{}/.s.PGSQL.{}", options.get_host(), options.get_port()).into())
        }
        None => Postgres::Tcp(options.get_host().to_owned(), options.get_port()),
    };
    let listener = TcpListener::bind(("127.0.0.1", 0)).await.context("a port for the relay")?;
    let port = listener.local_addr()?.port();
    tokio::spawn(async move {
        while let Ok((client, _)) = listener.accept().await {
            tokio::spawn(relay(client, postgres.clone()));
        }
    });
    Ok(port)
}

async fn relay(client: TcpStream, postgres: Postgres) -> std::io::Result<()> {
    client.set_nodelay(true)?;
    match postgres {
        Postgres::Tcp(host, port) => {
            let server = TcpStream::connect((host, port)).await?;
            server.set_nodelay(true)?;
            copy(client, server).await
        }
        Postgres::Unix(path) => copy(client, UnixStream::connect(path).await?).await,
    }
}

async fn copy(mut client: TcpStream, mut server: impl AsyncRead + AsyncWrite + Unpin) -> std::io::Result<()> {
    copy_bidirectional(&mut client, &mut server).await.map(drop)
}
