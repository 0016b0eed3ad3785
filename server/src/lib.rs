//! The server: the web role, the worker role, and the commands of the binary `syncline`.
//!
//! Web requests and jobs run on two tokio runtimes with a connection pool each, so that the screens stay quick while
//! everything synchronises. What is here is wiring: screens are in `app`, use-cases in `engine`.

pub mod clock;
pub mod commands;
pub mod log;
mod loops;
mod seed;
mod serve;
pub mod settings;
pub mod web;
pub mod worker;
