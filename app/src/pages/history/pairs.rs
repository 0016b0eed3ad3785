//! Two records side by side, field by field.

use crate::prelude::*;
use domain::canonical::fields::Pair;

use crate::ui::number::counted;

/// The fields that differ, and folded below them those that agree.
#[component]
pub fn PairTable(
    /// What is compared, for screen readers.
    #[prop(into)]
    label: String,
    #[prop(into)] left: String,
    #[prop(into)] right: String,
    pairs: Vec<Pair>,
) -> impl IntoView {
    let (differ, same): (Vec<Pair>, Vec<Pair>) = pairs.into_iter().partition(Pair::differs);
    let all_agree = differ.is_empty();
    let table = (!all_agree).then(|| table(label.clone(), &left, &right, differ));
    let rest = folded(format!("{label}: the same on both"), same, all_agree);
    view! {
        <div class="pairs">
            {all_agree.then(|| view! { <p class="muted">"No field differs."</p> })}
            {table}
            {rest}
        </div>
    }
}

/// The fields in which both agree, folded unless there is nothing else to see.
pub fn folded(label: String, same: Vec<Pair>, open: bool) -> Option<AnyView> {
    let words = if same.len() == 1 { "agrees" } else { "agree" };
    let summary = format!("{} {words}", counted(same.len() as i64, "field"));
    (!same.is_empty()).then(|| {
        let table = table_of_same(label, same);
        view! { <details open=open><summary>{summary}</summary>{table}</details> }.into_any()
    })
}

fn table(label: String, left: &str, right: &str, pairs: Vec<Pair>) -> impl IntoView + use<> {
    let row = |pair: Pair| {
        view! {
            <tr>
                <th scope="row">{pair.label.clone()}{line_of(&pair.path)}</th>
                <td>{value(pair.left)}</td>
                <td>{value(pair.right)}</td>
            </tr>
        }
    };
    view! {
        <div class="table-region" role="region" aria-label=label tabindex="0">
            <table class="table table-plain pair-table">
                <thead>
                    <tr>
                        <th scope="col">"Field"</th>
                        <th scope="col">{left.to_owned()}</th>
                        <th scope="col">{right.to_owned()}</th>
                    </tr>
                </thead>
                <tbody>{pairs.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

fn table_of_same(label: String, pairs: Vec<Pair>) -> impl IntoView {
    let row = |pair: Pair| {
        view! {
            <tr>
                <th scope="row">{pair.label.clone()}{line_of(&pair.path)}</th>
                <td>{value(pair.left)}</td>
            </tr>
        }
    };
    view! {
        <div class="table-region" role="region" aria-label=label tabindex="0">
            <table class="table table-plain pair-table">
                <thead><tr><th scope="col">"Field"</th><th scope="col">"Value"</th></tr></thead>
                <tbody>{pairs.into_iter().map(row).collect_view()}</tbody>
            </table>
        </div>
    }
}

/// What a field's path says: `ship_to.postal_code` is “Ship to: postal code”.
pub fn field_label(path: &str) -> String {
    let of_line = path.strip_prefix("lines.").and_then(|rest| rest.split_once('.'));
    match of_line.map_or(path, |(_, field)| field) {
        "sku" => "SKU".to_owned(),
        "email" => "E-mail".to_owned(),
        "shipping" => "Freight".to_owned(),
        field => {
            let words = field.replace('_', " ").replace('.', ": ");
            let mut letters = words.chars();
            letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
        }
    }
}

/// Which line a field is of.
pub fn line_of(path: &str) -> Option<AnyView> {
    let number = path.strip_prefix("lines.")?.split('.').next()?.to_owned();
    Some(view! { <span class="muted">" line "{number}</span> }.into_any())
}

/// A value, or that there is none.
pub fn value(text: String) -> AnyView {
    if text.is_empty() {
        view! { <span class="muted">"nothing"</span> }.into_any()
    } else {
        view! { <span class="pair-value">{text}</span> }.into_any()
    }
}
