//! Starts the news service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::run("news", news::Service::connect).await
}
