//! The rows of one group: field, operator, value.

use crate::prelude::*;
use domain::Entity;
use domain::filter::{Filter, FilterField, Operator, fields};

use super::draft::{Draft, MOST_ROWS, Row};
use crate::ui::{FieldErrorsSignal, Glyph, Icon, error_of};

/// A row with the number that it is sent under.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    pub number: usize,
    /// Rows of one group stay in it.
    pub group: usize,
    pub row: RwSignal<Row>,
}

/// What is typed; rows keep their signals while others come and go.
#[derive(Clone, Copy)]
pub struct Typed {
    pub any: RwSignal<bool>,
    pub rows: RwSignal<Vec<Line>>,
    pub kept: RwSignal<Vec<Filter>>,
}

impl Typed {
    pub fn of(draft: &Draft) -> Self {
        let line = |(number, row): (usize, &Row)| Line { number, group: row.group, row: RwSignal::new(row.clone()) };
        let rows = draft.rows.iter().enumerate().map(line).collect();
        Self { any: RwSignal::new(draft.any), rows: RwSignal::new(rows), kept: RwSignal::new(draft.kept.clone()) }
    }

    /// All of it; tracked.
    pub fn draft(self) -> Draft {
        let rows = self.rows.get().into_iter().map(|line| line.row.get()).collect();
        Draft { any: self.any.get(), rows, kept: self.kept.get() }
    }

    /// The groups below the filter itself; tracked.
    pub fn groups(self) -> Vec<usize> {
        let mut groups: Vec<usize> = self.rows.with(|rows| rows.iter().map(|line| line.group).collect());
        groups.retain(|group| *group > 0);
        groups.sort_unstable();
        groups.dedup();
        groups
    }

    pub fn add(self, row: Row) {
        self.rows.update(|rows| {
            let number = rows.iter().map(|line| line.number + 1).max().unwrap_or(0);
            rows.push(Line { number, group: row.group, row: RwSignal::new(row) });
        });
    }

    fn remove(self, number: usize) {
        self.rows.update(|rows| rows.retain(|line| line.number != number));
    }
}

/// One group with its rows and the button for another one.
#[component]
pub fn Rows(entity: Entity, typed: Typed, group: usize, page: String, errors: FieldErrorsSignal) -> impl IntoView {
    let own = move || typed.rows.get().into_iter().filter(|line| line.group == group).collect::<Vec<_>>();
    let first = fields(entity).first().map_or("", |field| field.path);
    let adds = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        typed.add(Row::blank(group, first));
    };
    let legend = move || match (group, typed.any.get()) {
        (0, _) => "Conditions",
        (_, false) => "… and at least one of these",
        (_, true) => "… or all of these",
    };
    let (address, full) = (page.clone(), move || typed.rows.with(|rows| rows.len() >= MOST_ROWS));
    view! {
        <fieldset class="form-part filter-group">
            <legend>{legend}</legend>
            <For each=own key=|line| line.number let:line>
                {row_view(entity, typed, line, page.clone(), errors)}
            </For>
            <button
                type="submit"
                class="button button-quiet"
                name="do"
                value=format!("add:{group}")
                formmethod="get"
                formaction=address
                disabled=full
                on:click=adds
            >
                <Icon glyph=Glyph::Plus />
                "Add a condition"
            </button>
        </fieldset>
    }
}

fn row_view(entity: Entity, typed: Typed, line: Line, page: String, errors: FieldErrorsSignal) -> AnyView {
    let Line { number, group, row } = line;
    let name = |part: &str| format!("form[rows][{number}][{part}]");
    let field = Memo::new(move |_| row.with(|row| find(entity, &row.field)));
    let place = Memo::new(move |_| {
        let index = typed.rows.with(|rows| rows.iter().position(|line| line.number == number)).unwrap_or(0);
        typed.draft().place(index)
    });
    let error = Memo::new(move |_| errors.with(|errors| error_of(errors, &format!("condition-{}", place.get()))));
    let error_id = format!("filter-error-{number}");
    let removes = move |event: leptos::ev::MouseEvent| {
        event.prevent_default();
        typed.remove(number);
    };
    let (operator_name, value_name) = (name("operator"), name("value"));
    let operators = move || operator_select(field.get(), row, operator_name.clone());
    let value = move || value_input(field.get(), row, value_name.clone(), error_id.clone());
    let error_id = format!("filter-error-{number}");
    view! {
        <div class="filter-row">
            <input type="hidden" name=name("group") value=group.to_string() />
            {field_select(entity, row, name("field"))}
            {operators}
            {value}
            <button
                type="submit"
                class="button button-quiet button-icon"
                name="do"
                value=format!("remove:{number}")
                formmethod="get"
                formaction=page
                aria-label=move || format!("Remove condition {}", place.get())
                on:click=removes
            >
                <Icon glyph=Glyph::Trash />
            </button>
            <p class="field-error" id=error_id>{move || error.get()}</p>
        </div>
    }
    .into_any()
}

fn find(entity: Entity, path: &str) -> Option<FilterField> {
    fields(entity).iter().find(|field| field.path == path).copied()
}

fn field_select(entity: Entity, row: RwSignal<Row>, name: String) -> AnyView {
    let chosen = row.with_untracked(|row| row.field.clone());
    let option = |field: &FilterField| {
        view! { <option value=field.path selected=field.path == chosen>{field.label}</option> }
    };
    let options = fields(entity).iter().map(option).collect_view();
    let change = move |event| {
        let path: String = event_target_value(&event);
        let kind = find(entity, &path).map(|field| field.kind);
        row.update(|row| {
            row.field = path;
            if kind.is_some_and(|kind| !kind.operators().contains(&row.operator)) {
                row.operator = Operator::Equals;
            }
        });
    };
    view! { <select name=name aria-label="Field" on:change=change>{options}</select> }.into_any()
}

fn operator_select(field: Option<FilterField>, row: RwSignal<Row>, name: String) -> AnyView {
    let chosen = row.with_untracked(|row| row.operator);
    let all = field.map_or(Operator::ALL, |field| field.kind.operators());
    let option = |operator: &Operator| {
        view! { <option value=operator.as_str() selected=*operator == chosen>{operator.label()}</option> }
    };
    let options = all.iter().map(option).collect_view();
    let change = move |event| {
        if let Ok(operator) = event_target_value(&event).parse() {
            row.update(|row| row.operator = operator);
        }
    };
    view! { <select name=name aria-label="Comparison" on:change=change>{options}</select> }.into_any()
}

fn value_input(field: Option<FilterField>, row: RwSignal<Row>, name: String, error_id: String) -> AnyView {
    let value = row.with_untracked(|row| row.value.clone());
    let kind = if field.is_some_and(|field| field.kind == domain::filter::FieldKind::Date) { "date" } else { "text" };
    let example = field.map_or("", |field| field.kind.example());
    let change = move |event| row.update(|row| row.value = event_target_value(&event));
    let needless = move || row.with(|row| !row.operator.needs_value());
    view! {
        <input
            type=kind
            name=name
            aria-label="Value"
            aria-describedby=error_id
            maxlength="200"
            placeholder=example
            value=value
            hidden=needless
            on:input=change
        />
    }
    .into_any()
}
