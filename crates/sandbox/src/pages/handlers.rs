//! The same few steps for every screen: list, blank form, create, show, change, act.

use axum::Form;
use axum::extract::{Path, Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Redirect, Response};

use crate::respond::Refused;
use crate::server::Shared;
use crate::table::Doc;

use super::desk::{Desk, Problems};
use super::enter;
use super::form::{Entered, changes, form};
use super::kit::{Place, page, problem};
use super::list::{Wanted, capital, headings, list as list_of};
use super::screens::{Screen, screen};
use super::visit::{Visit, visit};

/// A visitor at a screen of an account that is theirs.
pub struct Seat {
    visit: Visit,
    /// The account.
    pub desk: Desk,
    /// The screen.
    pub screen: &'static Screen,
}

/// The list of a screen.
pub async fn list(
    State(shared): State<Shared>,
    Path((office, slug)): Path<(String, String)>,
    Query(wanted): Query<Wanted>,
    headers: HeaderMap,
) -> Response {
    let seat = match Seat::take(&shared, &headers, &office, &slug) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    let content = list_of(&seat.desk.read(), seat.screen, &wanted);
    let flash = shared.visits.take_flash(&headers);
    page(seat.place(), seat.screen.title, flash.as_deref(), &content)
}

/// An empty form.
pub async fn blank(
    State(shared): State<Shared>,
    Path((office, slug)): Path<(String, String)>,
    headers: HeaderMap,
) -> Response {
    match Seat::take(&shared, &headers, &office, &slug) {
        Ok(seat) => seat.form_page(None, None, &Entered::new(), &Problems::new()),
        Err(answer) => *answer,
    }
}

/// Saves a new record.
pub async fn create(
    State(shared): State<Shared>,
    Path((office, slug)): Path<(String, String)>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    match Seat::take(&shared, &headers, &office, &slug) {
        Ok(seat) => seat.save(&shared, &headers, None, &entered),
        Err(answer) => *answer,
    }
}

