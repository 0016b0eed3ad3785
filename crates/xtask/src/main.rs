//! `cargo xtask`: everything that is done to this repository rather than by it — building, starting, testing, checking.
//!
//! The subcommands need nothing but rustup, a C linker, and either PostgreSQL or npm; each says what it does, step by step, and how long it took.

mod assets;
mod bench;
mod build;
mod e2e;
mod http;
mod lint;
mod node;
mod paths;
mod postgres;
mod proc;
mod run;
mod secrets;
mod simulate;
mod sqlx;
mod stack;
mod steps;
mod stop;
mod test;
mod torture;
mod wasm;

use std::process::ExitCode;

use anyhow::{Result, bail};

use crate::paths::Workspace;

const USAGE: &str = "usage: cargo xtask <command>

  run                      build everything and start Syncline with its database, sandbox and demo
  build                    build the browser's half and the assets into dist/
  test [--only rust|e2e] [-- arguments for the tests]
                           run every test there is
  lint                     check format, lints, .sqlx/, arrows between crates, lengths of files
  bench [--records N] [--rounds N] [--large] [--only prepare|process|history]
                           measure the engine against bare loops, and long histories against short ones
  simulate [--seeds N] [--seed S] [--jobs J] [--without intent|epoch|version] [--aloud] [--pieces] [--keep-going] [--release]
                           play bad days in virtual time: crashes, faults, edits; each must end in agreement
  torture [--kills N] [--orders N] [--seed S] [--poison] [--no-build]
                           kill real processes and the database while orders sync, then check that all is well
  torture --outage N | --fairness N
                           an hour's outage with N records waiting; N records of one organisation before 10 of another
  sqlx [--check]           write .sqlx/ from the migrations and the queries, or check that it is current
  pg [start|stop|url]      start the development database and print its URL, or stop it";

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&arguments.iter().map(String::as_str).collect::<Vec<_>>()) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if error.is::<stop::Interrupted>() => ExitCode::from(130),
        Err(error) => {
            eprintln!("\nxtask: {error:#}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(arguments: &[&str]) -> Result<()> {
    let workspace = Workspace::find()?;
    stop::listen()?;
    match arguments {
        ["run"] => run::run(&workspace),
        ["build"] => build::browser(&workspace),
        ["test", rest @ ..] => test::run(&workspace, &test::Options::parse(rest)?),
        ["bench", rest @ ..] => bench::run(&workspace, rest),
        ["simulate", rest @ ..] => simulate::run(&workspace, rest),
        ["torture", rest @ ..] => torture::dispatch(&workspace, rest),
        ["lint"] => lint::run(&workspace),
        ["sqlx"] => sqlx::write(&workspace),
        ["sqlx", "--check"] => sqlx::check(&workspace),
        ["pg"] | ["pg", "start"] => postgres::commands::start(&workspace),
        ["pg", "stop"] => postgres::commands::stop(&workspace),
        ["pg", "url"] => postgres::commands::url(&workspace),
        ["help" | "--help" | "-h"] => {
            println!("{USAGE}");
            Ok(())
        }
        _ => bail!("{USAGE}"),
    }
}
