//! The hash of a canonical record.

use serde::{Deserialize, Serialize};
use sha2::{Digest, Sha256};

use super::Canonical;

/// SHA-256 of the record's JSON with sorted keys.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct ContentHash([u8; 32]);

impl ContentHash {
    #[must_use]
    pub fn of(record: &Canonical) -> Self {
        // A `Value`'s map is sorted by key, so the order of a struct's fields in the source code has no part in the hash.
        Self::of_value(&serde_json::to_value(record).unwrap_or_default())
    }

    /// Of a record that is JSON already.
    #[must_use]
    pub fn of_value(record: &serde_json::Value) -> Self {
        Self(Sha256::digest(record.to_string().as_bytes()).into())
    }

    #[must_use]
    pub const fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// `None` when it is not 32 bytes.
    #[must_use]
    pub fn from_slice(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }
}

impl std::fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.iter().take(6).try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}
