//! Licensed sessions: each sign-in takes one until it signs out or is idle too long.

use std::collections::HashMap;

/// A session that nobody uses ends after this long (ASP.NET's default), in milliseconds.
pub const IDLE: i64 = 20 * 60_000;

/// The sessions of one account, by the text in their cookie.
#[derive(Debug, Default)]
pub struct Sessions {
    open: HashMap<String, i64>,
    most: usize,
}

impl Sessions {
    /// Opens a session unless all are taken.
    pub fn open(&mut self, id: String, limit: usize, now: i64) -> bool {
        self.expire(now);
        if self.open.len() >= limit {
            return false;
        }
        self.open.insert(id, now);
        self.most = self.most.max(self.open.len());
        true
    }

    /// Whether this session is open; using it keeps it open.
    pub fn touch(&mut self, id: &str, now: i64) -> bool {
        self.expire(now);
        self.open.get_mut(id).map(|used| *used = now).is_some()
    }

    /// Ends a session.
    pub fn close(&mut self, id: &str) {
        self.open.remove(id);
    }

    /// Ends all.
    pub fn clear(&mut self) {
        *self = Self::default();
    }

    /// Sessions open now, and the most that were open at a time.
    pub fn count(&mut self, now: i64) -> (usize, usize) {
        self.expire(now);
        (self.open.len(), self.most)
    }

    fn expire(&mut self, now: i64) {
        self.open.retain(|_, used| now - *used < IDLE);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_idle_session_gives_its_place_back() {
        let mut sessions = Sessions::default();
        assert!(sessions.open("a".to_owned(), 1, 0));
        assert!(!sessions.open("b".to_owned(), 1, IDLE - 1));
        assert!(sessions.open("b".to_owned(), 1, IDLE));
        assert!(!sessions.touch("a", IDLE));
        assert_eq!(sessions.count(IDLE), (1, 1));
    }
}
