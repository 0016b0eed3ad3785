//! The wire between the engine and the sandbox: it takes the network's place, delivers requests when the simulation
//! says so, delays, loses and cuts them by the seed, and notes every write that was applied.
//!
//! A request that was sent is on its way whether its sender lives or not, as it would be on a real network.

mod names;

use std::collections::BTreeMap;
use std::fmt;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::Router;
use axum::body::Body;
use chrono::{DateTime, TimeDelta, Utc};
use connectors::error::{Error, Result, Unreachable};
use connectors::http::{Request, Response, Transport};
use futures::future::BoxFuture;
use futures::{FutureExt, poll};
use tokio::sync::oneshot;
use tower::ServiceExt;

use crate::dice::Dice;
use crate::time::VirtualTime;
use names::{is_write, name_of, place_of};

/// Answers of the sandbox are small; more than this is a mistake.
const LARGEST: usize = 32 * 1024 * 1024;

/// Requests arrive within so many milliseconds or never: less than a vendor's deadline.
const LONGEST: u64 = 58_000;

/// How bad the network is, in thousandths.
#[derive(Debug, Clone, Copy, Default)]
pub struct Weather {
    /// Requests that take long.
    pub slow: u64,
    /// Requests that never arrive.
    pub lost: u64,
    /// Answers that never arrive.
    pub cut: u64,
}

/// A write that is under way.
pub struct UnderWay {
    /// The request's number.
    pub id: u64,
    pub sender: usize,
    /// The tenant and the vendor.
    pub place: String,
    pub name: String,
    pub body: String,
}

/// A write that the vendor has seen.
#[derive(Debug, Clone)]
pub struct Seen {
    pub at: DateTime<Utc>,
    /// The tenant, from the address.
    pub tenant: String,
    pub vendor: String,
    pub method: String,
    pub path: String,
    pub body: String,
    pub status: u16,
}

/// The network; a clone is another handle to it.
#[derive(Clone)]
pub struct Wire {
    shared: Arc<Shared>,
}

struct Shared {
    time: VirtualTime,
    inner: Mutex<Inner>,
}

struct Inner {
    router: Router,
    dice: Dice,
    weather: Weather,
    /// Signing in always works: a session that nobody knows keeps its slot for many minutes, in which little happens.
    spares_sign_ins: bool,
    next: u64,
    /// Who sends now: the slot that is being stepped.
    sender: usize,
    flights: BTreeMap<u64, Flight>,
    seen: Vec<Seen>,
    notes: Vec<String>,
    /// Requests under way at each tenant's vendor at once, at most.
    busiest: BTreeMap<String, usize>,
}

type Answer = Result<Response>;

struct Flight {
    sender: usize,
    name: String,
    place: String,
    writes: bool,
    body: String,
    sent_at: DateTime<Utc>,
    state: State,
    reply: Option<oneshot::Sender<Answer>>,
}

enum State {
    OnItsWay { at: DateTime<Utc>, request: Request },
    Handled(Pin<Box<dyn Future<Output = Answer> + Send>>),
    Answered { at: DateTime<Utc>, answer: Answer },
}

