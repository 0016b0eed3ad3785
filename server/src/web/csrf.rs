//! Refuses changes that another site's page asks for in the name of the person who is signed in.
//!
//! Browsers say where a request comes from in `Sec-Fetch-Site`; older ones only in `Origin`. Server functions have no
//! tokens of their own: this is what protects them.

use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use url::Url;

use super::Site;

const REFUSED: &str = "This request did not come from one of Syncline's own pages, so it was refused. Open the page \
    anew and try again.";

/// Lets reading through, and changes that come from our own pages.
pub(super) async fn refuse_foreign(State(site): State<Site>, request: Request, next: Next) -> Response {
    let reads = matches!(*request.method(), Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrades = request.headers().contains_key(header::UPGRADE);
    if (reads && !upgrades) || is_own(request.headers(), &site.settings.url) {
        return next.run(request).await;
    }
    tracing::warn!(http.path = request.uri().path(), "a request from another site was refused");
    (StatusCode::FORBIDDEN, REFUSED).into_response()
}

fn is_own(headers: &HeaderMap, own: &Url) -> bool {
    let text = |name: &str| headers.get(name).map(|value| value.to_str().unwrap_or_default());
    if let Some(site) = text("sec-fetch-site") {
        return matches!(site, "same-origin" | "none");
    }
    let Some(origin) = text("origin").and_then(|origin| origin.parse::<Url>().ok()) else { return false };
    // The public address, or the very host that was asked: on a local network people use several.
    origin.origin() == own.origin() || text("host").is_some_and(|host| is_host(&origin, own, host))
}

fn is_host(origin: &Url, own: &Url, host: &str) -> bool {
    let asked: Option<Url> = format!("{}://{host}", own.scheme()).parse().ok();
    asked.is_some_and(|asked| asked.origin() == origin.origin() && origin.origin().is_tuple())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn own(pairs: &[(&'static str, &str)]) -> bool {
        let headers = pairs.iter().map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap())).collect();
        is_own(&headers, &"http://localhost:3000".parse().unwrap())
    }

    #[test]
    fn only_our_own_pages_may_change_anything() {
        assert!(own(&[("sec-fetch-site", "same-origin")]));
        assert!(own(&[("sec-fetch-site", "none")]));
        assert!(!own(&[("sec-fetch-site", "same-site")]));
        assert!(!own(&[("sec-fetch-site", "cross-site"), ("origin", "http://localhost:3000")]));
        assert!(own(&[("origin", "http://localhost:3000")]));
        assert!(own(&[("origin", "http://127.0.0.1:3000"), ("host", "127.0.0.1:3000")]));
        assert!(!own(&[("origin", "http://localhost:3001"), ("host", "localhost:3000")]));
        assert!(!own(&[("origin", "null"), ("host", "localhost:3000")]));
        assert!(!own(&[]));
    }
}
