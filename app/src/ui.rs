//! The kit that pages are composed of.

pub mod button;
pub mod chart;
pub mod check;
pub mod copy;
pub mod dialog;
pub mod empty;
pub mod failure;
pub mod field;
pub mod icon;
pub mod live;
pub mod number;
pub mod page;
pub mod pager;
pub mod progress;
pub mod status;
pub mod table;
pub mod time;
pub mod toast;

pub use button::{Button, ButtonKind, LinkButton};
pub use chart::HourChart;
pub use check::CheckField;
pub use copy::CopyButton;
pub use dialog::Dialog;
pub use empty::Empty;
pub use failure::{Failure, Notice, Skeleton};
pub use field::{Field, FieldErrorsSignal, FormProblem, SelectField, error_of, form_errors};
pub use icon::{Glyph, Icon};
pub use live::{Live, use_live};
pub use number::{counted, grouped};
pub use page::{Page, Section};
pub use pager::Pager;
pub use progress::{RunList, RunProgress};
pub use status::{ConnectionBadge, RecordBadge, RunBadge, SyncBadge, ToneIcon};
pub use table::Table;
pub use time::{Countdown, MaybeTime, Time, now_signal};
pub use toast::{Toasts, use_toasts};
