//! `holdfast`: opens and closes a shop on this machine, places a demo order, makes certificates.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Duration;

use clap::{Parser, Subcommand};
use holdfast::bench::{self, Plan, baseline};
use holdfast::home::Home;
use holdfast::house::Kind;
use holdfast::{certs, demo, say, up};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// A shop that keeps taking orders while its parts fail.
#[derive(Parser)]
#[command(version, about)]
struct Cli {
    /// Where the shop of this machine lives.
    #[arg(
        long,
        global = true,
        env = "HOLDFAST_HOME",
        default_value = ".holdfast"
    )]
    home: PathBuf,
    #[command(subcommand)]
    command: Command,
}

#[derive(Subcommand)]
enum Command {
    /// Open the shop in this process, with a Postgres pair and a Redis of its own.
    Up {
        /// The port of the loopback at which it answers.
        #[arg(long, env = "PORT", default_value_t = 8080)]
        port: u16,
    },
    /// Close the shop that another process has opened.
    Down,
    /// Close it, and remove its data.
    Clean,
    /// Place a demo order.
    Order {
        /// Where the shop answers; the one of this machine, when not said.
        #[arg(long, env = "HOLDFAST_URL")]
        url: Option<String>,
    },
    /// Be one service, with its settings from the environment.
    Run {
        /// Which one.
        service: Kind,
    },
    /// Measure.
    Bench {
        #[command(subcommand)]
        what: Bench,
    },
    /// Be a part of what the bench compares with.
    #[command(hide = true)]
    Baseline {
        /// `orders` or `wallet`.
        part: String,
        /// Where to listen.
        at: SocketAddr,
        /// Its database.
        database: String,
        /// Where the wallet is, for `orders`.
        wallet: Option<String>,
    },
    /// Make a certificate authority for development, and a server certificate by it.
    Certs {
        /// Where to.
        #[arg(long, default_value = ".holdfast/certs")]
        out: PathBuf,
        /// What the server is called.
        #[arg(default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
        names: Vec<String>,
    },
}

#[derive(Subcommand)]
enum Bench {
    /// What an order costs, beside the same order with one transaction for each step.
    Order {
        /// How often each side has its turn.
        #[arg(long, default_value_t = 3)]
        rounds: usize,
        /// How many seconds a turn takes.
        #[arg(long, default_value_t = 10)]
        seconds: u64,
        /// How many customers order, each one thing at a time.
        #[arg(long, default_value_t = 128)]
        buyers: usize,
    },
}

#[tokio::main]
async fn main() -> ExitCode {
    let done = run(Cli::parse()).await;
    done.unwrap_or_else(|error| {
        say::wrong(format_args!("holdfast: {error:#}"));
        ExitCode::FAILURE
    })
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let home = Home::at(cli.home);
    match cli.command {
        Command::Up { port } => Box::pin(up::run(&home, port)).await?,
        Command::Down => down(&home).await?,
        Command::Clean => clean(&home).await?,
        Command::Order { url } => order(&home, url).await?,
        Command::Bench { what } => Box::pin(measure(what)).await?,
        Command::Baseline {
            part,
            at,
            database,
            wallet,
        } => match wallet {
            Some(wallet) if part == "orders" => {
                baseline::serve_orders(at, &database, &wallet).await?;
            }
            _ => baseline::serve_wallet(at, &database).await?,
        },
        Command::Run { service } => return Ok(service.run().await),
        Command::Certs { out, names } => {
            certs::write(&out, &names)?;
            say::line(format_args!(
                "ca.pem, server.pem and server.key are in {}",
                out.display()
            ));
        }
    }
    Ok(ExitCode::SUCCESS)
}

async fn measure(what: Bench) -> anyhow::Result<()> {
    let Bench::Order {
        rounds,
        seconds,
        buyers,
    } = what;
    let turn = Duration::from_secs(seconds);
    bench::order(Plan {
        rounds,
        turn,
        buyers,
    })
    .await
}

async fn down(home: &Home) -> anyhow::Result<()> {
    let closed = home.evict().await?;
    say::line(if closed {
        "The shop is closed; its data stays"
    } else {
        "No shop is open here"
    });
    Ok(())
}

async fn clean(home: &Home) -> anyhow::Result<()> {
    home.evict().await?;
    home.remove()?;
    say::line("The shop and its data are gone");
    Ok(())
}

async fn order(home: &Home, url: Option<String>) -> anyhow::Result<()> {
    let here = || home.tenant().map(|tenant| tenant.url);
    let url = url
        .or_else(here)
        .unwrap_or_else(|| "http://localhost:8080".to_owned());
    demo::order(&url, up::CURRENCY).await
}
