//! The frame around every screen of an organisation: who is there, what runs now.

use crate::prelude::*;
use domain::account::{Me, Permission};
use domain::run::RunView;
use leptos_router::hooks::use_params_map;
use serde::{Deserialize, Serialize};

use crate::rpc::{Load, rpc};

/// What every screen of an organisation begins with.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Frame {
    pub me: Me,
    /// The runs that are active now.
    pub active: Vec<RunView>,
    /// The server's time in milliseconds: where the live stream begins.
    pub at: i64,
}

impl Frame {
    /// Whether the signed-in person may do it here.
    #[must_use]
    pub fn may(&self, permission: Permission) -> bool {
        self.me.organisation.role.may(permission)
    }
}

/// The frame as it is loaded; pages await it beside their own data.
#[derive(Clone, Copy)]
pub struct FrameLoad(pub Load<Frame>);

/// The frame of the organisation in the URL. Only below the organisation's route.
#[must_use]
pub fn use_frame() -> Load<Frame> {
    expect_context::<FrameLoad>().0
}

/// The organisation's part of the URL.
#[must_use]
pub fn use_slug() -> Memo<String> {
    let params = use_params_map();
    Memo::new(move |_| params.read().get("slug").unwrap_or_default())
}

/// The address of `path` in the organisation: `href("acme", "syncs")` = `/o/acme/syncs`.
#[must_use]
pub fn href(slug: &str, path: &str) -> String {
    if path.is_empty() { format!("/o/{slug}") } else { format!("/o/{slug}/{path}") }
}

rpc! {
    /// Who is signed in, in this organisation, and what runs now.
    query "frame";
    pub async fn load_frame(slug: String) -> Result<Frame, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let engine = request::engine()?;
        let organisations = engine::accounts::organisations(&engine, member.user).await?;
        let active = engine::runs::active(&engine, &member).await?;
        let me = Me { email: member.email, organisation: member.organisation, organisations };
        Ok(Frame { me, active, at: request::now().timestamp_millis() })
    }
}
