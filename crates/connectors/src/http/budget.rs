//! How much of vendors' answers one process holds at once, over all connections and slices together.
//!
//! While it is read every answer has a small place, of which there are many; one that turns out to be large waits for one
//! of few places of the full size, and keeps it until it has been understood and dropped. An answer that waits is not
//! read, so its sender waits too.
//!
//! No host has more than a part of the places, so that one that sends slowly does not hold up the others' answers.
//!
//! Nobody waits for ever, because nobody sends another request while he holds a place: only answers that say how things
//! went and are followed by another request (202, 401, 412) could be held so, and those give their place back at once.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use http::StatusCode;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use crate::error::{Error, Result};

/// The largest answer that is read, in bytes after decompression.
pub(super) const LARGEST: usize = 8 * 1024 * 1024;
/// What an answer may have without waiting for a large place.
pub(super) const SMALL: usize = 128 * 1024;
/// With these a process holds 64 MB at most: 128 × 128 KB and 6 × 8 MB.
const SMALL_PLACES: usize = 128;
const LARGE_PLACES: usize = 6;
/// What one host has of them.
const HOSTS_SMALL: usize = 32;
const HOSTS_LARGE: usize = 2;

/// The places of a process; clones share them.
#[derive(Debug, Clone)]
pub(super) struct Budget {
    all: Arc<Places>,
    /// By host, as long as somebody holds a place of it.
    hosts: Arc<Mutex<HashMap<String, Weak<Places>>>>,
}

#[derive(Debug)]
struct Places {
    small: Arc<Semaphore>,
    large: Arc<Semaphore>,
}

impl Places {
    fn new(small: usize, large: usize) -> Arc<Self> {
        Arc::new(Self { small: Arc::new(Semaphore::new(small)), large: Arc::new(Semaphore::new(large)) })
    }
}

/// The places of an answer that is being read.
#[derive(Debug)]
pub(super) struct Held {
    _small: [OwnedSemaphorePermit; 2],
    large: Option<Large>,
    host: Arc<Places>,
}

/// The place of a large answer until it is dropped: the host's and the process's.
#[derive(Debug)]
pub(super) struct Large {
    _places: [OwnedSemaphorePermit; 2],
    _host: Arc<Places>,
}

impl Budget {
    pub fn new() -> Self {
        Self::with(SMALL_PLACES, LARGE_PLACES)
    }

    fn with(small: usize, large: usize) -> Self {
        Self { all: Places::new(small, large), hosts: Arc::default() }
    }

    /// A place for an answer of `host` that is about to be read.
    pub async fn begin(&self, host: &str) -> Result<Held> {
        let host = self.host(host);
        // The host's own first: who waits for it has nothing that another host could want.
        let own = place(&host.small).await?;
        Ok(Held { _small: [own, place(&self.all.small).await?], large: None, host })
    }

    fn host(&self, name: &str) -> Arc<Places> {
        let mut hosts = self.hosts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(places) = hosts.get(name).and_then(Weak::upgrade) {
            return places;
        }
        hosts.retain(|_, places| places.strong_count() > 0);
        let places = Places::new(HOSTS_SMALL, HOSTS_LARGE);
        hosts.insert(name.to_owned(), Arc::downgrade(&places));
        places
    }

    /// Makes sure that an answer of `size` bytes has its place.
    pub async fn grow(&self, held: &mut Held, size: usize) -> Result<()> {
        if size > LARGEST {
            return Err(Error::Malformed { message: crate::error::TOO_LARGE.into() });
        }
        if size > SMALL && held.large.is_none() {
            let own = place(&held.host.large).await?;
            held.large = Some(Large { _places: [own, place(&self.all.large).await?], _host: held.host.clone() });
        }
        Ok(())
    }
}

impl Held {
    /// What an answer of this status keeps now that it has been read.
    pub fn kept(self, status: StatusCode) -> Option<Large> {
        self.large.filter(|_| status.is_success() && status != StatusCode::ACCEPTED)
    }
}

async fn place(of: &Arc<Semaphore>) -> Result<OwnedSemaphorePermit> {
    // Nobody closes it; were it closed, nothing could be read any more.
    let closed = |_| super::fault::unreachable(crate::error::Unreachable::Broken);
    of.clone().acquire_owned().await.map_err(closed)
}

#[cfg(test)]
mod tests {
    use futures::FutureExt;

    use super::*;

    #[test]
    fn a_process_holds_sixty_four_megabytes_at_most() {
        assert_eq!(SMALL_PLACES * SMALL + LARGE_PLACES * LARGEST, 64 * 1024 * 1024);
    }

    #[tokio::test]
    async fn a_large_answer_waits_for_a_large_place_and_small_ones_pass_it() {
        let budget = Budget::with(3, 1);
        let (mut first, mut second) = (budget.begin("erp").await.unwrap(), budget.begin("erp").await.unwrap());
        budget.grow(&mut first, SMALL + 1).await.unwrap();
        assert!(budget.grow(&mut second, SMALL + 1).now_or_never().is_none(), "the only large place is taken");
        let third = budget.begin("erp").now_or_never().expect("a small one need not wait").unwrap();
        assert!(budget.begin("erp").now_or_never().is_none(), "all places are taken");
        drop(third);
        let read = first.kept(StatusCode::OK);
        assert!(budget.begin("erp").now_or_never().is_some(), "one that was read needs no small place any more");
        assert!(budget.grow(&mut second, SMALL + 1).now_or_never().is_none(), "and keeps its large one");
        drop(read);
        assert!(budget.grow(&mut second, LARGEST).now_or_never().is_some_and(|grown| grown.is_ok()));
        assert!(budget.grow(&mut second, LARGEST + 1).await.is_err(), "larger than any answer may be");
    }

    #[tokio::test]
    async fn an_answer_that_another_request_follows_keeps_nothing() {
        let budget = Budget::with(1, 1);
        for status in [StatusCode::ACCEPTED, StatusCode::UNAUTHORIZED, StatusCode::PRECONDITION_FAILED] {
            let mut held = budget.begin("erp").await.unwrap();
            budget.grow(&mut held, LARGEST).await.unwrap();
            assert!(held.kept(status).is_none(), "{status}");
        }
    }

    #[tokio::test]
    async fn an_answer_grows_into_one_large_place_only() {
        let budget = Budget::with(1, 1);
        let mut held = budget.begin("erp").await.unwrap();
        for size in [SMALL + 1, SMALL * 2, LARGEST] {
            budget.grow(&mut held, size).now_or_never().expect("it has its place").unwrap();
        }
    }

    #[tokio::test]
    async fn a_host_that_sends_slowly_leaves_the_others_their_places() {
        let budget = Budget::new();
        let mut slow = Vec::new();
        for _ in 0..HOSTS_SMALL {
            slow.push(budget.begin("slow").now_or_never().expect("it has places").unwrap());
        }
        assert!(budget.begin("slow").now_or_never().is_none(), "its part is taken");
        for held in slow.iter_mut().take(HOSTS_LARGE) {
            budget.grow(held, LARGEST).now_or_never().expect("it has large places").unwrap();
        }
        assert!(budget.grow(&mut slow[HOSTS_LARGE], LARGEST).now_or_never().is_none(), "its part of them is taken too");
        let mut other = budget.begin("other").now_or_never().expect("others have theirs").unwrap();
        budget.grow(&mut other, LARGEST).now_or_never().expect("large ones too").unwrap();
    }
}
