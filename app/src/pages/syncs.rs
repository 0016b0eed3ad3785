//! Syncs: what goes where, and how?

pub mod agreement;
pub mod api;
mod counts;
pub mod decisions;
mod delete;
mod detail;
pub mod dry_run;
pub mod filter;
mod mapping;
mod more;
mod new;
mod picture;
mod run;
pub mod settings;
mod table;
mod tabs;

use crate::prelude::*;
use domain::account::Permission;
use domain::activity::EventBody;

use crate::flash::flash_of;
use crate::frame::{href, use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Load, Shown};
use crate::ui::{ButtonKind, Empty, Failure, Glyph, LinkButton, Page, use_live};
use table::SyncTable;

pub use agreement::AgreementPage;
pub use detail::SyncPage;
pub use dry_run::DryRunPage;
pub use filter::SyncFilterPage;
pub use new::NewSyncPage;
pub use settings::SyncSettingsPage;

/// The name of these pages' forms.
const FORM: &str = "sync";

/// Every sync of the organisation.
#[component]
pub fn SyncsPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let syncs = Load::new(move || api::list_syncs(slug.get()));
    use_live().refetch_on(
        |event| matches!(event.body, EventBody::Run { .. } | EventBody::Records { .. }),
        move || syncs.refetch(),
    );
    let button = move || async move {
        let may = frame.await.is_ok_and(|frame| frame.may(Permission::Configure));
        let new = href(&slug.get_untracked(), "syncs/new");
        let button = view! { <LinkButton href=new kind=ButtonKind::Primary glyph=Glyph::Plus>"New sync"</LinkButton> };
        may.then_some(button).into_any()
    };
    let actions = move || view! { <Shown view=button /> };
    let list = move || async move {
        let slug = slug.get_untracked();
        match syncs.await {
            Ok(syncs) if syncs.is_empty() => empty_state(&slug).into_any(),
            Ok(syncs) => view! { <SyncTable slug syncs /> }.into_any(),
            Err(error) => view! { <Failure error retry=Callback::new(move |()| syncs.refetch()) /> }.into_any(),
        }
    };
    view! {
        <Page title="Syncs" intro="Which records go where." actions>
            <Answer flash=flash_of(FORM) />
            <Shown view=list lines=5 />
        </Page>
    }
}

fn empty_state(slug: &str) -> impl IntoView + use<> {
    let (new, connections) = (href(slug, "syncs/new"), href(slug, "connections"));
    view! {
        <Empty
            glyph=Glyph::Syncs
            title="No syncs yet"
            text="A sync carries one kind of record, such as orders, from a shop to an ERP. It needs a connection to each."
        >
            <LinkButton href=new kind=ButtonKind::Primary>"New sync"</LinkButton>
            <LinkButton href=connections>"Go to connections"</LinkButton>
        </Empty>
    }
}
