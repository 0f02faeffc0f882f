//! `holdfast`: opens, breaks and closes a shop on this machine, places demo orders, makes certificates.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser as _, Subcommand};
use holdfast::bench::{self, baseline};
use holdfast::ha::{self, Deed, Errand};
use holdfast::home::Home;
use holdfast::house::Kind;
use holdfast::light::{self, Cli};
use holdfast::{say, up};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[derive(Subcommand)]
enum Command {
    /// Open the shop in this process, with a Postgres pair and a Redis of its own.
    Up {
        /// The port of the loopback at which it answers.
        #[arg(long, env = "PORT", default_value_t = 8080)]
        port: u16,
    },
    /// Open the shop with every part at least twice, as processes that can be broken one by one.
    Ha {
        /// The port of the loopback at which it answers; the next one leads to it as well.
        #[arg(long, env = "PORT", default_value_t = 8080)]
        port: u16,
        /// Where its backups are kept: another disk, or a place elsewhere that is mounted here. When not said, beside its data.
        #[arg(long, env = "HOLDFAST_BACKUPS")]
        backups: Option<PathBuf>,
        /// Start and end instances as control wants them: 2 to 8 of each service, within what operators allow. What `scale` was
        /// told holds until control wants another number.
        #[arg(long, env = "HOLDFAST_FOLLOW_SCALING")]
        follow_scaling: bool,
    },
    /// Show how every part of the highly available shop is.
    Status,
    /// Kill a part of it. It is started again.
    Kill {
        /// Which part; `pg-1.postgres` and `pg-1.patroni` are halves of one.
        name: String,
        /// Leave it dead until it is resumed.
        #[arg(long)]
        stay: bool,
    },
    /// Freeze a part of it: its connections stay open and nobody answers. A database node is killed for that, and replaced.
    Pause {
        /// Which part.
        name: String,
        /// Leave it frozen until it is resumed.
        #[arg(long)]
        stay: bool,
    },
    /// Undo what was done to a part of it.
    Resume {
        /// Which part.
        name: String,
    },
    /// Cut the wires around a part of it.
    Cut {
        /// Which part.
        name: String,
    },
    /// Slow the wires around a part of it.
    Slow {
        /// Which part.
        name: String,
        /// How many milliseconds everything is held up, each way.
        #[arg(long, default_value_t = 500)]
        by: u64,
    },
    /// Let what a part of it answers stand still; what is sent to it arrives.
    Mute {
        /// Which part.
        name: String,
    },
    /// Lose some of what the wires around a part of it carry; it is sent again.
    Lose {
        /// Which part.
        name: String,
        /// How many of a hundred pieces.
        #[arg(long, default_value_t = 10, value_parser = clap::value_parser!(u8).range(1..=100))]
        percent: u8,
    },
    /// Have another database node lead.
    Switchover,
    /// Have so many instances of a service.
    Scale {
        /// Which service.
        service: Kind,
        /// How many, 1 to 8.
        count: usize,
    },
    /// Look at every setting, connection, replica, backup and clock, and say what to do.
    Doctor,
    /// Take a backup of it now; or `list` those that are there, or `verify` the newest.
    Backup {
        #[command(subcommand)]
        what: Option<BackupWhat>,
        /// Take one that rests on none before it.
        #[arg(long)]
        full: bool,
    },
    /// Restore all as it was at a moment, into a server beside the shop. It is there until Ctrl-C.
    Restore {
        /// The moment, such as 2026-11-26 20:36:41.5Z.
        #[arg(long, required_unless_present = "end")]
        to_time: Option<String>,
        /// Leave the server there.
        #[arg(long)]
        keep: bool,
        /// End the server that was left there.
        #[arg(long, conflicts_with_all = ["to_time", "keep"])]
        end: bool,
    },
    /// Close the shop that another process has opened.
    Down,
    /// Close it, and remove its data.
    Clean,
    /// Whatever opens no shop.
    #[command(flatten)]
    Light(light::Command),
    /// Open a highly available shop of its own, load it, break it in every way that it claims to survive, check the data, and
    /// write a report.
    Drill(ha::drill::Asked),
    /// Be one service, with its settings from the environment.
    Run {
        /// Which one.
        service: Kind,
    },
    /// Measure.
    Bench {
        #[command(subcommand)]
        what: bench::Asked,
    },
    /// Be a part of what the bench compares with.
    #[command(hide = true)]
    Baseline {
        /// Which.
        part: Peer,
        /// Where to listen.
        at: SocketAddr,
        /// Its database.
        database: Option<String>,
        /// Where the wallet is, for `orders`; without it they are sold for nothing.
        wallet: Option<String>,
    },
}

