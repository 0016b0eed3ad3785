//! The direction of a sync as a picture.

use crate::prelude::*;
use domain::Entity;
use domain::sync::{Direction, EndView};

use crate::frame::href;

/// From where, what, to where.
#[component]
pub fn Picture(
    slug: String,
    entity: Entity,
    source: EndView,
    destination: EndView,
    /// Nothing goes on.
    still: bool,
    direction: Direction,
) -> impl IntoView {
    let two_way = direction == Direction::TwoWay;
    let label = format!(
        "{} go {} {} ({}) {} {} ({}).",
        entity.label(),
        if two_way { "both ways between" } else { "from" },
        source.name,
        source.vendor.label(),
        if two_way { "and" } else { "to" },
        destination.name,
        destination.vendor.label()
    );
    view! {
        <figure class="sync-picture" class:is-still=still>
            {end(&slug, source)}
            <div class="sync-arrow">
                <span>{entity.label()}</span>
                <svg viewBox="0 0 160 24" role="img" aria-label=label preserveAspectRatio="none">
                    <path class="sync-arrow-line" d="M2 12h150" vector-effect="non-scaling-stroke" />
                    <path class="sync-arrow-flow" d="M2 12h150" vector-effect="non-scaling-stroke" />
                    <path class="sync-arrow-head" d="M146 5l8 7-8 7" vector-effect="non-scaling-stroke" />
                    {two_way.then(|| {
                        view! { <path class="sync-arrow-head" d="M14 5l-8 7 8 7" vector-effect="non-scaling-stroke" /> }
                    })}
                </svg>
            </div>
            {end(&slug, destination)}
        </figure>
    }
}

fn end(slug: &str, end: EndView) -> impl IntoView + use<> {
    let vendor = end.vendor;
    view! {
        <a class="sync-end" href=href(slug, &format!("connections/{}", end.connection))>
            <span class="sync-end-kind">{vendor.system().label()}</span>
            <strong>{end.name}</strong>
            <span class="muted">{vendor.label()}</span>
        </a>
    }
}
