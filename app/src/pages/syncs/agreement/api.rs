//! The agreement's server functions: session, permission, engine, return.

use domain::reconcile::{FindingKind, FindingPage};
use domain::sync::SyncView;
use domain::{FindingId, SyncId};
use serde::{Deserialize, Serialize};

use crate::rpc::rpc;
use crate::ui::number::grouped;
#[cfg(feature = "ssr")]
use crate::{pages::answer::answer, request};

/// A sync with a page of what was found.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Compared {
    pub sync: SyncView,
    pub page: FindingPage,
}

rpc! {
    /// What the newest reconcile run of a sync has found.
    query "sync-agreement";
    pub async fn load_agreement(
        slug: String,
        sync: SyncId,
        #[server(default)] kind: Option<FindingKind>,
        #[server(default)] after: Option<FindingId>,
    ) -> Result<Compared, AppError> {
        let member = request::member(&slug).await?;
        let engine = request::engine()?;
        let page = engine::reconcile::page(&engine, &member, sync, kind, after).await?;
        let sync = engine::syncs::get(&engine, &member, sync).await?.sync;
        Ok(Compared { sync, page })
    }
}

rpc! {
    /// Sends findings to be synchronised again: those in `ids`, or with `all` every one of a kind that is not yet.
    form REPAIR = "sync-repair";
    pub async fn repair_findings(
        slug: String,
        sync: SyncId,
        #[server(default)] all: bool,
        #[server(default)] kind: Option<FindingKind>,
        #[server(default)] ids: Vec<FindingId>,
    ) -> Result<i64, AppError> {
        use domain::reconcile::Repair;
        let member = request::member(&slug).await?;
        let repair = if all { Repair::All(kind) } else { Repair::These(ids) };
        let result = engine::reconcile::repair(&request::engine()?, &member, sync, &repair, request::now()).await;
        answer(result, &slug, super::FORM, |prepared| repaired_text(*prepared))
    }
}

/// What is said after a repair.
#[must_use]
pub fn repaired_text(prepared: i64) -> String {
    match prepared {
        0 => "Nothing was left to repair. Tick what is to be synchronised again.".to_owned(),
        1 => "1 record is synchronised again.".to_owned(),
        more => format!("{} records are synchronised again.", grouped(more)),
    }
}
