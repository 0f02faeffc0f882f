//! The service as a process: what it says when it cannot start, how it ends, and what it never says.
#![cfg(test)]

use std::process::Stdio;
use std::time::Duration;

use api::news::ListArticlesRequest;
use api::news::news_client::NewsClient;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::io::{AsyncBufReadExt as _, BufReader, Lines};
use tokio::process::{Child, ChildStderr, Command};

const TOKEN: &str = "hunter2-of-the-house";

/// A process that has started, though its database is nowhere.
struct Process {
    child: Child,
    lines: Lines<BufReader<ChildStderr>>,
    /// What it has logged so far.
    log: String,
    addr: String,
}

fn command() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_news"));
    command
        .env_clear()
        .envs([
            ("LISTEN", "127.0.0.1:0"),
            ("ADMIN_LISTEN", "127.0.0.1:0"),
            ("DRAIN_GRACE", "0s"),
            ("LOG_FORMAT", "json"),
            ("SERVICE_TOKEN", TOKEN),
            ("DATABASE_URLS", "postgres://news:hunter2@127.0.0.1:1/news"),
            ("REDIS_URL", "redis://:hunter2@127.0.0.1:1"),
        ])
        .stderr(Stdio::piped())
        .kill_on_drop(true);
    command
}

impl Process {
    async fn start(mut command: Command) -> Self {
        let mut child = command.spawn().unwrap();
        let lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let mut process = Self {
            child,
            lines,
            log: String::new(),
            addr: String::new(),
        };
        let started = process.logged("started");
        let line = tokio::time::timeout(Duration::from_secs(20), started).await;
        let line: serde_json::Value = serde_json::from_str(&line.unwrap()).unwrap();
        process.addr = line["addr"].as_str().unwrap().to_owned();
        process
    }

    /// Reads on to the line with this message.
    async fn logged(&mut self, message: &str) -> String {
        loop {
            let line = self.lines.next_line().await.unwrap().unwrap();
            self.log.push_str(&line);
            if line.contains(&format!("\"message\":\"{message}\"")) {
                return line;
            }
        }
    }

    /// Sends SIGTERM; gives the exit code, and all that was logged.
    async fn end(mut self) -> (Option<i32>, String) {
        let id = self.child.id().unwrap().try_into().unwrap();
        kill(Pid::from_raw(id), Signal::SIGTERM).unwrap();
        let ending = async {
            while let Some(line) = self.lines.next_line().await.unwrap() {
                self.log.push_str(&line);
            }
            self.child.wait().await.unwrap()
        };
        let ended = tokio::time::timeout(Duration::from_secs(20), ending).await;
        (ended.unwrap().code(), self.log)
    }
}

#[tokio::test]
async fn a_missing_setting_ends_the_start_with_one_sentence_and_exit_code_64() {
    let output = command().env_remove("DATABASE_URLS").output().await;

    let output = output.unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert_eq!(output.status.code(), Some(64));
    assert!(
        said.starts_with("news: DATABASE_URLS is not set: "),
        "{said}"
    );
    assert_eq!(said.lines().count(), 1, "{said}");
}

#[tokio::test]
async fn sigterm_ends_it_in_order() {
    let process = Process::start(command()).await;

    let (code, log) = process.end().await;

    assert_eq!(code, Some(0));
    assert!(log.contains("draining") && log.contains("stopped"), "{log}");
}

#[tokio::test]
async fn it_never_says_a_secret_however_much_it_says() {
    let mut command = command();
    command.env("LOG", "trace");
    let process = Process::start(command).await;
    let ours = discovery::Settings {
        service_token: Some(TOKEN.into()),
        ..discovery::Settings::default()
    };
    let directory = discovery::Fixed::new([process.addr.as_str()]);
    let channel = discovery::channel("news", &directory, &ours);
    let mut client = NewsClient::new(channel);
    let asking = client.list_articles(ListArticlesRequest::default());
    let limit = retry::Deadline::after(Duration::from_secs(1));
    limit.scope(asking).await.unwrap_err();

    let (_, log) = process.end().await;

    assert!(log.contains("TRACE"));
    assert!(!log.contains("hunter2"), "{log}");
}

