//! `with-stack` lends its command a pair, and nothing of it is left when it ends, however it ends.
#![cfg(test)]

use std::process::{Output, Stdio};
use std::time::Duration;

use sqlx::{Connection, PgConnection};
use testkit::{STACK, Seat};
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::net::TcpStream;
use tokio::process::{Child, Command};
use tokio::time::{sleep, timeout};

/// Longer than anything here takes on a busy machine.
const LIMIT: Duration = Duration::from_secs(30);

fn with_stack(script: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_with-stack"));
    command
        .args(["--migrated", "--", "sh", "-c", script])
        .env_remove(STACK);
    command
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .kill_on_drop(true);
    command
}

/// Reads where the pair is from the first line that the command prints.
async fn seat(child: &mut Child) -> Seat {
    let mut line = String::new();
    let mut said = BufReader::new(child.stdout.as_mut().unwrap());
    timeout(LIMIT, said.read_line(&mut line))
        .await
        .unwrap()
        .unwrap();
    Seat::read(line.trim()).unwrap()
}

async fn refuses(address: &str) {
    let refused = async {
        while TcpStream::connect(address).await.is_ok() {
            sleep(Duration::from_millis(10)).await;
        }
    };
    timeout(LIMIT, refused)
        .await
        .unwrap_or_else(|_| panic!("somebody still listens on {address}"));
}

#[tokio::test]
async fn a_command_finds_a_migrated_database_of_each_service() {
    let script = "echo $USER_DATABASE_URL; echo $ORDER_DATABASE_URL; echo $NEWS_DATABASE_URL; cat";
    let mut child = with_stack(script).spawn().unwrap();
    let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();

    for _ in 0..3 {
        let url = timeout(LIMIT, lines.next_line())
            .await
            .unwrap()
            .unwrap()
            .unwrap();

        let mut found = PgConnection::connect(&url).await.unwrap();
        let asked =
            sqlx::query_scalar("select count(*) > 0 from pg_tables where schemaname = 'public'");
        let migrated: bool = asked.fetch_one(&mut found).await.unwrap();
        assert!(migrated, "{url} is empty");
    }
}

#[tokio::test]
async fn it_ends_as_its_command_does() {
    let Output { status, .. } = with_stack("exit 7").output().await.unwrap();

    assert_eq!(status.code(), Some(7));
}

#[tokio::test]
async fn nothing_runs_any_more_when_it_was_killed() {
    let mut child = with_stack(&format!("echo ${STACK}; cat")).spawn().unwrap();
    let seat = seat(&mut child).await;
    assert!(TcpStream::connect(&seat.primary).await.is_ok());

    child.kill().await.unwrap();

    refuses(&seat.primary).await;
    refuses(&seat.replica).await;
}
