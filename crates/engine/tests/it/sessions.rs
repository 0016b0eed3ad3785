//! Sessions: how long they live, and how they end.

use chrono::TimeDelta;
use domain::UserId;
use engine::accounts::Client;
use engine::sessions::{self, PostgresSessions, with_client};
use tower_sessions::SessionStore;
use tower_sessions::cookie::time::OffsetDateTime;
use tower_sessions::session::{Id, Record};

use crate::support::{World, world};

fn store(world: &World) -> PostgresSessions {
    PostgresSessions::new(world.engine.clone(), world.clock.engine())
}

async fn begin(world: &World, user: Option<UserId>) -> Id {
    let data = user.into_iter().map(|user| ("user".to_owned(), user.to_string().into())).collect();
    let mut record = Record { id: Id::default(), data, expiry_date: OffsetDateTime::UNIX_EPOCH };
    store(world).create(&mut record).await.unwrap();
    record.id
}

async fn lives(world: &World, id: Id) -> bool {
    store(world).load(&id).await.unwrap().is_some()
}

#[tokio::test]
async fn an_idle_session_ends_after_fourteen_days() {
    let world = world().await;
    let id = begin(&world, Some(world.member.user)).await;
    world.clock.advance(TimeDelta::days(13));
    assert!(lives(&world, id).await);
    world.clock.advance(TimeDelta::days(13));
    assert!(lives(&world, id).await, "it was used in between");
    world.clock.advance(TimeDelta::days(14));
    assert!(!lives(&world, id).await);
}

#[tokio::test]
async fn no_session_lives_longer_than_thirty_days_however_much_it_is_used() {
    let world = world().await;
    let id = begin(&world, Some(world.member.user)).await;
    for _ in 0..29 {
        world.clock.advance(TimeDelta::days(1));
        let record = store(&world).load(&id).await.unwrap().unwrap();
        store(&world).save(&record).await.unwrap();
    }
    world.clock.advance(TimeDelta::days(1));
    assert!(!lives(&world, id).await);
}

#[tokio::test]
async fn signing_out_everywhere_ends_a_persons_sessions_and_nobody_elses() {
    let world = world().await;
    let user = world.member.user;
    let (one, two) = (begin(&world, Some(user)).await, begin(&world, Some(user)).await);
    let nobody = begin(&world, None).await;
    assert_eq!(sessions::revoke_all(&world.engine, user).await.unwrap(), 2);
    assert!(!lives(&world, one).await && !lives(&world, two).await);
    assert!(lives(&world, nobody).await);
}

#[tokio::test]
async fn the_list_says_which_one_asks_and_where_each_began() {
    let world = world().await;
    let user = world.member.user;
    let browser = Client { address: Some("192.0.2.7".parse().unwrap()), user_agent: Some("Firefox".into()) };
    let here = with_client(browser, begin(&world, Some(user))).await;
    world.clock.advance(TimeDelta::minutes(1));
    begin(&world, Some(user)).await;
    let list = sessions::list(&world.engine, user, Some(here), world.now()).await.unwrap();
    let this: Vec<bool> = list.iter().map(|session| session.this_one).collect();
    assert_eq!(this, [false, true]);
    assert_eq!(list[1].address.as_deref(), Some("192.0.2.7"));
    assert_eq!(list[1].user_agent.as_deref(), Some("Firefox"));
}

#[tokio::test]
async fn what_has_expired_is_swept_and_a_deleted_session_stays_away() {
    let world = world().await;
    let id = begin(&world, None).await;
    let kept = begin(&world, Some(world.member.user)).await;
    world.clock.advance(TimeDelta::days(2));
    assert_eq!(sessions::sweep(&world.engine, world.now()).await.unwrap(), 1);
    assert!(!lives(&world, id).await);
    store(&world).delete(&kept).await.unwrap();
    assert!(!lives(&world, kept).await);
}
