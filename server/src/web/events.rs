//! `/o/{slug}/events`: a tenant's live events, one stream per tab (server-sent events).
//!
//! `?since=<milliseconds>` is the time of the page, `Last-Event-ID` the last event that a resuming browser had. An event
//! is a [`domain::activity::Event`]; `event: reset` means that something was missed and the screen's data is to be read
//! again. Whether the person may still look is asked anew every 30 seconds.

use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::convert::Infallible;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, HeaderName, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse, Response};
use chrono::{DateTime, Utc};
use domain::UserId;
use domain::ids::time_of;
use engine::accounts;
use engine::stream::{Message, Subscription};
use futures::stream::unfold;
use serde::Deserialize;
use tokio::time::{Interval, MissedTickBehavior, interval};
use tower_sessions::session::Id;
use tower_sessions::{Session, SessionStore};

use super::{Site, pages, sessions};

/// A comment this often keeps proxies from closing a quiet stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How soon a browser resumes a lost stream.
const RETRY: Duration = Duration::from_secs(1);
const ASK_AGAIN: Duration = Duration::from_secs(30);

/// Streams that one person may have open: a tab has one, so this is a window full of tabs on several machines.
const EACH: usize = 40;

/// Open streams per person, so that nobody takes everybody's connections.
#[derive(Clone, Default)]
pub struct Streams(Arc<Mutex<HashMap<UserId, usize>>>);

/// A place among a person's streams; it is free again when this is dropped.
pub(super) struct Place {
    streams: Streams,
    user: UserId,
}

impl Streams {
    pub(super) fn take(&self, user: UserId) -> Option<Place> {
        let mut open = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let count = open.entry(user).or_default();
        if *count >= EACH {
            return None;
        }
        *count += 1;
        Some(Place { streams: self.clone(), user })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut open = self.streams.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = open.entry(self.user) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

#[derive(Deserialize)]
pub(super) struct Asked {
    since: Option<i64>,
}

pub(super) async fn stream(
    State(site): State<Site>,
    session: Session,
    Path(slug): Path<String>,
    Query(asked): Query<Asked>,
    headers: HeaderMap,
) -> Response {
    let (Some(user), Some(session)) = (sessions::signed_in(&session).await, session.id()) else {
        return (StatusCode::UNAUTHORIZED, "signed out\n").into_response();
    };
    let member = match accounts::watcher(&site.engine, user, &slug).await {
        Ok(member) => member,
        Err(engine::Error::NotFound) => return (StatusCode::NOT_FOUND, "not found\n").into_response(),
        Err(error) => return pages::unexpected(&error),
    };
    let Some(place) = site.streams.take(user) else {
        return (StatusCode::TOO_MANY_REQUESTS, "too many tabs are open\n").into_response();
    };
    let since = begin(&headers, &asked).unwrap_or_else(|| (site.clock)());
    match site.hub.subscribe(member.tenant, since).await {
        Ok(events) => answer(Watch { site, user, session, slug, events, ask: ticks(), begun: false, _place: place }),
        Err(error) => pages::unexpected(&error),
    }
}

/// Where the stream begins: the last event that the browser had, or the page's time.
fn begin(headers: &HeaderMap, asked: &Asked) -> Option<DateTime<Utc>> {
    let last = headers.get("last-event-id").and_then(|id| id.to_str().ok()?.parse().ok());
    last.and_then(time_of).or_else(|| DateTime::from_timestamp_millis(asked.since?))
}

/// An open stream and the right to it.
struct Watch {
    site: Site,
    user: UserId,
    session: Id,
    slug: String,
    events: Subscription,
    ask: Interval,
    begun: bool,
    _place: Place,
}

fn answer(watch: Watch) -> Response {
    let stream = unfold(watch, |mut watch| async move {
        let event = watch.next().await?;
        Some((Ok::<_, Infallible>(event), watch))
    });
    let unbuffered = [(HeaderName::from_static("x-accel-buffering"), "no")];
    (unbuffered, Sse::new(stream).keep_alive(KeepAlive::new().interval(KEEP_ALIVE))).into_response()
}

impl Watch {
    /// The next event; `None` when the stream is over.
    async fn next(&mut self) -> Option<Event> {
        if !std::mem::replace(&mut self.begun, true) {
            return Some(Event::default().retry(RETRY).comment("live"));
        }
        loop {
            tokio::select! {
                biased;
                () = self.site.stop.cancelled() => return None,
                _ = self.ask.tick() => {
                    if !self.may_look().await {
                        return None;
                    }
                }
                message = self.events.next() => return self.event(message),
            }
        }
    }

    fn event(&self, message: engine::Result<Option<Message>>) -> Option<Event> {
        match message {
            Ok(Some(Message::Event { id, json })) => Some(Event::default().id(id.to_string()).data(&*json)),
            Ok(Some(Message::Reset)) => Some(Event::default().event("reset").data("{}")),
            Ok(None) => None,
            Err(error) => {
                tracing::warn!(%error, "a live stream could not be read; the browser resumes it");
                None
            }
        }
    }

    /// Signed in still, and a member still. A database that does not answer ends the stream too.
    async fn may_look(&self) -> bool {
        let session = sessions::store(&self.site).load(&self.session).await;
        let signed_in = session.ok().flatten().is_some_and(|record| sessions::is_of(&record, self.user));
        signed_in && accounts::watcher(&self.site.engine, self.user, &self.slug).await.is_ok()
    }
}

fn ticks() -> Interval {
    let mut ticks = interval(ASK_AGAIN);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    // The first tick is over at once, and has just been asked.
    ticks.reset();
    ticks
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_event_says_where_to_go_on() {
        let at = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
        let id = domain::ActivityId::new(at).to_string();
        let headers = HeaderMap::from_iter([(HeaderName::from_static("last-event-id"), id.parse().unwrap())]);
        assert_eq!(begin(&headers, &Asked { since: Some(5) }), Some(at));
        assert_eq!(begin(&HeaderMap::new(), &Asked { since: Some(5) }), DateTime::from_timestamp_millis(5));
        let nonsense = HeaderMap::from_iter([(HeaderName::from_static("last-event-id"), "x".parse().unwrap())]);
        assert_eq!(begin(&nonsense, &Asked { since: Some(i64::MAX) }), None);
    }
}
