//! The connections' server functions: session, permission, engine, return.

use domain::connection::{ConnectionForm, ConnectionView, Dependant};
use domain::run::RunView;
use domain::{ConnectionId, RunId, Vendor};
use serde::{Deserialize, Serialize};

use crate::rpc::rpc;

/// What the form of a connection was sent for: its two buttons.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Intent {
    Test,
    #[default]
    Save,
}

/// What came of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sent {
    /// The run that tests what was typed; its outcome is there when it has ended.
    Testing(RunId),
    Saved(ConnectionId),
}

rpc! {
    /// Every connection of the organisation.
    query "connections";
    pub async fn list_connections(slug: String) -> Result<Vec<ConnectionView>, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::connections::list(&request::engine()?, &member).await?)
    }
}

rpc! {
    /// One connection, and what goes away with it.
    query "connection";
    pub async fn load_connection(
        slug: String,
        connection: ConnectionId,
    ) -> Result<(ConnectionView, Vec<Dependant>), AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let engine = request::engine()?;
        let view = engine::connections::get(&engine, &member, connection, request::now()).await?;
        Ok((view, engine::connections::dependants(&engine, &member, connection).await?))
    }
}

rpc! {
    /// Tests what was typed, or saves it as a new connection or as `connection`.
    form SEND_CONNECTION = "send-connection";
    pub async fn send_connection(
        slug: String,
        vendor: Vendor,
        #[server(default)] connection: Option<ConnectionId>,
        #[server(default)] form: ConnectionForm,
        #[server(default)] intent: Intent,
    ) -> Result<Sent, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        let (engine, now) = (request::engine()?, request::now());
        let sent = match (intent, connection) {
            (Intent::Test, _) => {
                engine::connections::test_form(&engine, &member, vendor, connection, &form, now).await.map(Sent::Testing)
            }
            (Intent::Save, Some(id)) => {
                engine::connections::update(&engine, &member, id, &form, now).await.map(|()| Sent::Saved(id))
            }
            (Intent::Save, None) => {
                engine::connections::create(&engine, &member, vendor, &form, now).await.map(Sent::Saved)
            }
        };
        plain::answer(sent, &slug, vendor, connection, &form)
    }
}

rpc! {
    /// A run: how a test is doing.
    query "run";
    pub async fn load_run(slug: String, run: RunId) -> Result<RunView, AppError> {
        use crate::request;
        let member = request::member(&slug).await?;
        Ok(engine::runs::get(&request::engine()?, &member, run).await?)
    }
}

rpc! {
    /// Nothing is read from or written to it until somebody resumes it.
    form PAUSE_CONNECTION = "pause-connection";
    pub async fn pause_connection(slug: String, connection: ConnectionId) -> Result<(), AppError> {
        use crate::{pages::answer::answer, request};
        let member = request::member(&slug).await?;
        let done = engine::connections::pause(&request::engine()?, &member, connection, request::now()).await;
        answer(done, &slug, "connection", |()| "Paused. Its syncs wait until you resume it.".to_owned())
    }
}

rpc! {
    /// Uses a paused connection again.
    form RESUME_CONNECTION = "resume-connection";
    pub async fn resume_connection(slug: String, connection: ConnectionId) -> Result<(), AppError> {
        use crate::{pages::answer::answer, request};
        let member = request::member(&slug).await?;
        let done = engine::connections::resume(&request::engine()?, &member, connection, request::now()).await;
        answer(done, &slug, "connection", |()| "Resumed.".to_owned())
    }
}

rpc! {
    /// Deletes a connection with its syncs and their history; leads to the list.
    form DELETE_CONNECTION = "delete-connection";
    pub async fn delete_connection(slug: String, connection: ConnectionId) -> Result<(), AppError> {
        use crate::{flash, frame::href, request};
        let member = request::member(&slug).await?;
        let page = href(&slug, &format!("connections/{connection}"));
        engine::connections::delete(&request::engine()?, &member, connection, request::now())
            .await
            .map_err(|error| flash::back(&page, "connection", &[], error.into()))?;
        let list = href(&slug, "connections");
        flash::say(&list, "connections", "The connection is deleted.");
        leptos_axum::redirect(&list);
        Ok(())
    }
}

#[cfg(feature = "ssr")]
mod plain {
    use domain::connection::ConnectionForm;
    use domain::vendor::FieldKind;
    use domain::{ConnectionId, Vendor};

    use super::Sent;
    use crate::error::AppError;
    use crate::flash::{self, Flash};
    use crate::frame::href;
    use crate::request;

    /// Passes `sent` on. A new connection leads to its page; a form without JavaScript comes back with what was typed,
    /// and while a test runs its address names the run.
    pub(super) fn answer(
        sent: Result<Sent, engine::Error>,
        slug: &str,
        vendor: Vendor,
        connection: Option<ConnectionId>,
        form: &ConnectionForm,
    ) -> Result<Sent, AppError> {
        let page = match connection {
            Some(id) => href(slug, &format!("connections/{id}")),
            None => href(slug, &format!("connections/new?vendor={vendor}")),
        };
        let typed = typed(vendor, form);
        let sent = sent.map_err(|error| flash::back(&page, "connection", &typed, error.into()))?;
        match sent {
            Sent::Saved(id) => {
                let saved = href(slug, &format!("connections/{id}"));
                flash::say(&saved, "connection", "Saved.");
                if connection.is_none() {
                    leptos_axum::redirect(&saved);
                }
            }
            Sent::Testing(run) if request::wants_html() => {
                let values = typed.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
                flash::put(&Flash { form: "connection".to_owned(), values, ..Flash::default() });
                let joint = if page.contains('?') { '&' } else { '?' };
                leptos_axum::redirect(&format!("{page}{joint}test={run}"));
            }
            Sent::Testing(_) => {}
        }
        Ok(sent)
    }

    /// What was typed, without secrets: it goes through a cookie.
    fn typed(vendor: Vendor, form: &ConnectionForm) -> Vec<(&'static str, &str)> {
        let open = vendor.fields().iter().filter(|field| field.kind != FieldKind::Secret);
        let fields = open.map(|field| (field.name, form.value(field.name)));
        std::iter::once(("name", form.name.as_str())).chain(fields).collect()
    }
}
