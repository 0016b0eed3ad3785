//! Sends requests, within bounds.

use std::time::Duration;

use http::{HeaderMap, Method};
use reqwest::redirect::Policy;
use url::Url;

use super::budget::Budget;
use super::fault::{classify, unreachable};
use super::guard::Guard;
use super::resolver::Resolver;
use super::response::Response;
use crate::error::{Error, Result, Unreachable};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(5);

/// A request to a vendor. It has no `Debug`, because a body may hold a password.
#[derive(Clone)]
pub struct Request {
    pub method: Method,
    pub url: Url,
    /// Values that are secret are marked sensitive, so that nothing prints them.
    pub headers: HeaderMap,
    pub body: Vec<u8>,
    /// From sending to the last byte of the answer.
    pub timeout: Duration,
}

/// The client that all connectors share; clones share one pool of connections, the bound of what is held of answers, and
/// nothing else (no cookies).
#[derive(Debug, Clone)]
pub struct GuardedClient {
    guard: Guard,
    http: reqwest::Client,
    budget: Budget,
    #[cfg(feature = "testing")]
    pub(super) transport: Option<std::sync::Arc<dyn super::testing::Transport>>,
}

impl GuardedClient {
    /// # Panics
    /// When TLS cannot be set up, which depends on nothing that is known only later.
    #[must_use]
    #[expect(clippy::expect_used, reason = "made once at start-up, from constants")]
    pub fn new(guard: Guard) -> Self {
        let http = reqwest::Client::builder()
            .tls_backend_preconfigured(tls())
            .dns_resolver(Resolver(guard))
            .redirect(Policy::none())
            .no_proxy()
            .referer(false)
            .connect_timeout(CONNECT_TIMEOUT)
            .pool_idle_timeout(Duration::from_secs(30))
            .user_agent(concat!("Syncline/", env!("CARGO_PKG_VERSION")))
            .build()
            .expect("the HTTP client's settings are valid");
        Self {
            guard,
            http,
            budget: Budget::new(),
            #[cfg(feature = "testing")]
            transport: None,
        }
    }

    /// Sends it and reads the answer, whatever its status.
    ///
    /// # Errors
    /// [`Error::Unavailable`] when the address may not be called or nothing complete came back,
    /// [`Error::Malformed`] when the answer is larger than 8 MB.
    pub async fn send(&self, request: Request) -> Result<Response> {
        self.guard
            .check(&request.url)
            .map_err(|why| Error::Unavailable { message: why.to_string(), reason: Unreachable::ForbiddenAddress })?;
        #[cfg(feature = "testing")]
        if let Some(transport) = &self.transport {
            return transport.send(request).await;
        }
        let sent = self
            .http
            .request(request.method, request.url)
            .headers(request.headers)
            .timeout(request.timeout)
            .body(request.body)
            .send();
        self.read(sent.await.map_err(|error| classify(&error))?).await
    }

    async fn read(&self, mut answer: reqwest::Response) -> Result<Response> {
        let host = answer.url().authority().to_owned();
        let (mut body, mut held) = (Vec::new(), self.budget.begin(&host).await?);
        while let Some(chunk) = answer.chunk().await.map_err(|error| body_fault(&error))? {
            self.budget.grow(&mut held, body.len() + chunk.len()).await?;
            body.extend_from_slice(&chunk);
        }
        let status = answer.status();
        Ok(Response::new(status, std::mem::take(answer.headers_mut()), body).holding(held.kept(status)))
    }
}

fn body_fault(error: &reqwest::Error) -> Error {
    if error.is_timeout() { unreachable(Unreachable::TimedOut) } else { unreachable(Unreachable::Broken) }
}

/// TLS 1.2 and 1.3 with ring and Mozilla's roots, named here because two providers in one process leave none default.
#[expect(clippy::expect_used, reason = "ring supports the default protocol versions")]
fn tls() -> rustls::ClientConfig {
    let roots = rustls::RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    let provider = std::sync::Arc::new(rustls::crypto::ring::default_provider());
    rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .expect("ring has TLS 1.2 and 1.3")
        .with_root_certificates(roots)
        .with_no_client_auth()
}
