//! A site for a test: a database of its own, a build of its own, and the router as it is served.

use std::path::PathBuf;
use std::sync::Arc;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::http::{Request, Response, StatusCode, header};
use engine::accounts::{Client, SignedIn, sign_up};
use engine::keys::Keys;
use engine::stream::Hub;
use engine::{Config, Engine, Member};
use server::settings::Settings;
use server::web::{Assets, Site, router};
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection};
use tokio_util::sync::CancellationToken;
use tower::ServiceExt;
use uuid::Uuid;

pub const PASSWORD: &str = "nine tall green horses";

/// The site, with an organisation `ada-co` of ada@example.org in it.
pub struct TestSite {
    pub engine: Engine,
    pub router: Router,
    pub ada: SignedIn,
    pub stop: CancellationToken,
    pub database_url: String,
    database: String,
    dist: PathBuf,
}

pub async fn site() -> TestSite {
    site_at("http://localhost:3000").await
}

pub async fn site_at(url: &str) -> TestSite {
    let _ = rustls::crypto::ring::default_provider().install_default();
    let database = format!("syncline_test_{}", Uuid::new_v4().simple());
    let mut owner = PgConnection::connect(&owner_url()).await.unwrap();
    owner.execute(AssertSqlSafe(format!("CREATE DATABASE {database}"))).await.unwrap();
    let database_url = with_database(&database);
    engine::db::migrate(&database_url).await.unwrap();
    let keys = Arc::new(Keys::generate().unwrap());
    let engine = Engine::open(&database_url, 4, keys, Config::default()).unwrap();
    let (client, now) = (Client::default(), server::clock::now());
    let ada = sign_up(&engine, "Ada & Co", "ada@example.org", PASSWORD, &client, now).await.unwrap();
    let dist = build();
    let variable = |name: &str| match name {
        "DATABASE_URL" => Some(database_url.clone()),
        "SYNCLINE_URL" => Some(url.to_owned()),
        _ => None,
    };
    let (stop, clock) = (CancellationToken::new(), server::clock::system());
    let site = Site {
        engine: engine.clone(),
        settings: Arc::new(Settings::read(&variable).unwrap()),
        assets: Arc::new(Assets::load(&dist).unwrap()),
        streams: server::web::Streams::default(),
        hub: Hub::start(engine.clone(), clock.clone()),
        clock,
        stop: stop.clone(),
    };
    TestSite { engine, router: router(&site), ada, stop, database_url, database, dist }
}

/// What a browser got.
pub struct Answer {
    pub response: Response<()>,
    pub body: Bytes,
}

impl Answer {
    pub fn status(&self) -> StatusCode {
        self.response.status()
    }

    pub fn header(&self, name: &str) -> &str {
        self.response.headers().get(name).map_or("", |value| value.to_str().unwrap())
    }

    pub fn text(&self) -> String {
        String::from_utf8(self.body.to_vec()).unwrap()
    }
}

impl TestSite {
    pub async fn send(&self, request: Request<Body>) -> Answer {
        let (parts, body) = self.router.clone().oneshot(request).await.unwrap().into_parts();
        let body = to_bytes(body, usize::MAX).await.unwrap();
        Answer { response: Response::from_parts(parts, ()), body }
    }

    /// Ada, as a member of her organisation.
    pub async fn member(&self) -> Member {
        engine::accounts::member(&self.engine, self.ada.user, &self.ada.slug).await.unwrap()
    }

    /// Changes what is there, as the tables' owner.
    pub async fn sql(&self, statement: String) {
        let mut owner = PgConnection::connect(&with_database(&self.database)).await.unwrap();
        owner.execute(AssertSqlSafe(statement)).await.unwrap();
    }

    /// What a browser asks for when somebody follows a link.
    pub async fn get(&self, path: &str, cookie: &str) -> Answer {
        self.send(page(path, cookie).body(Body::empty()).unwrap()).await
    }

    /// What a browser sends for a form, without JavaScript.
    pub async fn post(&self, path: &str, cookie: &str, form: &str) -> Answer {
        let request = page(path, cookie)
            .method("POST")
            .header("sec-fetch-site", "same-origin")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::CONTENT_LENGTH, form.len())
            .body(Body::from(form.to_owned()));
        self.send(request.unwrap()).await
    }

    /// Signs Ada in; the cookie.
    pub async fn sign_in(&self) -> String {
        let form = format!("email=ada%40example.org&password={}", PASSWORD.replace(' ', "+"));
        let answer = self.post("/api/sign-in", "", &form).await;
        let cookies = answer.response.headers().get_all(header::SET_COOKIE);
        let session = cookies.iter().map(|cookie| cookie.to_str().unwrap()).find(|cookie| cookie.contains("syncline="));
        session.expect("no session began").split(';').next().unwrap().to_owned()
    }
}

impl Drop for TestSite {
    fn drop(&mut self) {
        std::fs::remove_dir_all(&self.dist).ok();
        let drop_database = format!("DROP DATABASE IF EXISTS {} WITH (FORCE)", self.database);
        // A thread of its own, because a test's runtime cannot be blocked on here.
        let dropped = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
            runtime.block_on(async {
                let mut owner = PgConnection::connect(&owner_url()).await.unwrap();
                // The server's own housekeeping may be at it, which only the server may send away.
                for _ in 0..100 {
                    if owner.execute(AssertSqlSafe(drop_database.clone())).await.is_ok() {
                        return;
                    }
                    tokio::time::sleep(std::time::Duration::from_millis(100)).await;
                }
                panic!("the test's database could not be dropped");
            });
        });
        dropped.join().unwrap();
    }
}

fn page(path: &str, cookie: &str) -> axum::http::request::Builder {
    Request::builder().uri(path).header(header::ACCEPT, "text/html").header(header::COOKIE, cookie)
}

/// The least that a build consists of.
fn build() -> PathBuf {
    let dist = std::env::temp_dir().join(format!("syncline-dist-{}", Uuid::new_v4().simple()));
    std::fs::create_dir_all(&dist).unwrap();
    let files = [
        ("manifest.json", MANIFEST),
        ("app-1.js", "plain script"),
        ("app-1.js.br", "brotli script"),
        ("app-1.js.gz", "gzip script"),
        ("app-1.wasm", "wasm"),
        ("main-1.css", "css"),
        ("inter-1.woff2", "font"),
        ("favicon-1.svg", "<svg/>"),
    ];
    for (name, content) in files {
        std::fs::write(dist.join(name), content).unwrap();
    }
    dist
}

const MANIFEST: &str = r#"{"app.js": "app-1.js", "app.wasm": "app-1.wasm", "main.css": "main-1.css",
    "fonts/inter-latin.woff2": "inter-1.woff2", "favicon.svg": "favicon-1.svg"}"#;

fn owner_url() -> String {
    std::env::var("SYNCLINE_TEST_DATABASE_URL")
        .expect("SYNCLINE_TEST_DATABASE_URL names the cluster for tests; `cargo xtask test` sets it")
}

fn with_database(name: &str) -> String {
    let url = owner_url();
    let (before, query) = url.split_once('?').map_or((url.as_str(), ""), |(before, query)| (before, query));
    let base = before.rsplit_once('/').unwrap().0;
    if query.is_empty() { format!("{base}/{name}") } else { format!("{base}/{name}?{query}") }
}
