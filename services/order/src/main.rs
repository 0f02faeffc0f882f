//! Starts the order service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::run("order", order::Service::connect).await
}
