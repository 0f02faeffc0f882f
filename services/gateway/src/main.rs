//! Starts the gateway.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::run("gateway", gateway::Gateway::connect).await
}
