//! Schedules: when does it run?

pub mod api;
mod interval;
mod table;

use crate::prelude::*;
use domain::account::Permission;
use domain::activity::EventBody;

use crate::flash::flash_of;
use crate::frame::{href, use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Load, Shown};
use crate::ui::{ButtonKind, Empty, Failure, Glyph, LinkButton, Page, use_live};

pub use table::ScheduleTable;

/// The name of this page's forms.
const FORM: &str = "schedules";

/// Every schedule of the organisation.
#[component]
pub fn SchedulesPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let schedules = Load::new(move || api::list_schedules(slug.get()));
    use_live().refetch_on(|event| matches!(event.body, EventBody::Run { .. }), move || schedules.refetch());
    provide_context(Changed(Callback::new(move |()| schedules.refetch())));
    let list = move || async move {
        let slug = slug.get_untracked();
        match (schedules.await, frame.await) {
            (Ok(schedules), _) if schedules.is_empty() => empty_state(&slug).into_any(),
            (Ok(schedules), Ok(frame)) => {
                let may_configure = frame.may(Permission::Configure);
                view! { <ScheduleTable slug schedules names_sync=true may_configure /> }.into_any()
            }
            (Err(error), _) | (_, Err(error)) => {
                view! { <Failure error retry=Callback::new(move |()| schedules.refetch()) /> }.into_any()
            }
        }
    };
    view! {
        <Page title="Schedules" intro="When each sync runs by itself. A time that was missed is made up for once.">
            <Answer flash=flash_of(FORM) />
            <Shown view=list lines=5 />
        </Page>
    }
}

/// Reads the schedules of the page again after one was changed.
#[derive(Clone, Copy)]
pub struct Changed(pub Callback<()>);

fn empty_state(slug: &str) -> impl IntoView + use<> {
    let new = href(slug, "syncs/new");
    view! {
        <Empty
            glyph=Glyph::Schedules
            title="No schedules yet"
            text="Each new sync comes with its schedules: prepare every 10 minutes, process every 5, everything once a day."
        >
            <LinkButton href=new kind=ButtonKind::Primary>"New sync"</LinkButton>
        </Empty>
    }
}
