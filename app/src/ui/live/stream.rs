//! The browser's `EventSource` under the live stream.

use std::cell::RefCell;
use std::time::Duration;

use crate::prelude::*;
use domain::activity::Event;
use wasm_bindgen::JsCast;
use wasm_bindgen::closure::Closure;
use web_sys::{EventSource, MessageEvent};

use super::{Live, LiveState};
use crate::error::AppError;
use crate::frame::load_frame;

/// After a stream that the server refused, the next is tried so much later.
const PAUSE: Duration = Duration::from_secs(5);

/// The tab's open stream and what the browser calls for it.
struct Stream {
    source: EventSource,
    _message: Closure<dyn Fn(MessageEvent)>,
    _open: Closure<dyn Fn()>,
    _error: Closure<dyn Fn()>,
    _reset: Closure<dyn Fn()>,
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.source.close();
    }
}

/// What this tab follows.
#[derive(Default)]
struct Tab {
    live: Option<Live>,
    stream: Option<Stream>,
    /// It is told when it is hidden and seen.
    watched: bool,
}

thread_local! {
    static TAB: RefCell<Tab> = RefCell::default();
}

/// Follows `live` from now on, in place of what the tab followed.
pub(super) fn follow(live: Live) {
    let watched = TAB.with_borrow_mut(|tab| {
        tab.live = Some(live);
        std::mem::replace(&mut tab.watched, true)
    });
    if !watched {
        // A hidden tab gives its connection back; when it is seen again it catches up.
        window_event_listener_untyped("visibilitychange", |_| reopen());
    }
    reopen();
}

/// The screen that followed is gone.
pub(super) fn close() {
    TAB.with_borrow_mut(|tab| {
        tab.live = None;
        tab.stream = None;
    });
}

fn reopen() {
    TAB.with_borrow_mut(|tab| {
        tab.stream = tab.live.filter(|_| !document().hidden()).and_then(connect);
    });
}

/// The session may have ended meanwhile: then the person signs in and comes back here. Anything else passes by itself.
async fn after_refusal(live: Live) {
    let Some(slug) = live.memory.try_with_value(|memory| memory.slug.clone()) else { return };
    if load_frame(slug).await == Err(AppError::SignedOut) {
        let _ = window().location().set_href(&sign_in_from_here());
    } else {
        reopen();
    }
}

/// The sign-in that leads back to this page.
fn sign_in_from_here() -> String {
    let location = window().location();
    let here = location.pathname().unwrap_or_default() + &location.search().unwrap_or_default();
    format!("/signin?next={}", leptos_router::location::Url::escape(&here))
}

fn connect(live: Live) -> Option<Stream> {
    let (slug, since) = live.memory.try_with_value(|memory| (memory.slug.clone(), memory.last_at))?;
    let source = EventSource::new(&format!("/o/{slug}/events?since={since}")).ok()?;
    let message = Closure::<dyn Fn(MessageEvent)>::new(move |event: MessageEvent| {
        let text = event.data().as_string().unwrap_or_default();
        if let Ok(event) = crate::rpc::json::from_text::<Event>(&text) {
            live.receive(&event);
        }
    });
    let open = Closure::<dyn Fn()>::new(move || {
        let _ = live.state.try_set(LiveState::Connected);
    });
    let failing = source.clone();
    let error = Closure::<dyn Fn()>::new(move || {
        let _ = live.state.try_set(LiveState::Lost);
        // The browser itself tries again after a lost connection, but not after a refusal.
        if failing.ready_state() == EventSource::CLOSED {
            set_timeout(move || leptos::task::spawn_local(after_refusal(live)), PAUSE);
        }
    });
    // More was missed than the server repeats: the page is read again as a whole.
    let reset = Closure::<dyn Fn()>::new(|| {
        let _ = window().location().reload();
    });
    let _ = source.add_event_listener_with_callback("reset", reset.as_ref().unchecked_ref());
    source.set_onmessage(Some(message.as_ref().unchecked_ref()));
    source.set_onopen(Some(open.as_ref().unchecked_ref()));
    source.set_onerror(Some(error.as_ref().unchecked_ref()));
    Some(Stream { source, _message: message, _open: open, _error: error, _reset: reset })
}
