//! The program of the control service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::main("control", control::Service::connect).await
}
