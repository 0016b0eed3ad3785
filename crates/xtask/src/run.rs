//! `cargo xtask run`: from a fresh checkout to a page in the browser.

use std::{
    env,
    net::{SocketAddr, ToSocketAddrs},
    time::Duration,
};

use anyhow::{Context, Result, bail};

use crate::{
    build, http,
    paths::Workspace,
    postgres::Postgres,
    secrets,
    stack::{Plan, Stack},
    steps, stop,
};

pub fn run(workspace: &Workspace) -> Result<()> {
    let addr = address("SYNCLINE_ADDR", "127.0.0.1:3000")?;
    let sandbox_addr = address("SYNCLINE_SANDBOX_ADDR", "127.0.0.1:3001")?;
    let sandbox_token = match env::var("SYNCLINE_SANDBOX_TOKEN") {
        Ok(token) if !token.is_empty() => token,
        _ => secrets::kept(&workspace.data.join("sandbox.token"))?,
    };
    build::browser(workspace)?;
    let binary = build::release_server(workspace)?;
    let given = env::var("DATABASE_URL").ok().filter(|url| !url.is_empty());
    let postgres = if given.is_none() { Some(Postgres::start(workspace)?) } else { None };
    let database_url = match (&given, &postgres) {
        (Some(url), _) => url.clone(),
        (None, Some(postgres)) => postgres.owner()?.url("syncline"),
        (None, None) => bail!("there is no database"),
    };
    let plan = Plan {
        binary,
        state: workspace.data.clone(),
        dist: workspace.dist.clone(),
        database_url,
        addr,
        url: env::var("SYNCLINE_URL").unwrap_or_else(|_| public_url(addr)),
        sandbox_addr,
        sandbox_token,
        silent: false,
    };
    let mut stack = Stack::start(plan)?;
    print_summary(&stack);
    let result = watch(&mut stack, postgres.as_ref());
    steps::last("Stop everything", || {
        drop(stack);
        drop(postgres);
    });
    result
}

/// Looks after everything until somebody asks to stop.
fn watch(stack: &mut Stack, postgres: Option<&Postgres>) -> Result<()> {
    while !stop::wait(Duration::from_millis(500)) {
        stack.tend()?;
        if let Some(postgres) = postgres
            && postgres.ensure_running()?
        {
            steps::note("PostgreSQL was killed; it is running again");
        }
    }
    Ok(())
}

fn print_summary(stack: &Stack) {
    let (plan, demo) = (&stack.plan, &stack.demo);
    println!(
        "
Syncline        {}
  demo          {} / {}{}
Sandbox         {}
  control token {}

Ctrl-C stops everything.
",
        plan.url,
        demo.email,
        demo.password,
        if demo.organisation.is_empty() { String::new() } else { format!("  ({})", demo.organisation) },
        plan.sandbox_url(),
        plan.sandbox_token,
    );
}

/// A setting with an address that nobody else listens on.
fn address(variable: &str, default: &str) -> Result<SocketAddr> {
    let text = env::var(variable).ok().filter(|text| !text.is_empty()).unwrap_or_else(|| default.to_owned());
    let addr = text
        .to_socket_addrs()
        .ok()
        .and_then(|mut found| found.next())
        .with_context(|| format!("{variable}={text} is not an address; write it like {default}"))?;
    if http::in_use(addr) {
        let other = SocketAddr::new(addr.ip(), addr.port().saturating_add(100));
        bail!(
            "{addr} is in use, perhaps by another `cargo xtask run`; stop what listens there, or choose another address: {variable}={other} cargo xtask run"
        );
    }
    Ok(addr)
}

/// What to open in a browser on this machine. A loopback address gets the name that browsers treat as secure.
fn public_url(addr: SocketAddr) -> String {
    if addr.ip().is_loopback() || addr.ip().is_unspecified() {
        format!("http://localhost:{}", addr.port())
    } else {
        format!("http://{addr}")
    }
}
