//! The settings' server functions, and what their form sends.

use domain::SyncId;
use domain::sync::SettingsView;
use serde::{Deserialize, Serialize};

use crate::rpc::rpc;
#[cfg(feature = "ssr")]
use crate::{error::AppError, flash, frame::href, request};

/// What the form sends, as it was typed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct SettingsForm {
    /// The settings as they were when the form was made, as JSON.
    pub base: String,
    pub direction: String,
    pub primary: String,
    pub conflict_policy: String,
    pub deletion_policy: String,
    pub drift_policy: String,
    pub write_back: String,
    pub max_attempts: String,
    pub real_time: String,
    pub quiet_seconds: String,
    pub longest_wait_seconds: String,
    pub insist: String,
}

rpc! {
    /// The settings of a sync, and what of them is possible.
    query "sync-settings";
    pub async fn load_settings(slug: String, sync: SyncId) -> Result<SettingsView, AppError> {
        let member = request::member(&slug).await?;
        Ok(engine::syncs::settings(&request::engine()?, &member, sync).await?)
    }
}

rpc! {
    /// Changes the settings of a sync; says what changed.
    form SEND_SETTINGS = "sync-settings-send";
    pub async fn send_settings(slug: String, sync: SyncId, form: SettingsForm) -> Result<Vec<String>, AppError> {
        use super::{FORM, saved_text};
        let member = request::member(&slug).await?;
        let page = href(&slug, &format!("syncs/{sync}/settings"));
        let result = match form.change() {
            Ok(change) => {
                let done = engine::syncs::change(&request::engine()?, &member, sync, &change, request::now()).await;
                done.map_err(AppError::from)
            }
            Err(error) => Err(error),
        };
        match result {
            Ok(changes) => {
                flash::say(&page, FORM, &saved_text(&changes));
                Ok(changes)
            }
            Err(error) => Err(flash::back(&page, FORM, &form.typed(), error)),
        }
    }
}

#[cfg(feature = "ssr")]
impl SettingsForm {
    fn change(&self) -> Result<domain::sync::SettingsChange, AppError> {
        use domain::sync::{SettingsChange, SyncSettings};
        let base: SyncSettings = serde_json::from_str(&self.base).map_err(|_| incomplete())?;
        let wanted = SyncSettings {
            direction: choice(&self.direction)?,
            primary: choice(&self.primary)?,
            conflict_policy: choice(&self.conflict_policy)?,
            deletion_policy: choice(&self.deletion_policy)?,
            drift_policy: choice(&self.drift_policy)?,
            write_back: self.write_back == "yes",
            max_attempts: number(&self.max_attempts),
            real_time: choice(&self.real_time)?,
            quiet_seconds: number(&self.quiet_seconds),
            longest_wait_seconds: number(&self.longest_wait_seconds),
            ..base.clone()
        };
        Ok(SettingsChange { base, wanted, insists: self.insist == "yes" })
    }

    fn typed(&self) -> Vec<(&'static str, &str)> {
        vec![
            ("base", &self.base),
            ("direction", &self.direction),
            ("primary", &self.primary),
            ("conflict_policy", &self.conflict_policy),
            ("deletion_policy", &self.deletion_policy),
            ("drift_policy", &self.drift_policy),
            ("write_back", &self.write_back),
            ("max_attempts", &self.max_attempts),
            ("real_time", &self.real_time),
            ("quiet_seconds", &self.quiet_seconds),
            ("longest_wait_seconds", &self.longest_wait_seconds),
        ]
    }
}

#[cfg(feature = "ssr")]
fn choice<T: std::str::FromStr>(text: &str) -> Result<T, AppError> {
    text.parse().map_err(|_| incomplete())
}

/// What is no number is below the least one, and refused beside its field.
#[cfg(feature = "ssr")]
fn number(text: &str) -> i32 {
    text.trim().parse().unwrap_or(-1)
}

#[cfg(feature = "ssr")]
fn incomplete() -> AppError {
    let message = "The form was not complete. Reload the page and try again.".to_owned();
    AppError::Invalid { field: String::new(), message }
}
