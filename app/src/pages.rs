//! One file and one folder per screen.

pub mod activity;
pub mod answer;
pub mod connections;
pub mod history;
pub mod not_found;
pub mod overview;
pub mod schedules;
pub mod settings;
pub mod signin;
pub mod signup;
pub mod syncs;
