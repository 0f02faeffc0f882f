//! The commands that open no shop, and so need none of its services in the program: all that containers are called by.

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};
use drill::Door;

use crate::home::Home;
use crate::load::{self, Rate};
use crate::provision::{self, Floor};
use crate::{certs, demo, say, up};

/// A shop that keeps taking orders while its parts fail.
#[derive(Debug, Parser)]
#[command(name = "holdfast", version, about)]
pub struct Cli<C: Subcommand> {
    /// Where the shop of this machine lives.
    #[arg(
        long,
        global = true,
        env = "HOLDFAST_HOME",
        default_value = ".holdfast"
    )]
    home: PathBuf,
    /// What is to be done.
    #[command(subcommand)]
    pub command: C,
}

impl<C: Subcommand> Cli<C> {
    /// The shop of this machine.
    pub fn home(&self) -> Home {
        Home::at(&self.home)
    }
}

/// What is done to a shop from outside, or before it is there.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Place a demo order.
    Order {
        /// Where the shop answers, commas between several; the one of this machine, when not said.
        #[arg(long, env = "HOLDFAST_URL", value_delimiter = ',')]
        url: Vec<String>,
    },
    /// Have customers come to order and to look, whether the shop keeps up or not, and show what becomes of them. Only for a
    /// shop with the demo's accounts and products: one of them fills its shelf.
    Load {
        /// Where the shop answers, commas between several; the one of this machine, when not said.
        #[arg(long, env = "HOLDFAST_URL", value_delimiter = ',')]
        url: Vec<String>,
        /// Who comes.
        #[command(flatten)]
        rate: Rate,
    },
    /// Make what the containers of docker-compose.yml need before they start: secrets, once, and certificates.
    Provision {
        /// Where to: a folder for each container, or for each kind of them.
        #[arg(long, default_value = "/volumes")]
        out: PathBuf,
        /// Where they answer.
        #[command(flatten)]
        floor: Floor,
    },
    /// Make a certificate authority for development, and by it certificates for the edge, the database, Redis and each service. Made again, they
    /// are taken up by whatever runs with them.
    Certs {
        /// Where to.
        #[arg(long, default_value = ".holdfast/certs")]
        out: PathBuf,
        /// What the edge is called.
        #[arg(default_values_t = ["localhost".to_owned(), "127.0.0.1".to_owned()])]
        names: Vec<String>,
    },
}

impl Command {
    /// Carries it out; `home` is the shop of this machine.
    ///
    /// # Errors
    /// What stood in its way.
    pub async fn run(self, home: &Home) -> anyhow::Result<()> {
        match self {
            Self::Order { url } => demo::order(&doors(home, url)?, up::CURRENCY).await,
            Self::Load { url, rate } => load::run(&doors(home, url)?, &rate).await,
            Self::Provision { out, floor } => {
                provision::run(&out, &floor)?;
                say::line("What the containers need is there");
                Ok(())
            }
            Self::Certs { out, names } => {
                certs::write(&out, &names)?;
                say::line(format_args!(
                    "ca.pem, and by it server.pem for the edge and one for the database, Redis and each service, are in {}",
                    out.display()
                ));
                Ok(())
            }
        }
    }
}

/// Says what went wrong, if something did, and how the program ends.
pub fn ended(done: anyhow::Result<ExitCode>) -> ExitCode {
    done.unwrap_or_else(|error| {
        say::wrong(format_args!("holdfast: {error:#}"));
        ExitCode::FAILURE
    })
}

/// The doors at `urls`, or the one of this machine's shop.
fn doors(home: &Home, mut urls: Vec<String>) -> anyhow::Result<Vec<Door>> {
    if urls.is_empty() {
        let here = home.tenant().map(|tenant| tenant.url);
        urls.push(here.unwrap_or_else(|| "http://localhost:8080".to_owned()));
    }
    urls.iter().map(|url| home.door(url)).collect()
}
