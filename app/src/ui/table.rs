//! A table in a region of its own, which scrolls and can be reached by keyboard.

use crate::prelude::*;

/// Rows are `<tr>` with `<td data-label="…">`, so that a narrow screen can show each row as a card.
#[component]
pub fn Table(
    /// What the table lists, for screen readers.
    #[prop(into)]
    label: String,
    /// The columns' headings; an empty one is for actions.
    columns: Vec<&'static str>,
    /// Columns of numbers, which stand to the right.
    #[prop(optional)]
    numeric: &'static [&'static str],
    #[prop(default = "table")] class: &'static str,
    children: Children,
) -> impl IntoView {
    let heads = columns.into_iter().map(|column| {
        let class = if numeric.contains(&column) { "numeric" } else { "" };
        if column.is_empty() {
            view! { <td></td> }.into_any()
        } else {
            view! { <th scope="col" class=class>{column}</th> }.into_any()
        }
    });
    view! {
        <div class="table-region" role="region" aria-label=label tabindex="0">
            <table class=class>
                <thead>
                    <tr>{heads.collect_view()}</tr>
                </thead>
                <tbody>{children()}</tbody>
            </table>
        </div>
    }
}
