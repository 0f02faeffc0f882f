//! `holdfast` as its image has it: without the services, each of which has an image of its own.

use std::process::ExitCode;

use clap::Parser as _;
use holdfast::light::{self, Cli, Command};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

#[tokio::main]
async fn main() -> ExitCode {
    let cli = Cli::<Command>::parse();
    let home = cli.home();
    light::ended(cli.command.run(&home).await.map(|()| ExitCode::SUCCESS))
}
