//! Settings: the organisation, and where one is signed in.

pub mod api;

use crate::prelude::*;
use domain::account::SessionView;

use crate::frame::{Frame, use_frame};
use crate::rpc::{Load, Post, PostForm, Shown};
use crate::ui::{Button, ButtonKind, Failure, FormProblem, Page, Section, Table, Time, form_errors};
use api::{SIGN_OUT_EVERYWHERE, load_sessions};

#[component]
pub fn SettingsPage() -> impl IntoView {
    let frame = use_frame();
    let sessions = Load::new(load_sessions);
    let screen = move || async move {
        match (frame.await, sessions.await) {
            (Ok(frame), Ok(sessions)) => view! {
                <Organisation frame />
                <Sessions sessions />
            }
            .into_any(),
            (Err(error), _) | (_, Err(error)) => {
                view! { <Failure error retry=move |()| sessions.refetch() /> }.into_any()
            }
        }
    };
    view! {
        <Page title="Settings".to_owned()>
            <Shown view=screen lines=4 />
        </Page>
    }
}

#[component]
fn Organisation(frame: Frame) -> impl IntoView {
    let organisation = frame.me.organisation;
    view! {
        <Section title="Organisation">
            <dl class="facts card">
                <dt>"Name"</dt>
                <dd>{organisation.name}</dd>
                <dt>"Address"</dt>
                <dd>
                    <code>{format!("/o/{}", organisation.slug)}</code>
                </dd>
                <dt>"You are"</dt>
                <dd>{format!("{} ({})", frame.me.email, organisation.role.label())}</dd>
            </dl>
        </Section>
    }
}

#[component]
fn Sessions(sessions: Vec<SessionView>) -> impl IntoView {
    let action = Post::to(SIGN_OUT_EVERYWHERE);
    let errors = form_errors(action.error(), Vec::new());
    view! {
        <Section title="Where you are signed in">
            <Table label="Your sessions" columns=vec!["Browser", "Address", "Signed in", "Last seen"]>
                {sessions.into_iter().map(row).collect_view()}
            </Table>
            <div class="after-table">
                <FormProblem errors />
                <PostForm post=action>
                    <Button kind=ButtonKind::Danger pending=action.pending()>
                        "Sign out everywhere"
                    </Button>
                </PostForm>
                <p class="muted">"Ends every session of yours, this one too, in all organisations."</p>
            </div>
        </Section>
    }
}

fn row(session: SessionView) -> impl IntoView {
    let browser = session.user_agent.as_deref().map_or_else(|| "Unknown browser".to_owned(), browser_of);
    view! {
        <tr>
            <th scope="row">
                {browser}
                {session.this_one.then(|| view! { <span class="muted">" (this one)"</span> })}
            </th>
            <td data-label="Address">{session.address.unwrap_or_else(|| "unknown".to_owned())}</td>
            <td data-label="Signed in">
                <Time at=session.created_at />
            </td>
            <td data-label="Last seen">
                <Time at=session.last_seen_at />
            </td>
        </tr>
    }
}

/// `Firefox on Linux`: as much of a user agent as a person recognises.
fn browser_of(agent: &str) -> String {
    const BROWSERS: &[(&str, &str)] =
        &[("Edg/", "Edge"), ("OPR/", "Opera"), ("Firefox/", "Firefox"), ("Chrome/", "Chrome"), ("Safari/", "Safari")];
    const SYSTEMS: &[(&str, &str)] = &[
        ("Android", "Android"),
        ("iPhone", "iPhone"),
        ("iPad", "iPad"),
        ("Windows", "Windows"),
        ("Mac OS", "macOS"),
        ("Linux", "Linux"),
    ];
    let find =
        |known: &[(&str, &'static str)]| known.iter().find(|(mark, _)| agent.contains(mark)).map(|found| found.1);
    match (find(BROWSERS), find(SYSTEMS)) {
        (Some(browser), Some(system)) => format!("{browser} on {system}"),
        (Some(name), None) | (None, Some(name)) => name.to_owned(),
        (None, None) => agent.chars().take(40).collect(),
    }
}

#[cfg(test)]
mod tests {
    use super::browser_of;

    #[test]
    fn a_user_agent_is_told_as_a_person_knows_it() {
        let chrome =
            "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36";
        assert_eq!(browser_of(chrome), "Chrome on Linux");
        assert_eq!(browser_of("curl/8"), "curl/8");
    }
}
