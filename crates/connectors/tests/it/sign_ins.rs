//! Who notes sign-ins is told before each, and of what is certain to have come of it.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use async_trait::async_trait;
use connectors::error::Unreachable;
use connectors::http::GuardedClient;
use connectors::{Connector, Error, Result, SignIns};
use domain::Vendor;
use secrecy::SecretString;

use crate::fixture::Fixture;
use crate::guard::server;

#[derive(Default)]
struct Notes {
    lines: Mutex<Vec<&'static str>>,
    refuses: bool,
}

impl Notes {
    fn taken(&self) -> Vec<&'static str> {
        std::mem::take(&mut self.lines.lock().unwrap())
    }
}

#[async_trait]
impl SignIns for Notes {
    async fn begins(&self, lives: Duration) -> Result<()> {
        assert!(lives > Duration::from_secs(20 * 60), "the session's own time-out, and the request's");
        self.lines.lock().unwrap().push("begins");
        if self.refuses {
            return Err(Error::Unavailable { message: "not noted".into(), reason: Unreachable::Broken });
        }
        Ok(())
    }

    async fn ended(&self, session: Option<&SecretString>) {
        self.lines.lock().unwrap().push(if session.is_some() { "opened" } else { "opened none" });
    }
}

fn noting(fixture: &Fixture, notes: &Arc<Notes>) -> Box<dyn Connector> {
    through(fixture, fixture.client(), notes)
}

fn through(fixture: &Fixture, client: GuardedClient, notes: &Arc<Notes>) -> Box<dyn Connector> {
    let (settings, credentials) = (&fixture.settings, &fixture.credentials);
    let notes = Arc::clone(notes) as Arc<dyn SignIns>;
    connectors::connect_noting(fixture.vendor, client, settings, credentials, None, Some(notes)).unwrap()
}

#[tokio::test]
async fn a_sign_in_is_noted_before_it_is_sent_and_its_session_before_it_is_used() {
    let (fixture, notes) = (Fixture::new(Vendor::Acumatica).await, Arc::new(Notes::default()));
    let connector = noting(&fixture, &notes);
    connector.check().await.unwrap();
    connector.check().await.unwrap();
    assert_eq!(notes.taken(), ["begins", "opened"]);
    fixture.forget().await;
    connector.check().await.unwrap();
    assert_eq!(notes.taken(), ["begins", "opened"], "a session that has ended is replaced");
    connector.close().await.unwrap();
    assert!(notes.taken().is_empty());
}

#[tokio::test]
async fn a_refusal_opens_none_and_a_lost_answer_leaves_it_open() {
    let (fixture, notes) = (Fixture::new(Vendor::Acumatica).await, Arc::new(Notes::default()));
    let fixture = fixture.with("password", "not the password");
    noting(&fixture, &notes).check().await.unwrap_err();
    assert_eq!(notes.taken(), ["begins", "opened none"]);
    let fixture = fixture.with("instance_url", "http://192.168.0.1/erp");
    noting(&fixture, &notes).check().await.unwrap_err();
    assert_eq!(notes.taken(), ["begins", "opened none"], "nothing was sent");

    for (answer, expected) in [
        ("", vec!["begins"]),
        ("HTTP/1.1 504 Gateway Timeout\r\ncontent-length: 0\r\n\r\n", vec!["begins"]),
        ("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n", vec!["begins", "opened none"]),
    ] {
        let (addr, client) = server(answer.into()).await;
        let fixture = Fixture::new(Vendor::Acumatica).await.with("instance_url", &format!("http://{addr}"));
        through(&fixture, client, &notes).check().await.unwrap_err();
        assert_eq!(notes.taken(), expected, "{answer}");
    }
}

#[tokio::test]
async fn a_sign_in_that_cannot_be_noted_is_not_sent() {
    let (fixture, notes) =
        (Fixture::new(Vendor::Acumatica).await, Arc::new(Notes { refuses: true, ..Notes::default() }));
    noting(&fixture, &notes).check().await.unwrap_err();
    assert_eq!(notes.taken(), ["begins"]);
    assert_eq!(fixture.stats().await["sessions"]["max_seen"], 0);
}
