//! The live stream: one per tab. It knows what it has seen, reconnects by itself, and rests while the tab is hidden.

#[cfg(feature = "hydrate")]
mod stream;

use std::collections::{HashSet, VecDeque};
use std::sync::Arc;

use crate::prelude::*;
use domain::activity::{Event, EventBody};
use domain::run::{Phase, RunState, RunView, Trigger};
use domain::{ActivityId, RunId};

use super::number::{counted, grouped};
use super::progress::title_of;
use super::toast::{Toasts, use_toasts};
use crate::frame::href;

/// So many ids are remembered; a stream that resumes repeats a minute, which is far less.
const REMEMBERED: usize = 4_096;

/// Whether what is on the screen is what is on the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LiveState {
    /// Before the first connection, and without JavaScript.
    Off,
    Connected,
    /// It comes back by itself and catches up.
    Lost,
}

type Subscriber = Arc<dyn Fn(&Event) + Send + Sync>;

/// The tab's live stream.
#[derive(Clone, Copy)]
pub struct Live {
    pub state: RwSignal<LiveState>,
    /// The runs that are active now.
    pub runs: RwSignal<Vec<RunView>>,
    subscribers: StoredValue<Vec<(u64, Subscriber)>>,
    next: StoredValue<u64>,
    memory: StoredValue<Memory>,
    toasts: Toasts,
}

/// What the tab has seen of the stream.
#[derive(Default)]
struct Memory {
    slug: String,
    known: HashSet<ActivityId>,
    order: VecDeque<ActivityId>,
    ended: HashSet<RunId>,
    /// The page's own time; older events are repeated for completeness and not worth a toast. Milliseconds.
    page_at: i64,
    /// The newest event's time: where a new stream begins. Milliseconds.
    last_at: i64,
}

impl Live {
    pub(crate) fn new() -> Self {
        Self {
            state: RwSignal::new(LiveState::Off),
            runs: RwSignal::new(Vec::new()),
            subscribers: StoredValue::new(Vec::new()),
            next: StoredValue::new(0),
            memory: StoredValue::new(Memory::default()),
            toasts: use_toasts(),
        }
    }

    /// Calls `on_event` for every new event, until the calling component is gone. Nothing on the server.
    pub fn subscribe(&self, on_event: impl Fn(&Event) + Send + Sync + 'static) {
        let id = self.next.get_value();
        self.next.set_value(id + 1);
        self.subscribers.update_value(|all| all.push((id, Arc::new(on_event))));
        let subscribers = self.subscribers;
        on_cleanup(move || {
            let _ = subscribers.try_update_value(|all| all.retain(|(other, _)| *other != id));
        });
    }

    /// Calls `refetch` once a second at most while events that matter flow, and after the last of them.
    pub fn refetch_on(
        &self,
        matters: impl Fn(&Event) -> bool + Send + Sync + 'static,
        refetch: impl Fn() + Clone + Send + Sync + 'static,
    ) {
        let pending = StoredValue::new(false);
        self.subscribe(move |event| {
            if pending.get_value() || !matters(event) {
                return;
            }
            pending.set_value(true);
            let refetch = refetch.clone();
            set_timeout(
                move || {
                    // The component may be gone by now, and its resource with it.
                    if pending.try_set_value(false).is_none() {
                        refetch();
                    }
                },
                std::time::Duration::from_secs(1),
            );
        });
    }

    /// Begins to follow `slug` from the page's own time on.
    #[cfg(feature = "hydrate")]
    pub(crate) fn follow(&self, slug: &str, page_at: i64, active: Vec<RunView>) {
        if self.memory.with_value(|memory| memory.slug == slug) {
            return;
        }
        self.runs.set(active);
        self.memory.update_value(|memory| {
            *memory = Memory { slug: slug.to_owned(), page_at, last_at: page_at, ..Memory::default() };
        });
        stream::follow(*self);
    }

    /// Ends the stream; the screens that it was for are gone.
    #[cfg(feature = "hydrate")]
    pub(crate) fn close() {
        stream::close();
    }

    #[cfg_attr(not(feature = "hydrate"), expect(dead_code, reason = "only a browser has a stream"))]
    fn receive(&self, event: &Event) {
        let fresh = self.memory.try_update_value(|memory| memory.is_new(event)).unwrap_or(false);
        if !fresh {
            return;
        }
        if let EventBody::Run { run } = &event.body {
            self.note_run(run, event.at.timestamp_millis());
        }
        // Cloned first: a subscriber may subscribe or go away while it is called.
        let subscribers = self.subscribers.get_value();
        for (_, subscriber) in subscribers {
            subscriber(event);
        }
    }

    fn note_run(&self, run: &RunView, at: i64) {
        if run.state.is_active() {
            let over = self.memory.with_value(|memory| memory.ended.contains(&run.id));
            if !over {
                self.runs.update(|runs| put(runs, run));
            }
            return;
        }
        self.runs.update(|runs| runs.retain(|other| other.id != run.id));
        let (first, page_at, slug) = self
            .memory
            .try_update_value(|memory| (memory.ended.insert(run.id), memory.page_at, memory.slug.clone()))
            .unwrap_or_default();
        if first && at >= page_at {
            self.announce(run, &slug);
        }
    }

    fn announce(&self, run: &RunView, slug: &str) {
        let quiet = run.trigger == Trigger::Schedule && run.counts.changed == 0 && run.counts.failed == 0;
        if run.phase == Phase::Test || (quiet && run.state == RunState::Succeeded) {
            return;
        }
        let (tone, text) = outcome(run);
        match run.sync {
            Some(sync) => self.toasts.push_link(tone, text, href(slug, &format!("syncs/{sync}")), "Open"),
            None => self.toasts.push(tone, text),
        }
    }
}

/// The tab's live stream. Only below the organisation's route.
#[must_use]
pub fn use_live() -> Live {
    expect_context::<Live>()
}

impl Memory {
    fn is_new(&mut self, event: &Event) -> bool {
        self.last_at = self.last_at.max(event.at.timestamp_millis());
        if !self.known.insert(event.id) {
            return false;
        }
        self.order.push_back(event.id);
        if self.order.len() > REMEMBERED
            && let Some(oldest) = self.order.pop_front()
        {
            self.known.remove(&oldest);
        }
        true
    }
}

/// A repeated event may be older than what is known: a run's counts only grow.
fn put(runs: &mut Vec<RunView>, run: &RunView) {
    match runs.iter_mut().find(|other| other.id == run.id) {
        Some(known) if known.counts.done > run.counts.done => {}
        Some(known) => *known = run.clone(),
        None => runs.push(run.clone()),
    }
}

/// What a run that ended is told as.
fn outcome(run: &RunView) -> (domain::activity::Tone, String) {
    use domain::activity::Tone;
    let title = title_of(run);
    match run.state {
        RunState::Failed => {
            let why = run.message.clone().unwrap_or_else(|| "It could not come to its end.".to_owned());
            (Tone::Failure, format!("{title} failed. {why}"))
        }
        RunState::Cancelled => (Tone::Info, format!("{title} was cancelled.")),
        RunState::CompletedWithErrors => {
            let (failed, done) = (grouped(run.counts.failed), counted(run.counts.done, "record"));
            (Tone::Warning, format!("{title} is done: {failed} of {done} failed."))
        }
        _ => (Tone::Success, format!("{title} is done: {}.", counted(run.counts.done, "record"))),
    }
}
