//! The program of the order service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::main("order", order::Service::connect).await
}
