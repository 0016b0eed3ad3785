//! The syncs' server functions: session, permission, engine, return.

use domain::connection::ConnectionView;
use domain::run::{Phase, Started};
use domain::sync::{Able, SyncDetail, SyncView};
use domain::{ConnectionId, Entity, RunId, SyncId};
use serde::{Deserialize, Serialize};

use crate::rpc::rpc;
#[cfg(feature = "ssr")]
use crate::{pages::answer::answer, request};

rpc! {
    /// Every sync of the organisation.
    query "syncs";
    pub async fn list_syncs(slug: String) -> Result<Vec<SyncView>, AppError> {
        let member = request::member(&slug).await?;
        Ok(engine::syncs::list(&request::engine()?, &member).await?)
    }
}

rpc! {
    /// One sync with its schedules, runs and mapping.
    query "sync";
    pub async fn load_sync(slug: String, sync: SyncId) -> Result<SyncDetail, AppError> {
        let member = request::member(&slug).await?;
        Ok(engine::syncs::get(&request::engine()?, &member, sync).await?)
    }
}

/// What a new sync can be made of.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Choices {
    pub connections: Vec<ConnectionView>,
    /// The syncs that there are already.
    pub syncs: Vec<SyncView>,
    /// What each vendor's system can be asked for.
    pub able: Vec<Able>,
}

rpc! {
    /// What a new sync can be made of.
    query "sync-choices";
    pub async fn load_choices(slug: String) -> Result<Choices, AppError> {
        let member = request::member(&slug).await?;
        let engine = request::engine()?;
        let connections = engine::connections::list(&engine, &member).await?;
        let syncs = engine::syncs::list(&engine, &member).await?;
        Ok(Choices { connections, syncs, able: engine::syncs::able() })
    }
}

rpc! {
    /// Makes a sync, and those of its prerequisites; leads to its page.
    form CREATE_SYNC = "sync-create";
    pub async fn create_sync(
        slug: String,
        entity: Entity,
        source: ConnectionId,
        destination: ConnectionId,
    ) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let new = domain::sync::NewSync { entity, source, destination };
        match engine::syncs::create(&request::engine()?, &member, &new, request::now()).await {
            Ok(id) => {
                leptos_axum::redirect(&crate::frame::href(&slug, &format!("syncs/{id}")));
                Ok(())
            }
            Err(error) => {
                let page = crate::frame::href(&slug, "syncs/new");
                let (source, destination) = (source.to_string(), destination.to_string());
                let typed = [("entity", entity.as_str()), ("source", &source), ("destination", &destination)];
                Err(crate::flash::back(&page, crate::pages::syncs::new::FORM, &typed, error.into()))
            }
        }
    }
}

rpc! {
    /// Starts a run, or says which one is active already. Answers before the run does anything.
    form START_RUN = "run-start";
    pub async fn start_run(slug: String, sync: SyncId, phase: Phase) -> Result<Started, AppError> {
        let member = request::member(&slug).await?;
        let result = engine::runs::start(&request::engine()?, &member, sync, phase, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, crate::pages::syncs::run::started_text)
    }
}

rpc! {
    /// Ends an active run after the slice that is under way.
    form CANCEL_RUN = "run-cancel";
    pub async fn cancel_run(slug: String, run: RunId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::runs::cancel(&request::engine()?, &member, run, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, |()| "The run ends after the records that are under way.".into())
    }
}

rpc! {
    /// Stops a sync from running.
    form PAUSE_SYNC = "sync-pause";
    pub async fn pause_sync(slug: String, sync: SyncId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::syncs::pause(&request::engine()?, &member, sync, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, |()| "The sync is paused.".into())
    }
}

rpc! {
    /// Lets a paused sync go on.
    form RESUME_SYNC = "sync-resume";
    pub async fn resume_sync(slug: String, sync: SyncId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::syncs::resume(&request::engine()?, &member, sync, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, |()| "The sync goes on.".into())
    }
}

rpc! {
    /// Deletes a sync with its history; leads to the list.
    form DELETE_SYNC = "sync-delete";
    pub async fn delete_sync(slug: String, sync: SyncId) -> Result<(), AppError> {
        let member = request::member(&slug).await?;
        let result = engine::syncs::delete(&request::engine()?, &member, sync, request::now()).await;
        answer(result, &slug, crate::pages::syncs::FORM, |()| "The sync is deleted.".into())?;
        leptos_axum::redirect(&crate::frame::href(&slug, "syncs"));
        Ok(())
    }
}
