//! The Overview: is everything all right?

use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};

use crate::activity::ActivityItem;
use crate::connection::Breaker;
use crate::run::RunView;
use crate::sync::SyncView;
use crate::{RecordStatus, SyncId};

/// Everything that the Overview shows.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Overview {
    pub checklist: Checklist,
    pub syncs: Vec<SyncView>,
    /// The runs that are active now.
    pub active: Vec<RunView>,
    /// What needs a person, the most urgent first.
    pub attention: Vec<Attention>,
    /// The last 24 hours, one point an hour, the oldest first.
    pub throughput: Vec<HourPoint>,
    pub recent: Vec<ActivityItem>,
    /// The sandbox can be connected (the demo's servers only).
    pub sandbox_offered: bool,
    /// Where the sandbox's back offices are, when this organisation uses them.
    pub sandbox_url: Option<String>,
}

/// The first steps; all true = the list is gone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Checklist {
    pub shop_connected: bool,
    pub erp_connected: bool,
    pub sync_made: bool,
    pub first_record_processed: bool,
}

impl Checklist {
    #[must_use]
    pub const fn is_done(&self) -> bool {
        self.shop_connected && self.erp_connected && self.sync_made && self.first_record_processed
    }
}

/// Something that needs a person.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Attention {
    pub text: String,
    /// Below the organisation's address.
    pub link: String,
    pub sync: Option<SyncId>,
    pub status: Option<RecordStatus>,
    /// Since when a system does not answer, and when it is asked again.
    #[serde(default)]
    pub breaker: Option<Breaker>,
}

/// What happened in an hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct HourPoint {
    pub hour: DateTime<Utc>,
    pub processed: i64,
    pub failed: i64,
}
