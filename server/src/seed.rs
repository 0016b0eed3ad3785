//! `syncline seed`: the demo organisation and its owner, as often as it is called.

use std::sync::Arc;

use anyhow::{Result, anyhow};
use engine::accounts::{Demo, ensure_demo};
use engine::keys::Keys;
use secrecy::{ExposeSecret, SecretString};
use serde_json::json;

use crate::clock;
use crate::serve;
use crate::settings::Settings;

const ORGANISATION: &str = "Demo";
const EMAIL: &str = "demo@syncline.example";

/// Makes the demo unless it is there, and prints one line of JSON. The password is null when it stayed as it was.
pub(crate) async fn run(settings: &Settings) -> Result<()> {
    let keys = Arc::new(Keys::load_or_create(&settings.master_key_file)?);
    let engine = serve::engine(settings, keys, 2)?;
    engine::db::refuse_powerful_role(&engine.db).await?;
    let given = std::env::var("SYNCLINE_DEMO_PASSWORD").ok().filter(|password| !password.is_empty());
    let given = given.map(SecretString::from);
    let fresh = fresh_password()?;
    let done = ensure_demo(&engine, ORGANISATION, EMAIL, given.as_ref(), &fresh, clock::now()).await?;
    if std::env::var("SYNCLINE_DEMO_CONNECTED").is_ok_and(|wanted| wanted == "1") {
        let password = given.as_ref().unwrap_or(&fresh).expose_secret();
        connect(&engine, password).await?;
    }
    let password = match done {
        Demo::Made => Some(given.unwrap_or(fresh)),
        Demo::PasswordSet => given,
        Demo::Kept => None,
    };
    let password = password.as_ref().map(ExposeSecret::expose_secret);
    println!("{}", json!({"organisation": ORGANISATION, "email": EMAIL, "password": password}));
    Ok(())
}

/// Connects the demo's organisation to the sandbox, as its owner would with a click, unless it is connected already.
async fn connect(engine: &engine::Engine, password: &str) -> Result<()> {
    let now = clock::now();
    let client = engine::accounts::Client::default();
    let signed = engine::accounts::sign_in(engine, EMAIL, password, &client, now).await?;
    let member = engine::accounts::member(engine, signed.user, &signed.slug).await?;
    match engine::demo::try_with_sandbox(engine, &member, now).await {
        Ok(()) | Err(engine::Error::Conflict(_)) => Ok(()),
        Err(error) => Err(error.into()),
    }
}

/// Four groups of five letters and digits that cannot be mistaken for each other: 100 bits.
fn fresh_password() -> Result<SecretString> {
    const LETTERS: &[u8; 32] = b"abcdefghjkmnpqrstuvwxyz023456789";
    let mut random = [0_u8; 20];
    getrandom::fill(&mut random).map_err(|error| anyhow!("the system gives no random numbers: {error}"))?;
    let letters: Vec<char> = random.iter().map(|byte| char::from(LETTERS[usize::from(byte % 32)])).collect();
    let groups: Vec<String> = letters.chunks(5).map(|group| group.iter().collect()).collect();
    Ok(SecretString::from(groups.join("-")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_fresh_password_is_strong_and_new() {
        let (one, two) = (fresh_password().unwrap(), fresh_password().unwrap());
        assert_ne!(one.expose_secret(), two.expose_secret());
        assert_eq!(domain::account::password_problem(one.expose_secret(), EMAIL), None);
    }
}