impl Wire {
    #[must_use]
    pub fn new(time: VirtualTime, router: Router, mut dice: Dice) -> Self {
        let spares_sign_ins = dice.chance(800);
        let inner = Inner {
            spares_sign_ins,
            router,
            dice,
            weather: Weather::default(),
            next: 0,
            sender: 0,
            flights: BTreeMap::new(),
            seen: Vec::new(),
            notes: Vec::new(),
            busiest: BTreeMap::new(),
        };
        Self { shared: Arc::new(Shared { time, inner: Mutex::new(inner) }) }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.shared.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn set_weather(&self, weather: Weather) {
        self.lock().weather = weather;
    }

    /// Whose requests come next.
    pub fn sends(&self, sender: usize) {
        self.lock().sender = sender;
    }

    /// The sender has died: what had not left it yet is gone, the rest goes on, and may take its time.
    pub fn orphan(&self, sender: usize) {
        let mut inner = self.lock();
        let Inner { flights, dice, notes, .. } = &mut *inner;
        flights.retain(|id, flight| {
            if flight.sender != sender || flight.reply.is_none() {
                return true;
            }
            flight.reply = None;
            let State::OnItsWay { at, .. } = &mut flight.state else { return true };
            if dice.chance(300) {
                notes.push(format!("request {id} never left its dead sender: {}", flight.name));
                return false;
            }
            if flight.writes && dice.chance(700) {
                // So long that its successor may have begun: that takes some twenty seconds.
                *at = (*at).max(flight.sent_at + dice.millis(25_000..LONGEST));
                notes.push(format!("request {id} of its dead sender takes long: {}", flight.name));
            }
            true
        });
    }

    /// The writes that are under way and whose senders live.
    #[must_use]
    pub fn writes_under_way(&self) -> Vec<UnderWay> {
        let inner = self.lock();
        let writes = inner.flights.iter().filter(|(_, flight)| flight.writes && flight.reply.is_some());
        let under_way = |(id, f): (&u64, &Flight)| UnderWay {
            id: *id,
            sender: f.sender,
            place: f.place.clone(),
            name: f.name.clone(),
            body: f.body.clone(),
        };
        writes.map(under_way).collect()
    }

    /// When something happens next on the wire.
    #[must_use]
    pub fn next_at(&self) -> Option<DateTime<Utc>> {
        let when = |flight: &Flight| match &flight.state {
            State::OnItsWay { at, .. } | State::Answered { at, .. } => Some(*at),
            State::Handled(_) => None,
        };
        self.lock().flights.values().filter_map(when).min()
    }

    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.lock().flights.is_empty()
    }

    /// Carries out what is due: one arrival or one answer, and everything that the vendors work at. Whether something was.
    pub async fn carry(&self) -> bool {
        let now = self.shared.time.now();
        let due = {
            let inner = self.lock();
            let is_due = |(id, flight): (&u64, &Flight)| match &flight.state {
                State::OnItsWay { at, .. } | State::Answered { at, .. } if *at <= now => Some((*at, *id)),
                State::Handled(_) => Some((now, *id)),
                _ => None,
            };
            let mut due: Vec<(DateTime<Utc>, u64)> = inner.flights.iter().filter_map(is_due).collect();
            due.sort_unstable();
            due
        };
        for (_, id) in due {
            if self.carry_one(id, now).await {
                return true;
            }
        }
        false
    }

    async fn carry_one(&self, id: u64, now: DateTime<Utc>) -> bool {
        let Some(mut flight) = self.lock().flights.remove(&id) else { return false };
        match flight.state {
            State::OnItsWay { request, .. } => {
                let handled = handle(self.clone(), self.lock().router.clone(), request, flight.place.clone());
                flight.state = State::Handled(handled.boxed());
                self.lock().flights.insert(id, flight);
                Box::pin(self.carry_one(id, now)).await;
                true
            }
            State::Handled(mut handled) => {
                let polled = poll!(&mut handled);
                let moved = polled.is_ready();
                flight.state = match polled {
                    std::task::Poll::Pending => State::Handled(handled),
                    std::task::Poll::Ready(answer) => self.answer(id, &flight.name, answer, now),
                };
                self.lock().flights.insert(id, flight);
                moved
            }
            State::Answered { answer, .. } => {
                if let Some(reply) = flight.reply {
                    let _ = reply.send(answer);
                }
                true
            }
        }
    }

    fn answer(&self, id: u64, name: &str, answer: Answer, now: DateTime<Utc>) -> State {
        let mut inner = self.lock();
        let cut = inner.weather.cut;
        let is_cut = inner.dice.chance(cut) && !inner.spares(name);
        let slow = inner.weather.slow;
        let wait = if inner.dice.chance(slow) { inner.dice.millis(100..8_000) } else { TimeDelta::zero() };
        let words = match &answer {
            _ if is_cut => "the answer is lost".to_owned(),
            Ok(response) => format!("{}", response.status.as_u16()),
            Err(error) => error.to_string(),
        };
        inner.notes.push(format!("request {id} {name}: {words}"));
        State::Answered { at: now + wait, answer: if is_cut { Err(broken(Unreachable::Broken)) } else { answer } }
    }

    /// What happened since the last time, for the story.
    #[must_use]
    pub fn notes(&self) -> Vec<String> {
        std::mem::take(&mut self.lock().notes)
    }

    /// Every write that a vendor has seen.
    #[must_use]
    pub fn seen(&self) -> Vec<Seen> {
        self.lock().seen.clone()
    }

    /// The most requests that living senders had under way at once, by tenant and vendor.
    #[must_use]
    pub fn busiest(&self) -> BTreeMap<String, usize> {
        self.lock().busiest.clone()
    }

