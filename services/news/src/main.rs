//! The program of the news service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::main("news", news::Service::connect).await
}
