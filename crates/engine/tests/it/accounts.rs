//! Signing up, signing in, and who may see what.

use chrono::TimeDelta;
use domain::account::Role;
use engine::Error;
use engine::accounts::{self, Client, Demo};
use secrecy::SecretString;

use crate::support::{World, world};

const PASSWORD: &str = "nine tall green horses";

fn client(address: &str) -> Client {
    Client { address: Some(address.parse().unwrap()), user_agent: None }
}

async fn sign_in(world: &World, email: &str, password: &str, from: &Client) -> engine::Result<accounts::SignedIn> {
    accounts::sign_in(&world.engine, email, password, from, world.now()).await
}

#[tokio::test]
async fn whoever_signs_up_owns_the_organisation_and_can_sign_in() {
    let world = world().await;
    let from = client("192.0.2.1");
    let made = accounts::sign_up(&world.engine, " Café Müller ", "Bo@Example.org ", PASSWORD, &from, world.now());
    let made = made.await.unwrap();
    assert_eq!(made.slug, "cafe-muller");
    let signed_in = sign_in(&world, "bo@example.ORG", PASSWORD, &from).await.unwrap();
    assert_eq!(signed_in, made);
    let member = accounts::member(&world.engine, made.user, "cafe-muller").await.unwrap();
    assert_eq!((member.email.as_str(), member.organisation.role), ("bo@example.org", Role::Owner));
    assert_eq!(accounts::email_of(&world.engine, made.user).await.unwrap(), "bo@example.org");
}

#[tokio::test]
async fn an_address_is_used_once_and_a_name_may_be_used_again() {
    let world = world().await;
    let from = Client::default();
    let sign_up =
        |email: &'static str| accounts::sign_up(&world.engine, "Ada & Co", email, PASSWORD, &from, world.now());
    let again = sign_up("ADA@example.org").await.unwrap_err();
    assert!(matches!(&again, Error::InvalidFields(fields) if fields[0].0 == "email"), "{again:?}");
    assert_eq!(sign_up("bo@example.org").await.unwrap().slug, "ada-co-2");
    assert_eq!(sign_up("cy@example.org").await.unwrap().slug, "ada-co-3");
    let weak = accounts::sign_up(&world.engine, "", "x", "y", &from, world.now()).await.unwrap_err();
    assert!(matches!(&weak, Error::InvalidFields(fields) if fields.len() == 3), "{weak:?}");
}

#[tokio::test]
async fn a_wrong_password_and_an_unknown_address_get_the_same_answer() {
    let world = world().await;
    let from = client("192.0.2.1");
    let wrong = sign_in(&world, "ada@example.org", "ten tall green horses", &from).await.unwrap_err();
    let unknown = sign_in(&world, "nobody@example.org", PASSWORD, &from).await.unwrap_err();
    assert_eq!(wrong.to_string(), unknown.to_string());
    assert!(matches!(wrong, Error::Invalid { field, .. } if field == "password"));
}

#[tokio::test]
async fn ten_wrong_passwords_close_an_address_for_whoever_guesses_and_not_for_its_owner() {
    let world = world().await;
    let stranger = client("192.0.2.1");
    for _ in 0..10 {
        assert!(matches!(sign_in(&world, "ada@example.org", "wrong", &stranger).await, Err(Error::Invalid { .. })));
    }
    let refused = sign_in(&world, "ada@example.org", PASSWORD, &stranger).await.unwrap_err();
    assert!(matches!(refused, Error::TooMany { .. }), "{refused:?}");
    sign_in(&world, "ada@example.org", PASSWORD, &client("198.51.100.1")).await.unwrap();
}

#[tokio::test]
async fn a_hundred_wrong_passwords_from_everywhere_close_an_address_for_a_quarter_of_an_hour() {
    let world = world().await;
    for n in 0..100 {
        // From ever other places: the address itself is what is guarded.
        let from = client(&format!("192.0.2.{n}"));
        assert!(matches!(sign_in(&world, "ada@example.org", "wrong", &from).await, Err(Error::Invalid { .. })));
    }
    let from = client("198.51.100.1");
    let refused = sign_in(&world, "ada@example.org", PASSWORD, &from).await.unwrap_err();
    let Error::TooMany { retry_after } = refused else { panic!("{refused:?}") };
    assert!(retry_after.as_secs() <= 15 * 60 + 1, "{retry_after:?}");
    world.clock.advance(TimeDelta::minutes(16));
    sign_in(&world, "ada@example.org", PASSWORD, &from).await.unwrap();
}

#[tokio::test]
async fn a_client_that_tries_many_addresses_is_stopped_and_others_are_not() {
    let world = world().await;
    let from = client("2001:db8:1:2::7");
    for n in 0..50 {
        let email = format!("guess{n}@example.org");
        assert!(matches!(sign_in(&world, &email, "wrong", &from).await, Err(Error::Invalid { .. })));
    }
    let neighbour = client("2001:db8:1:2:ffff::8");
    assert!(matches!(sign_in(&world, "ada@example.org", PASSWORD, &neighbour).await, Err(Error::TooMany { .. })));
    sign_in(&world, "ada@example.org", PASSWORD, &client("2001:db8:1:3::7")).await.unwrap();
}

#[tokio::test]
async fn signing_in_takes_the_failures_back() {
    let world = world().await;
    let from = client("192.0.2.1");
    for _ in 0..6 {
        for _ in 0..9 {
            sign_in(&world, "ada@example.org", "wrong", &from).await.unwrap_err();
        }
        sign_in(&world, "ada@example.org", PASSWORD, &from).await.unwrap();
        world.clock.advance(TimeDelta::minutes(16));
    }
}

#[tokio::test]
async fn another_organisation_is_not_found_and_the_last_one_is_remembered() {
    let world = world().await;
    let other = world.stranger().await;
    assert!(matches!(accounts::member(&world.engine, world.member.user, "other").await, Err(Error::NotFound)));
    assert!(matches!(accounts::watcher(&world.engine, other.user, "ada-co").await, Err(Error::NotFound)));
    let last = accounts::last_organisation(&world.engine, other.user).await.unwrap();
    assert_eq!(last.as_deref(), Some("other"));
    let all = accounts::organisations(&world.engine, world.member.user).await.unwrap();
    assert_eq!(all.iter().map(|one| one.slug.as_str()).collect::<Vec<_>>(), ["ada-co"]);
}

#[tokio::test]
async fn the_demo_is_made_once_and_its_password_can_be_set() {
    let world = world().await;
    let fresh = SecretString::from("fresh fresh password");
    let given = SecretString::from("given given password");
    let seed = |given| accounts::ensure_demo(&world.engine, "Demo", "demo@example.org", given, &fresh, world.now());
    assert_eq!(seed(None).await.unwrap(), Demo::Made);
    assert_eq!(seed(None).await.unwrap(), Demo::Kept);
    sign_in(&world, "demo@example.org", "fresh fresh password", &Client::default()).await.unwrap();
    assert_eq!(seed(Some(&given)).await.unwrap(), Demo::PasswordSet);
    sign_in(&world, "demo@example.org", "given given password", &Client::default()).await.unwrap();
}
