//! Connections: which systems, and do they work?

pub mod api;
mod delete;
mod form;
mod new;
mod one;
mod test;

use crate::prelude::*;
use domain::account::Permission;
use domain::connection::ConnectionView;

use crate::flash::flash_of;
use crate::frame::{href, use_frame, use_slug};
use crate::pages::answer::Answer;
use crate::rpc::{Load, Shown};
use crate::ui::{ButtonKind, ConnectionBadge, Empty, Failure, Glyph, LinkButton, MaybeTime, Page, Table, grouped};
use api::list_connections;

pub use new::NewConnectionPage;
pub use one::ConnectionPage;

#[component]
pub fn ConnectionsPage() -> impl IntoView {
    let slug = use_slug();
    let frame = use_frame();
    let connections = Load::new(move || list_connections(slug.get()));
    let flash = flash_of("connections");
    let screen = move || async move {
        let may = frame.await.is_ok_and(|frame| frame.may(Permission::Configure));
        match connections.await {
            Ok(list) if list.is_empty() => nothing_yet(&slug.get_untracked(), may).into_any(),
            Ok(list) => rows(&slug.get_untracked(), list).into_any(),
            Err(error) => view! { <Failure error retry=move |()| connections.refetch() /> }.into_any(),
        }
    };
    let add = move || async move {
        let may = frame.await.is_ok_and(|frame| frame.may(Permission::Configure));
        let to = href(&slug.get_untracked(), "connections/new");
        let button =
            view! { <LinkButton href=to kind=ButtonKind::Primary glyph=Glyph::Plus>"New connection"</LinkButton> };
        may.then_some(button).into_any()
    };
    view! {
        <Page
            title="Connections".to_owned()
            intro="The shops and ERPs that Syncline reads from and writes to."
            actions=move || view! { <Shown view=add /> }
        >
            <Answer flash />
            <Shown view=screen lines=4 />
        </Page>
    }
}

fn nothing_yet(slug: &str, may: bool) -> impl IntoView + use<> {
    let (shop, erp) = (href(slug, "connections/new?vendor=shopify"), href(slug, "connections/new?vendor=acumatica"));
    view! {
        <Empty
            glyph=Glyph::Connections
            title="No connection yet"
            text="A sync takes records from one system to another. Connect your shop first, then your ERP."
        >
            {may
                .then(|| {
                    view! {
                        <LinkButton href=shop kind=ButtonKind::Primary>"Connect a shop"</LinkButton>
                        <LinkButton href=erp>"Connect an ERP"</LinkButton>
                    }
                })}
        </Empty>
    }
}

fn rows(slug: &str, list: Vec<ConnectionView>) -> impl IntoView + use<> {
    let rows = list.into_iter().map(|connection| row(slug, connection)).collect_view();
    view! {
        <Table
            label="Connections"
            columns=vec!["Name", "System", "State", "Last success", "Syncs"]
            numeric=&["Syncs"]
        >
            {rows}
        </Table>
    }
}

fn row(slug: &str, connection: ConnectionView) -> impl IntoView + use<> {
    let to = href(slug, &format!("connections/{}", connection.id));
    let error = connection.last_error.filter(|_| connection.last_error_at > connection.last_ok_at);
    view! {
        <tr>
            <th scope="row">
                <a href=to>{connection.name}</a>
                {error.map(|error| view! { <p class="row-error text-wrong">{error}</p> })}
            </th>
            <td data-label="System">{connection.vendor.label()} " " <span class="muted">{connection.vendor.system().label()}</span></td>
            <td data-label="State">
                <ConnectionBadge state=connection.state />
            </td>
            <td data-label="Last success">
                <MaybeTime at=connection.last_ok_at />
            </td>
            <td data-label="Syncs" class="numeric">
                {grouped(i64::from(connection.syncs))}
            </td>
        </tr>
    }
}