#[tokio::test]
async fn healthcheck_says_whether_the_instance_of_the_same_settings_is_ready() {
    let admin = format!("127.0.0.1:{}", testkit::free_port());
    let ask = async || {
        let mut asking = command();
        asking.env("ADMIN_LISTEN", &admin).arg("healthcheck");
        asking.stdout(Stdio::piped()).output().await.unwrap()
    };
    let nobody = ask().await;
    let database = testkit::database("news").await;
    let mut command = command();
    command
        .env("ADMIN_LISTEN", &admin)
        .env("DATABASE_URLS", database.primary_url());
    let process = Process::start(command).await;

    let limit = tokio::time::Instant::now() + Duration::from_secs(20);
    let mut ready = ask().await;
    while !ready.status.success() && tokio::time::Instant::now() < limit {
        ready = ask().await;
    }

    let said = |output: &[u8]| String::from_utf8_lossy(output).into_owned();
    assert_eq!(nobody.status.code(), Some(1));
    assert_eq!(
        said(&nobody.stderr),
        format!("news: nobody answers at {admin}\n")
    );
    assert_eq!(ready.status.code(), Some(0), "{}", said(&ready.stderr));
    assert!(said(&ready.stdout).contains(r#""ready":true"#));
    process.end().await;
}

#[tokio::test]
async fn healthcheck_of_an_instance_that_waits_for_its_database_says_so() {
    let admin = format!("127.0.0.1:{}", testkit::free_port());
    let mut serving = command();
    serving.env("ADMIN_LISTEN", &admin);
    let process = Process::start(serving).await;

    let mut asking = command();
    asking.env("ADMIN_LISTEN", &admin).arg("healthcheck");
    let output = asking.output().await.unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains(r#""waiting_for":["database"]"#), "{said}");
    assert_eq!(said.lines().count(), 1, "{said}");
    process.end().await;
}

#[tokio::test]
async fn migrate_makes_the_database_its_role_and_its_articles_however_often_and_at_once() {
    let cluster = testkit::guarded_cluster().await;
    let port = cluster.primary().port();
    let url = format!("postgres://fresh:a-password@127.0.0.1:{port}/fresh");
    let owner = cluster.primary().url("postgres", "postgres");
    let migrate = async || {
        let mut migrating = Command::new(env!("CARGO_BIN_EXE_news"));
        migrating.env_clear().arg("migrate").envs([
            ("DATABASE_URLS", url.as_str()),
            ("DATABASE_OWNER_URL", owner.as_str()),
            ("SEED", "true"),
        ]);
        migrating.output().await.unwrap()
    };

    let (one, other) = tokio::join!(migrate(), migrate());
    let again = migrate().await;

    for output in [one, other, again] {
        let said = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(0), "{said}");
    }
    let count = cluster
        .primary()
        .run("fresh", "select count(*) from articles");
    assert_eq!(count.await.unwrap(), "6");
}

#[tokio::test]
async fn migrate_without_an_owner_of_what_is_not_there_fails_and_names_no_secret() {
    let cluster = testkit::guarded_cluster().await;
    let port = cluster.primary().port();
    let mut migrating = command();
    let url = format!("postgres://fresh:hunter2@127.0.0.1:{port}/fresh");
    let owner = format!("postgres://postgres:hunter2@127.0.0.1:{port}/postgres");
    migrating
        .env("DATABASE_URLS", url)
        .env("DATABASE_OWNER_URL", owner)
        .arg("migrate");

    let output = tokio::time::timeout(Duration::from_secs(20), migrating.output()).await;

    let output = output.expect("a wrong password is not waited out").unwrap();
    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert!(said.contains("password authentication failed"), "{said}");
    assert!(!said.contains("hunter2"), "{said}");
}

#[tokio::test]
async fn what_the_program_cannot_do_ends_it_with_exit_code_64() {
    let output = command().arg("fly").output().await.unwrap();

    let said = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(64));
    assert_eq!(
        said,
        "news: `fly` is neither `serve`, `healthcheck` nor `migrate`\n"
    );
}
