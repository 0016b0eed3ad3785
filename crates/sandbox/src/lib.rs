//! Stand-ins for the vendors' APIs, faithful to their published documentation: a shop (Shopify's Admin GraphQL API) and an ERP (Acumatica's
//! contract-based REST API), with pages for people, limits, faults on demand and a control API.
//!
//! The demo runs it as a process of its own ([`serve`]), tests run it in theirs ([`Sandbox`]). It is no model of Syncline and knows nothing of it.
//!
//! | path | what |
//! |---|---|
//! | `/` | pages for people |
//! | `/shopify/{shop}/admin/api/{version}/graphql.json` | Shopify; the account is the access token |
//! | `/acumatica/{instance}/entity/…` | Acumatica; the account is company, user and password |
//! | `/_control/…` | the control API; needs the token of [`Config`] |
//!
//! ```no_run
//! # async fn example() -> std::io::Result<()> {
//! let sandbox = sandbox::Sandbox::open(None, "control token")?;
//! let running = sandbox.start(([127, 0, 0, 1], 0).into()).await?;
//! println!("http://{}/shopify/demo-shop", running.addr);
//! running.stop().await;
//! # Ok(())
//! # }
//! ```

mod account;
mod acumatica;
mod clock;
mod control;
mod decimal;
mod faults;
mod generate;
mod journal;
mod ledger;
mod pages;
mod random;
mod registry;
mod respond;
mod server;
mod shopify;
mod table;
mod world;

pub use clock::Clock;
pub use server::{Config, Running, Sandbox, serve};
