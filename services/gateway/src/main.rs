//! The program of the gateway.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::main("gateway", gateway::Gateway::connect).await
}
