//! The versions of a record: any two side by side, and the way back to one.

use crate::prelude::*;
use domain::history::{VersionPage, VersionView, VersionsCompared};
use domain::{RecordId, Side};

use super::one_api::{load_versions, load_versions_page};
use super::pairs::PairTable;
use super::part::Part;
use crate::error::AppError;
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::time::MaybeTime;
use crate::ui::{Button, ButtonKind, Failure, Pager, Time};

/// Where in the versions of which record somebody is.
#[derive(Clone)]
pub struct Place {
    pub record: RecordId,
    /// The two that stand side by side.
    pub chosen: Option<(i64, i64)>,
    /// The page begins before this version.
    pub older: Option<i64>,
    /// The address of the first page.
    pub here: String,
}

/// The list with two columns of choices, and what differs between the two that are chosen.
#[component]
pub fn VersionsPart(slug: String, place: Place, may_operate: bool, post: Post<()>) -> impl IntoView {
    let Place { record, chosen, older, .. } = place;
    let page = {
        let slug = slug.clone();
        Load::new(move || load_versions_page(slug.clone(), record, older))
    };
    let compared = chosen.map(|(one, other)| {
        let slug = slug.clone();
        Load::new(move || load_versions(slug.clone(), record, one, other))
    });
    let content = move || {
        let (slug, place) = (slug.clone(), place.clone());
        async move {
            let list = match page.await {
                Ok((page, replay)) => list_view(&slug, &place, page, replay, may_operate.then_some(post)),
                Err(error) => {
                    let retry = Callback::new(move |()| page.refetch());
                    view! { <Failure error retry /> }.into_any()
                }
            };
            let compared = match compared {
                Some(compared) => Some(compared_view(compared.await)),
                None => None,
            };
            view! { {list} {compared} }.into_any()
        }
    };
    view! { <Shown view=content lines=4 /> }
}

fn list_view(
    slug: &str,
    place: &Place,
    page: VersionPage,
    replay_version: Option<i64>,
    post: Option<Post<()>>,
) -> AnyView {
    let VersionPage { versions, older } = page;
    if versions.is_empty() {
        return view! { <p class="muted">"It has not been read yet. Its first version comes with the first read."</p> }
            .into_any();
    }
    let newest = versions.first().map_or(1, |version| version.version);
    let (one, other) = place.chosen.unwrap_or((versions.get(1).map_or(newest, |version| version.version), newest));
    let several = versions.len() > 1;
    let rows = versions.into_iter().map(|version| {
        let replay = post
            .filter(|_| version.side == Side::Source)
            .map(|post| replay_form(slug.to_owned(), place.record, version.version, replay_version, post));
        version_row(version, several.then_some((one, other)), replay)
    });
    let rows = rows.collect_view();
    let button = several.then(|| {
        view! { <button type="submit" form="versions-form" class="button">"Show side by side"</button> }
    });
    let note = replay_version.map(|version| view! { <p>{format!("Version {version} is processed next.")}</p> });
    let newer = place.older.map(|_| place.here.clone());
    let older = older.map(|version| format!("{}&older={version}", place.here));
    view! {
        {note}
        // The buttons for a replay belong to forms of their own, below: a form in a form is none.
        <form method="get" id="versions-form" action=format!("/o/{slug}/history")>
            <input type="hidden" name="record" value=place.record.to_string() />
            <input type="hidden" name="part" value=Part::Versions.as_str() />
            {place.older.map(|older| view! { <input type="hidden" name="older" value=older.to_string() /> })}
        </form>
        <div class="table-region" role="region" aria-label="Versions" tabindex="0">
            <table class="table table-plain">
                <thead>
                    <tr>
                        {several.then(|| view! { <th scope="col">"One"</th><th scope="col">"Other"</th> })}
                        <th scope="col" class="numeric">"Version"</th>
                        <th scope="col">"Seen"</th>
                        <th scope="col">"Changed there"</th>
                        <th scope="col"><span class="visually-hidden">"Replay"</span></th>
                    </tr>
                </thead>
                <tbody>{rows}</tbody>
            </table>
        </div>
        <div class="buttons">{button}</div>
        <Pager previous=newer next=older previous_words="Newest" />
        <p class="muted">
            "A replay writes that version once more. The next change at the source wins again."
        </p>
    }
    .into_any()
}

fn version_row(version: VersionView, chosen: Option<(i64, i64)>, replay: Option<AnyView>) -> impl IntoView {
    let number = version.version;
    let choice = |name: &'static str, at: i64| {
        view! {
            <td>
                <input
                    type="radio"
                    form="versions-form"
                    name=name
                    value=number.to_string()
                    checked=at == number
                    aria-label=format!("Version {number}")
                />
            </td>
        }
    };
    let side = (version.side == Side::Destination).then(|| view! { " " <span class="muted">"destination"</span> });
    view! {
        <tr>
            {chosen.map(|(one, other)| (choice("one", one), choice("other", other)))}
            <th scope="row" class="numeric">{number}{side}</th>
            <td><Time at=version.seen_at /></td>
            <td><MaybeTime at=version.modified_at /></td>
            <td>{replay}</td>
        </tr>
    }
}

fn replay_form(slug: String, record: RecordId, version: i64, waits: Option<i64>, post: Post<()>) -> AnyView {
    if waits == Some(version) {
        return view! { <span class="muted">"next"</span> }.into_any();
    }
    view! {
        <PostForm post>
            <input type="hidden" name="slug" value=slug />
            <input type="hidden" name="record" value=record.to_string() />
            <input type="hidden" name="version" value=version.to_string() />
            <Button
                kind=ButtonKind::Quiet
                pending=post.pending()
                label=format!("Replay from version {version}")
            >
                "Replay"
            </Button>
        </PostForm>
    }
    .into_any()
}

fn compared_view(compared: Result<VersionsCompared, AppError>) -> AnyView {
    let content = match compared {
        Ok(VersionsCompared { left, right, pairs }) => {
            let heading = |version: &VersionView| format!("Version {}", version.version);
            let terms = (left.side != right.side)
                .then(|| view! { <p class="muted">"Each in the terms of its own system."</p> });
            view! {
                <h3>{format!("Versions {} and {}", left.version, right.version)}</h3>
                {terms}
                <PairTable label="Two versions" left=heading(&left) right=heading(&right) pairs />
            }
            .into_any()
        }
        Err(error) => view! { <Failure error /> }.into_any(),
    };
    view! { <section class="report">{content}</section> }.into_any()
}
