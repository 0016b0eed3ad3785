//! How a page's answers travel with it: the server writes each into the page, and the browser finds it there.
//!
//! Both sides name an answer by what was asked, so that neither has to ask in the other's order.

#[cfg(feature = "ssr")]
use std::collections::{HashMap, hash_map::Entry};
#[cfg(feature = "ssr")]
use std::sync::{Arc, Mutex, PoisonError};

use crate::prelude::*;
#[cfg(feature = "ssr")]
use futures::future::{FutureExt, Shared};
use hydration_context::SerializedDataId;
#[cfg(not(feature = "ssr"))]
use leptos::reactive::computed::ArcAsyncDerived;
#[cfg(feature = "ssr")]
use leptos::{reactive::computed::ScopedFuture, task::spawn};

#[cfg(feature = "ssr")]
use super::Boxed;
#[cfg(any(not(feature = "ssr"), test))]
use super::read;
use crate::error::AppError;

type Text = Result<String, AppError>;

/// What was asked, in so many bits as a script's list has places.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Key(u32);

impl Key {
    /// The key of a call to `path` with `body`.
    #[must_use]
    pub fn of(path: &str, body: &str) -> Self {
        // FNV-1a. The highest bit stays free: a script's list ends one place before 2³².
        let bytes = path.bytes().chain([b'?']).chain(body.bytes());
        let hash = bytes.fold(0x811c_9dc5_u32, |hash, byte| (hash ^ u32::from(byte)).wrapping_mul(0x0100_0193));
        Self(hash >> 1)
    }

    fn id(self) -> SerializedDataId {
        SerializedDataId::new(self.0 as usize)
    }
}

/// An answer as it stands in the page.
#[cfg(any(feature = "ssr", test))]
fn written(answer: &Text) -> String {
    match answer {
        Ok(text) => format!("+{text}"),
        Err(error) => format!("-{}", serde_json::to_string(error).unwrap_or_default()),
    }
}

/// What [`written`] wrote.
#[cfg(any(not(feature = "ssr"), test))]
fn understood(text: &str) -> Option<Text> {
    match text.strip_prefix('-') {
        Some(error) => Some(Err(read(error).unwrap_or_else(|error| error))),
        None => text.strip_prefix('+').map(|text| Ok(text.to_owned())),
    }
}

/// What one page asks while the server makes it: every question once, however often it comes up.
///
/// A view that waits within another's is made more than once before it is sent, and what a view that was given up had
/// asked would be answered without its surroundings, later than the answer that is shown: the page would come to life
/// with it.
#[cfg(feature = "ssr")]
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<HashMap<u32, Shared<Boxed<Text>>>>>);

/// Begins a page that asks nothing twice.
#[cfg(feature = "ssr")]
pub(crate) fn provide_asked() {
    provide_context(Asked::default());
}

#[cfg(feature = "ssr")]
impl Asked {
    /// The answer to the call, and whether it is asked for the first time.
    fn answer(&self, key: Key, call: Boxed<Text>) -> (Shared<Boxed<Text>>, bool) {
        let mut asked = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match asked.entry(key.0) {
            Entry::Occupied(known) => (known.get().clone(), false),
            Entry::Vacant(free) => {
                // Carried out in the surroundings of the page, which outlive every view.
                let page = Owner::current().map(outermost).unwrap_or_default();
                let answer: Boxed<Text> = Box::pin(page.with(|| ScopedFuture::new_untracked(call)));
                let answer = free.insert(answer.shared()).clone();
                // It goes on when the view that asked is given up, and with it what the answer has locked.
                spawn(answer.clone().map(drop));
                (answer, true)
            }
        }
    }
}

#[cfg(feature = "ssr")]
fn outermost(mut owner: Owner) -> Owner {
    while let Some(parent) = owner.parent() {
        owner = parent;
    }
    owner
}

/// Asks on the server, and writes the answer into the page.
#[cfg(feature = "ssr")]
pub(super) fn sent(call: impl Fn() -> (Key, Boxed<Text>)) -> AsyncDerived<Text> {
    let (key, call) = untrack(call);
    let (answer, is_first) = use_context::<Asked>().unwrap_or_default().answer(key, call);
    if let Some(page) = Owner::current_shared_context().filter(|page| is_first && page.get_is_hydrating()) {
        let answer = answer.clone();
        page.write_async(key.id(), Box::pin(async move { written(&answer.await) }));
    }
    AsyncDerived::new(move || answer.clone())
}

/// Takes the answer out of the page that is coming to life; otherwise, and whenever the question changes, asks.
#[cfg(not(feature = "ssr"))]
pub(super) fn taken_over(
    again: RwSignal<usize>,
    call: Box<dyn Fn() -> (Key, Result<super::Request, AppError>) + Send + Sync>,
) -> AsyncDerived<Text> {
    use leptos::reactive::graph::{Source, ToAnySubscriber};

    let asked = ArcMemo::new(move |_| (again.get(), call()));
    let key = asked.with_untracked(|(_, (key, _))| *key);
    let found = Owner::current_shared_context().and_then(|page| understood(&page.read_data(&key.id())?));
    let is_there = found.is_some();
    let source = asked.clone();
    let answer =
        ArcAsyncDerived::new_with_manual_dependencies(found, move || super::send::send(source.get().1.1), &asked);
    if is_there {
        asked.add_subscriber(answer.to_any_subscriber());
    }
    answer.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_answer_survives_its_page_whatever_it_is() {
        for answer in [Ok(String::new()), Ok("-1".to_owned()), Err(AppError::SignedOut)] {
            assert_eq!(understood(&written(&answer)), Some(answer));
        }
        assert_eq!(understood(""), None);
    }

    #[test]
    fn what_is_asked_is_told_apart_and_fits_into_a_list() {
        let keys = [Key::of("/api/a", ""), Key::of("/api/a", "x=1"), Key::of("/api/a", "x=2"), Key::of("/api/b", "")];
        for (place, key) in keys.iter().enumerate() {
            assert!(!keys[..place].contains(key));
            assert!(key.0 < 1 << 31);
        }
    }
}
