//! The lines of the timeline.

use crate::prelude::*;
use domain::activity::{ActivityFilter, ActivityItem, ActivityPage, EventBody};

use super::filter::address;
use crate::frame::href;
use crate::ui::{Empty, Glyph, LinkButton, Pager, Time, ToneIcon, use_live};

/// So many lines stay on the screen while new ones come in; the others are a page further.
const MOST: usize = 200;

/// A page of lines; the first page grows at the top.
#[component]
pub fn Timeline(slug: String, page: ActivityPage, filter: ActivityFilter) -> impl IntoView {
    let items = RwSignal::new(page.items);
    let is_first = filter.before.is_none();
    let newest = (!is_first).then(|| address(&slug, &ActivityFilter { before: None, ..filter.clone() }));
    let empty = {
        let (slug, narrows) = (slug.clone(), filter.narrows());
        move || items.with(Vec::is_empty).then(|| empty_state(&slug, narrows))
    };
    if is_first {
        let filter = filter.clone();
        use_live().subscribe(move |event| {
            if let EventBody::Line { line } = &event.body
                && filter.shows(line)
            {
                let item = ActivityItem { id: event.id, at: event.at, line: line.clone() };
                items.update(|items| insert(items, item));
            }
        });
    }
    let older = {
        let slug = slug.clone();
        // Lines that came in meanwhile may have pushed others off this page.
        let last = move || items.with(|items| items.last().map(|item| item.id));
        let has_more = page.next.is_some();
        move || {
            let more = has_more || items.with(Vec::len) >= MOST;
            let older = |before| address(&slug, &ActivityFilter { before: Some(before), ..filter.clone() });
            more.then(last).flatten().map(older)
        }
    };
    view! {
        {empty}
        <ol class="timeline" aria-live="off">
            <For each=move || items.get() key=|item| item.id let:item>
                {line_item(&slug, item)}
            </For>
        </ol>
        {move || view! { <Pager previous=newest.clone() next=older() previous_words="Newest" /> }}
    }
}

fn empty_state(slug: &str, narrows: bool) -> AnyView {
    if !narrows {
        let text = "Runs, changed settings and what people do appear here by themselves.";
        return view! { <Empty glyph=Glyph::Activity title="Nothing has happened yet" text /> }.into_any();
    }
    let all = href(slug, "activity");
    view! {
        <Empty glyph=Glyph::Filter title="Nothing matches" text="No line is like that. Take a filter away to see more.">
            <LinkButton href=all>"Show everything"</LinkButton>
        </Empty>
    }
    .into_any()
}

fn line_item(slug: &str, item: ActivityItem) -> impl IntoView + use<> {
    let text = match item.line.link {
        Some(link) => view! { <a href=href(slug, &link)>{item.line.text}</a> }.into_any(),
        None => view! { <span>{item.line.text}</span> }.into_any(),
    };
    let actor = item.line.actor.unwrap_or_else(|| "Syncline".to_owned());
    view! {
        <li class="timeline-item">
            <ToneIcon tone=item.line.tone />
            <p class="timeline-text">{text}</p>
            <p class="timeline-meta muted">{actor} " · " <Time at=item.at /></p>
        </li>
    }
}

/// Puts `item` in its place, once: ids commit out of order, and a stream repeats its last minute.
fn insert(items: &mut Vec<ActivityItem>, item: ActivityItem) {
    let place = items.partition_point(|other| other.id > item.id);
    if items.get(place).is_some_and(|other| other.id == item.id) {
        return;
    }
    items.insert(place, item);
    items.truncate(MOST);
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;
    use domain::ActivityId;
    use domain::activity::{Line, Tone};

    use super::*;

    #[test]
    fn a_line_stands_once_and_in_order() {
        let item = |seconds: i64| {
            let at = DateTime::from_timestamp(1_790_000_000 + seconds, 0).unwrap();
            let line = Line { tone: Tone::Info, text: String::new(), actor: None, link: None };
            ActivityItem { id: ActivityId::new(at), at, line }
        };
        let (old, late, new) = (item(0), item(1), item(2));
        let mut items = vec![new.clone(), old.clone()];
        insert(&mut items, late.clone());
        insert(&mut items, late.clone());
        assert_eq!(items, [new, late, old]);
    }
}