    fn take_off(&self, request: Request) -> (u64, oneshot::Receiver<Answer>) {
        let now = self.shared.time.now();
        let (reply, answer) = oneshot::channel();
        let mut inner = self.lock();
        let Weather { slow, lost, .. } = inner.weather;
        let wait = match inner.dice.from(0..1000) {
            roll if roll < slow / 4 => inner.dice.millis(5_000..LONGEST),
            roll if roll < slow => inner.dice.millis(50..5_000),
            _ => inner.dice.millis(0..40),
        };
        let is_lost = inner.dice.chance(lost) && !inner.spares(request.url.path());
        inner.next += 1;
        let (id, sender) = (inner.next, inner.sender);
        let (place, writes) = (place_of(&request), is_write(&request));
        let name = format!("{} {}", request.method, name_of(&request));
        inner.notes.push(format!("worker {sender} sends request {id}: {name}"));
        let body = if writes { String::from_utf8_lossy(&request.body).into_owned() } else { String::new() };
        let state = if is_lost {
            inner.notes.push(format!("request {id} is lost on its way"));
            State::Answered { at: now + wait, answer: Err(broken(Unreachable::Broken)) }
        } else {
            State::OnItsWay { at: now + wait, request }
        };
        let flight =
            Flight { sender, name, place: place.clone(), writes, body, sent_at: now, state, reply: Some(reply) };
        inner.flights.insert(id, flight);
        let busy = inner.flights.values().filter(|flight| flight.reply.is_some() && flight.place == place).count();
        let most = inner.busiest.entry(place).or_default();
        *most = (*most).max(busy);
        (id, answer)
    }

    fn give_up(&self, id: u64) {
        let mut inner = self.lock();
        if let Some(flight) = inner.flights.get_mut(&id) {
            flight.reply = None;
            inner.notes.push(format!("request {id} timed out at its sender"));
        }
    }
}

impl Inner {
    fn spares(&self, name: &str) -> bool {
        self.spares_sign_ins && name.ends_with("/auth/login")
    }
}

impl fmt::Debug for Wire {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Wire")
    }
}

impl Transport for Wire {
    fn send(&self, request: Request) -> BoxFuture<'static, Answer> {
        let wire = self.clone();
        async move {
            let timeout = request.timeout;
            let (id, answer) = wire.take_off(request);
            match tokio::time::timeout(timeout, answer).await {
                Ok(Ok(answer)) => answer,
                Ok(Err(_)) => Err(broken(Unreachable::Broken)),
                Err(_) => {
                    wire.give_up(id);
                    Err(broken(Unreachable::TimedOut))
                }
            }
        }
        .boxed()
    }
}

async fn handle(wire: Wire, router: Router, request: Request, place: String) -> Answer {
    let mut sent = http::Request::new(Body::from(request.body.clone()));
    *sent.method_mut() = request.method.clone();
    *sent.headers_mut() = request.headers.clone();
    let path = request.url[url::Position::BeforePath..url::Position::AfterQuery].to_owned();
    *sent.uri_mut() = path.parse().map_err(|_| broken(Unreachable::Broken))?;
    let answered = router.oneshot(sent).await.map_err(|_| broken(Unreachable::Broken))?;
    let (head, body) = answered.into_parts();
    wire.note_write(&request, &place, head.status.as_u16());
    let body = axum::body::to_bytes(body, LARGEST).await.map_err(|_| broken(Unreachable::Broken))?;
    Ok(Response::new(head.status, head.headers, body.to_vec()))
}

impl Wire {
    fn note_write(&self, request: &Request, place: &str, status: u16) {
        if !is_write(request) {
            return;
        }
        let body = String::from_utf8_lossy(&request.body).into_owned();
        let (tenant, vendor) = place.split_once('/').unwrap_or((place, ""));
        let seen = Seen {
            at: self.shared.time.now(),
            tenant: tenant.to_owned(),
            vendor: vendor.to_owned(),
            method: request.method.to_string(),
            path: name_of(request),
            body,
            status,
        };
        self.lock().seen.push(seen);
    }
}

fn broken(reason: Unreachable) -> Error {
    let message = if reason == Unreachable::TimedOut { "no answer in time" } else { "the connection broke" };
    Error::Unavailable { message: message.into(), reason }
}