/// A record's form.
pub async fn show(
    State(shared): State<Shared>,
    Path((office, slug, number)): Path<(String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let seat = match Seat::take(&shared, &headers, &office, &slug) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    let flash = shared.visits.take_flash(&headers);
    let Ok(number) = number.parse() else { return seat.missing(&number) };
    seat.form_page(Some(number), flash, &Entered::new(), &Problems::new())
}

/// Saves changes to a record.
pub async fn change(
    State(shared): State<Shared>,
    Path((office, slug, number)): Path<(String, String, String)>,
    headers: HeaderMap,
    Form(entered): Form<Entered>,
) -> Response {
    let seat = match Seat::take(&shared, &headers, &office, &slug) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    match number.parse() {
        Ok(number) => seat.save(&shared, &headers, Some(number), &entered),
        Err(_) => seat.missing(&number),
    }
}

/// Does what one of the record's buttons says.
pub async fn act(
    State(shared): State<Shared>,
    Path((office, slug, number, action)): Path<(String, String, String, String)>,
    headers: HeaderMap,
) -> Response {
    let seat = match Seat::take(&shared, &headers, &office, &slug) {
        Ok(seat) => seat,
        Err(answer) => return *answer,
    };
    let Ok(number) = number.parse() else { return seat.missing(&number) };
    if action == "delete" && seat.desk.deletes(seat.screen.table) {
        return seat.delete(&shared, &headers, number);
    }
    let Some(action) = seat.screen.actions.iter().find(|own| own.slug == action) else { return seat.not_there() };
    let Some(doc) = seat.doc(number) else { return seat.not_there() };
    if !(action.when)(&doc) {
        return seat.go_to(&shared, &headers, number, "That was done already.");
    }
    match seat.desk.save(seat.screen.table, Some(number), &(action.changes)(seat.desk.now())) {
        Ok(_) => seat.go_to(&shared, &headers, number, action.done),
        Err(problems) => seat.form_page(Some(number), None, &Entered::new(), &problems),
    }
}

impl Seat {
    /// The visitor's place at a screen, or the page that says what to do first.
    pub fn take(shared: &Shared, headers: &HeaderMap, office: &str, slug: &str) -> Result<Self, Refused> {
        let visit = visit(shared, headers);
        let nowhere = Place { visit: &visit, office: "", slug: "" };
        let Some(screen) = screen(office, slug) else {
            return Err(problem(nowhere, StatusCode::NOT_FOUND, "Not found", "There is no such page.").into());
        };
        let Some(desk) = visit.desk(shared, office) else {
            return Err(enter::invite(shared, &visit, office).into());
        };
        Ok(Self { visit, desk, screen })
    }

    fn place(&self) -> Place<'_> {
        Place { visit: &self.visit, office: self.screen.office, slug: self.screen.slug }
    }

    /// Whether the account has the record with this number.
    #[must_use]
    pub fn has(&self, number: u64) -> bool {
        self.desk.read().table(self.screen.table).get(number).is_some()
    }

    /// Where a record is shown.
    #[must_use]
    pub fn path_of(&self, number: u64) -> String {
        format!("/{}/{}/{number}", self.screen.office, self.screen.slug)
    }

    /// The page for a record that this account does not have.
    #[must_use]
    pub fn missing(&self, name: &str) -> Response {
        let message = format!(
            "{} has no {} {name}. It was never there, the sandbox was reset, or it belongs to another account.",
            self.desk.owner(),
            self.screen.one
        );
        problem(self.place(), StatusCode::NOT_FOUND, "Not found", &message)
    }

    fn doc(&self, number: u64) -> Option<Doc> {
        self.desk.read().table(self.screen.table).get(number).map(|row| row.doc.clone())
    }

    fn save(&self, shared: &Shared, headers: &HeaderMap, number: Option<u64>, entered: &Entered) -> Response {
        let doc = number.and_then(|number| self.doc(number));
        if number.is_some() && doc.is_none() {
            return self.not_there();
        }
        match self.desk.save(self.screen.table, number, &changes(self.screen, doc.as_ref(), entered)) {
            Ok(number) => self.go_to(shared, headers, number, "Saved."),
            Err(problems) => {
                let mut answer = self.form_page(number, None, entered, &problems);
                *answer.status_mut() = StatusCode::UNPROCESSABLE_ENTITY;
                answer
            }
        }
    }

    fn form_page(
        &self,
        number: Option<u64>,
        flash: Option<String>,
        entered: &Entered,
        problems: &Problems,
    ) -> Response {
        let doc = number.and_then(|number| self.doc(number));
        if number.is_some() && doc.is_none() {
            return self.not_there();
        }
        let title = doc.as_ref().map_or_else(
            || format!("New {}", self.screen.one),
            |doc| format!("{} {}", capital(self.screen.one), (self.screen.name)(doc)),
        );
        let form = form(&self.desk.read(), self.screen, number.zip(doc.as_ref()), entered, problems);
        let content = maud::html! {
            p.owner { (self.desk.owner()) }
            @if let (Some(number), Some(doc)) = (number, &doc) { (self.summary(number, doc)) }
            (form)
        };
        page(self.place(), &title, flash.as_deref(), &content)
    }

    /// What the list says about the record, and its buttons.
    fn summary(&self, number: u64, doc: &Doc) -> maud::Markup {
        let world = self.desk.read();
        let actions = self.screen.actions.iter().filter(|action| (action.when)(doc));
        maud::html! {
            div.scroll tabindex="0" role="region" aria-label="Summary" {
                table {
                    thead { tr { (headings(&world, self.screen, doc)) } }
                    tbody { tr { @for (_, cell) in self.screen.columns { (cell(&world, doc).render()) } } }
                }
            }
            @if self.desk.deletes(self.screen.table) {
                form.action method="post" action={ "/" (self.screen.office) "/" (self.screen.slug) "/" (number) "/delete" } { button { "Delete " (self.screen.one) } }
            }
            @for action in actions {
                form.action method="post" action={ "/" (self.screen.office) "/" (self.screen.slug) "/" (number) "/" (action.slug) } { button { (action.label) } }
            }
        }
    }

    fn delete(&self, shared: &Shared, headers: &HeaderMap, number: u64) -> Response {
        match self.desk.remove(self.screen.table, number) {
            Ok(()) => {
                let message = format!("The {} is deleted.", self.screen.one);
                self.tell(shared, headers, &message);
                Redirect::to(&format!("/{}/{}", self.screen.office, self.screen.slug)).into_response()
            }
            Err(problems) => self.form_page(Some(number), None, &Entered::new(), &problems),
        }
    }

    fn go_to(&self, shared: &Shared, headers: &HeaderMap, number: u64, message: &str) -> Response {
        self.tell(shared, headers, message);
        Redirect::to(&self.path_of(number)).into_response()
    }

    /// Says something on the visitor's next page.
    fn tell(&self, shared: &Shared, headers: &HeaderMap, message: &str) {
        // A visit that is no longer there begins anew without the message; that is no reason to fail.
        let told = shared.visits.change(headers, |visit| visit.flash = Some(message.to_owned()));
        if let Err(error) = told {
            tracing::warn!(%error, "a message for the next page was lost");
        }
    }

    fn not_there(&self) -> Response {
        problem(self.place(), StatusCode::NOT_FOUND, "Not found", "There is no such record.")
    }
}
