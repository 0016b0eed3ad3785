//! The built-in mapping of a sync: which field comes from which.

use crate::prelude::*;
use domain::activity::Tone;
use domain::sync::{EndView, MappingRow};

use crate::ui::ToneIcon;

/// A row a field.
#[component]
pub fn MappingTable(
    mapping: Vec<MappingRow>,
    /// The fields that a change of a system's fields concerns.
    drifted: Vec<String>,
    source: EndView,
    destination: EndView,
) -> impl IntoView {
    let row = |row: MappingRow| {
        let mark = drifted.contains(&row.field).then(|| {
            view! { " " <ToneIcon tone=Tone::Warning /> <span class="muted">"changed at one of the systems"</span> }
        });
        view! {
            <tr>
                <th scope="row" data-label="Field">{row.field} {mark}</th>
                <td data-label="From"><code>{row.source}</code></td>
                <td data-label="To"><code>{row.destination}</code></td>
            </tr>
        }
    };
    view! {
        <div class="table-region" role="region" aria-label="Fields" tabindex="0">
            <table class="table">
                <thead>
                    <tr>
                        <th scope="col">"Field"</th>
                        <th scope="col">{source.vendor.label()} " – " {source.name}</th>
                        <th scope="col">{destination.vendor.label()} " – " {destination.name}</th>
                    </tr>
                </thead>
                <tbody>{mapping.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}
