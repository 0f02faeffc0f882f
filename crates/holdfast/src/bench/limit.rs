//! What the SQL of an order costs Postgres where nobody is behind it: pgbench runs the same in batches, on the same cluster.

mod deck;
mod sql;

use std::fs;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use stack::{Folder, Postgres, Redis};
use tokio::process::Command;
use uuid::Uuid;

use self::deck::BATCH;
use super::contest::Turns;
use super::cpu;
use super::scene::{ground, of, stock_up};

/// What its databases are called by, behind the services' names.
const SUFFIX: &str = "_limit";
/// How many batches a second of a turn is worth: about as many as two cores take.
const A_SECOND: f64 = 40.0;
/// How many clients write at once.
const CLIENTS: usize = 2;
/// What the services' connections ask of their server too.
const SESSION: &str = "-c enable_seqscan=off -c jit=off -c client_min_messages=warning";

/// pgbench, its scripts and what they are to write.
pub(super) struct Limit {
    program: PathBuf,
    port: u16,
    folder: Folder,
    constants: Vec<(&'static str, String)>,
    /// Batches of each client in a turn.
    batches: usize,
}

impl Limit {
    /// Makes databases like the services' own, and what is written in all of `turns`.
    pub(super) async fn set(
        postgres: &Postgres,
        redis: &Redis,
        turns: Turns,
    ) -> anyhow::Result<Self> {
        let ground = ground(postgres, redis, SUFFIX).await?;
        ground.migrate().await?;
        let (orders, money) = (&of(&ground, "order").primary, &of(&ground, "user").primary);
        stock_up(orders).await?;
        #[allow(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a turn takes seconds"
        )]
        let batches = (turns.turn.as_secs_f64() * A_SECOND / 2.0).ceil() as usize;
        let mut customers: Vec<Uuid> = (0..BATCH).map(|_| Uuid::now_v7()).collect();
        customers.sort_unstable();
        // Of each client, in each round, and once before that.
        let all = batches * CLIENTS * (turns.rounds + 1);
        deck::make(orders, money, all, &customers).await?;
        let limit = Self {
            program: postgres.primary().tool("pgbench"),
            port: postgres.primary().port(),
            folder: Folder::scratch()?,
            constants: deck::constants(&customers),
            batches,
        };
        limit.write("order", deck::OF_ORDERS, &[sql::HOLD, sql::CONFIRM])?;
        limit.write("user", deck::OF_MONEY, &[sql::CHARGE])?;
        Ok(limit)
    }

    /// Microseconds of the CPU of `servers` that an order takes, in the turn of this number, from 0. What it takes to fetch
    /// what is to be written is measured by itself, and taken off.
    pub(super) async fn turn(&self, servers: &[u32], number: usize) -> anyhow::Result<f64> {
        let whole = self.cost(servers, number, "write").await?;
        let fetch = self.cost(servers, number, "fetch").await?;
        let orders = u32::try_from(self.batches * CLIENTS)? * BATCH.unsigned_abs();
        Ok(whole.saturating_sub(fetch).as_secs_f64() * 1e6 / f64::from(orders))
    }

    async fn cost(&self, servers: &[u32], turn: usize, what: &str) -> anyhow::Result<Duration> {
        let before = cpu::all(servers);
        tokio::try_join!(self.run("order", turn, what), self.run("user", turn, what))?;
        Ok(cpu::all(servers).saturating_sub(before))
    }

    async fn run(&self, database: &str, turn: usize, what: &str) -> anyhow::Result<()> {
        let name = format!("{database}{SUFFIX}");
        let mut command = Command::new(&self.program);
        command.args(["-n", "-M", "prepared", "-h", "127.0.0.1", "-U", &name]);
        command.args(["-p", &self.port.to_string()]);
        command.args(["-c", &CLIENTS.to_string(), "-j", &CLIENTS.to_string()]);
        command.args(["-t", &self.batches.to_string()]);
        command.args(["-D", &format!("next={}", turn * self.batches)]);
        for (variable, value) in &self.constants {
            command.args(["-D", &format!("{variable}={value}")]);
        }
        let script = self.script(database, what);
        command.arg("-f").arg(script).arg(&name);
        command.env("PGOPTIONS", SESSION).kill_on_drop(true);
        let ended = command.output().await.context("pgbench")?;
        let said = String::from_utf8_lossy(&ended.stderr);
        // It ends well where a client gave up; that it says.
        let well = ended.status.success() && !said.contains("aborted") && !said.contains("ERROR");
        anyhow::ensure!(well, "pgbench: {said}");
        Ok(())
    }

    /// Writes the scripts of a database: one with all of it, one that only fetches.
    fn write(
        &self,
        database: &str,
        columns: &str,
        transactions: &[&[sql::Statement]],
    ) -> anyhow::Result<()> {
        let fetch = format!(
            "\\set n :next * {CLIENTS} + :client_id\n\\set next :next + 1\nselect {columns} from deck where n = :n \\gset\n"
        );
        fs::write(self.script(database, "fetch"), &fetch)?;
        let work: String = transactions.iter().copied().map(sql::transaction).collect();
        fs::write(self.script(database, "write"), fetch + &work)?;
        Ok(())
    }

    fn script(&self, database: &str, what: &str) -> PathBuf {
        self.folder.path().join(format!("{database}-{what}.sql"))
    }
}
