//! The database itself keeps tenants apart, whatever a query forgets.

use std::str::FromStr;

use engine::db::{Db, refuse_powerful_role};
use sqlx::postgres::PgConnectOptions;
use sqlx::{AssertSqlSafe, Connection, Executor, PgConnection, Row};

use crate::support::{World, world};

/// The tables that hold a tenant's rows, partitions included.
async fn tenant_tables(owner: &mut PgConnection) -> Vec<String> {
    let rows = sqlx::query(
        "SELECT table_name::text AS name FROM information_schema.columns
        JOIN information_schema.tables USING (table_schema, table_name)
        WHERE table_schema = 'public' AND column_name = 'tenant_id' AND table_type = 'BASE TABLE'
        ORDER BY 1",
    );
    rows.fetch_all(owner).await.unwrap().iter().map(|row| row.get("name")).collect()
}

async fn count(conn: &mut PgConnection, table: &str) -> i64 {
    let sql = AssertSqlSafe(format!("SELECT count(*) AS n FROM {table}"));
    sqlx::query(sql).fetch_one(conn).await.unwrap().get("n")
}

async fn owner(world: &World) -> PgConnection {
    PgConnection::connect_with(world.engine.db.pool().connect_options().as_ref()).await.unwrap()
}

#[tokio::test]
async fn every_table_of_tenants_is_confined_by_row_level_security() {
    let world = world().await;
    let mut owner = owner(&world).await;
    let tables = tenant_tables(&mut owner).await;
    assert!(tables.len() >= 12, "{tables:?}");
    for table in tables.iter().map(String::as_str).chain(["tenants", "users", "sessions", "signin_limits"]) {
        // A partition is reached through its parent only; the application has no right to it at all.
        let row = sqlx::query(
            "SELECT
                relrowsecurity AND relforcerowsecurity AS forced,
                relispartition AND NOT has_table_privilege('syncline_app', oid, 'SELECT, INSERT, UPDATE, DELETE') AS inner
            FROM pg_class
            WHERE oid = to_regclass($1)",
        );
        let row = row.bind(table).fetch_one(&mut owner).await.unwrap();
        assert!(row.get::<bool, _>("forced") || row.get::<bool, _>("inner"), "{table} is open");
    }
}

#[tokio::test]
async fn a_transaction_sees_its_own_tenants_rows_and_no_others() {
    let world = world().await;
    world.pair().await;
    let other = world.stranger().await;
    let tables = tenant_tables(&mut owner(&world).await).await;
    let mut own = world.engine.db.begin(world.member.tenant).await.unwrap();
    assert_eq!(count(&mut own, "connections").await, 2);
    assert_eq!(count(&mut own, "tenants").await, 1);
    drop(own);
    for table in tables {
        let mut foreign = world.engine.db.begin(other.tenant).await.unwrap();
        let Ok(rows) =
            sqlx::query(AssertSqlSafe(format!("SELECT tenant_id FROM {table}"))).fetch_all(&mut *foreign).await
        else {
            continue;
        };
        assert!(rows.iter().all(|row| row.get::<uuid::Uuid, _>("tenant_id") == other.tenant.0), "{table}");
    }
    let mut foreign = world.engine.db.begin(other.tenant).await.unwrap();
    let moved = foreign.execute("UPDATE connections SET name = 'mine now'").await.unwrap();
    assert_eq!(moved.rows_affected(), 0);
    let stolen =
        sqlx::query("INSERT INTO memberships (tenant_id, user_id, role, created_at) VALUES ($1, $2, 'owner', $3)")
            .bind(world.member.tenant.0)
            .bind(other.user.0)
            .bind(world.now())
            .execute(&mut *foreign);
    assert!(stolen.await.is_err(), "a row of another tenant was written");
}

#[tokio::test]
async fn without_a_tenant_nothing_is_seen_and_people_never_are() {
    let world = world().await;
    let mut bare = world.engine.db.pool().acquire().await.unwrap();
    assert_eq!(count(&mut bare, "tenants").await, 0);
    assert_eq!(count(&mut bare, "memberships").await, 0);
    for table in ["users", "sessions", "signin_limits"] {
        let sql = AssertSqlSafe(format!("SELECT * FROM {table}"));
        assert!(sqlx::query(sql).fetch_all(&mut *bare).await.is_err(), "{table} is open to the application");
    }
}

#[tokio::test]
async fn the_next_user_of_a_pooled_connection_inherits_no_tenant() {
    let world = world().await;
    let narrow = Db::open(&url_of(&world), 1).unwrap();
    let mut tx = narrow.begin(world.member.tenant).await.unwrap();
    assert_eq!(count(&mut tx, "tenants").await, 1);
    tx.commit().await.unwrap();
    let mut system = narrow.begin_across_tenants().await.unwrap();
    assert!(count(&mut system, "users").await > 0);
    drop(system);
    let mut bare = narrow.pool().acquire().await.unwrap();
    assert_eq!(count(&mut bare, "tenants").await, 0);
}

#[tokio::test]
async fn a_role_that_sees_past_the_policies_is_refused() {
    let world = world().await;
    refuse_powerful_role(&world.engine.db).await.unwrap();
    let mut owner = owner(&world).await;
    // The serving role is made the tables' owner for a moment, in this test's own database.
    owner.execute("GRANT CREATE ON SCHEMA public TO syncline_app").await.unwrap();
    owner.execute("ALTER TABLE records OWNER TO syncline_app").await.unwrap();
    let refused = refuse_powerful_role(&world.engine.db).await.unwrap_err().to_string();
    assert!(refused.contains("owns"), "{refused}");
}

fn url_of(world: &World) -> String {
    let options = world.engine.db.pool().connect_options();
    let database = options.get_database().unwrap();
    let url = crate::support::owner_url();
    let (before, query) = url.split_once('?').map_or((url.as_str(), None), |(before, query)| (before, Some(query)));
    let base = before.rsplit_once('/').unwrap().0;
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    let found = format!("{base}/{database}{query}");
    PgConnectOptions::from_str(&found).unwrap();
    found
}