#[derive(Subcommand)]
enum BackupWhat {
    /// Say which are there.
    List,
    /// Restore the newest, compare it with the shop to the row, and print RPO and RTO.
    Verify,
}

/// What the bench compares with.
#[derive(Clone, Copy, clap::ValueEnum)]
enum Peer {
    /// Orders, one transaction for each step, or one in all where no money is taken.
    Orders,
    /// The wallet that these charge.
    Wallet,
    /// A handler of axum alone.
    Hello,
    /// A server of tonic alone.
    Health,
}

#[tokio::main]
async fn main() -> ExitCode {
    light::ended(run(Cli::parse()).await)
}

async fn run(cli: Cli<Command>) -> anyhow::Result<ExitCode> {
    let home = cli.home();
    match cli.command {
        Command::Up { port } => Box::pin(up::run(&home, port)).await?,
        Command::Ha {
            port,
            backups,
            follow_scaling,
        } => {
            Box::pin(ha::run(&home, port, backups.as_deref(), follow_scaling)).await?;
        }
        Command::Status => say::line(ha::ask(&home, "status").await?),
        Command::Kill { name, stay } => act(&home, &Deed::Kill { name, stay }).await?,
        Command::Pause { name, stay } => act(&home, &Deed::Pause { name, stay }).await?,
        Command::Resume { name } => act(&home, &Deed::Resume { name }).await?,
        Command::Cut { name } => act(&home, &Deed::Cut { name }).await?,
        Command::Slow { name, by } => act(&home, &Deed::Slow { name, by }).await?,
        Command::Mute { name } => act(&home, &Deed::Mute { name }).await?,
        Command::Lose { name, percent } => act(&home, &Deed::Lose { name, percent }).await?,
        Command::Switchover => act(&home, &Deed::SwitchOver).await?,
        Command::Scale { service, count } => {
            let kind = service;
            act(&home, &Deed::Scale { kind, count }).await?;
        }
        Command::Doctor => doctor(&home).await?,
        Command::Backup { what, full } => back_up(&home, what.as_ref(), full).await?,
        Command::Restore { to_time, keep, end } => restore(&home, to_time, keep, end).await?,
        Command::Down => down(&home).await?,
        Command::Clean => clean(&home).await?,
        Command::Light(command) => command.run(&home).await?,
        Command::Drill(asked) => return Box::pin(ha::drill::run(asked)).await,
        Command::Bench { what } => return Box::pin(what.run()).await,
        Command::Baseline {
            part,
            at,
            database,
            wallet,
        } => match (part, database, wallet) {
            (Peer::Orders, Some(database), wallet) => {
                baseline::serve_orders(at, &database, wallet.as_deref()).await?;
            }
            (Peer::Wallet, Some(database), None) => baseline::serve_wallet(at, &database).await?,
            (Peer::Hello, None, None) => bench::costs::serve_hello(at).await?,
            (Peer::Health, None, None) => bench::costs::serve_health(at).await?,
            _ => anyhow::bail!("orders and a wallet need a database, the others nothing"),
        },
        Command::Run { service } => return Ok(service.run().await),
    }
    Ok(ExitCode::SUCCESS)
}

/// Has the running shop do something to one of its parts.
async fn act(home: &Home, deed: &Deed) -> anyhow::Result<()> {
    say::line(ha::ask(home, &deed.words()).await?);
    Ok(())
}

async fn back_up(home: &Home, what: Option<&BackupWhat>, full: bool) -> anyhow::Result<()> {
    let errand = match what {
        None => Errand::Take { full },
        Some(BackupWhat::List) => Errand::List,
        Some(BackupWhat::Verify) => Errand::Verify,
    };
    let (said, _) = ha::ask_and_wait(home, &errand).await?;
    say::line(said);
    Ok(())
}

async fn restore(
    home: &Home,
    to_time: Option<String>,
    keep: bool,
    end: bool,
) -> anyhow::Result<()> {
    let errand = match to_time {
        Some(to) if !end => {
            ha::backup::read_moment(&to)?;
            Errand::Restore { to, keep }
        }
        _ => Errand::End,
    };
    let (said, _wire) = ha::ask_and_wait(home, &errand).await?;
    say::line(said);
    if matches!(errand, Errand::Restore { keep: false, .. }) {
        say::line("\nIt is there until Ctrl-C here, and then gone; `--keep` leaves it there");
        tokio::signal::ctrl_c().await?;
    }
    Ok(())
}

async fn doctor(home: &Home) -> anyhow::Result<()> {
    let running = home.tenant().is_some();
    say::line(if running {
        ha::ask(home, "doctor").await?
    } else {
        ha::without_a_shop()
    });
    Ok(())
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
