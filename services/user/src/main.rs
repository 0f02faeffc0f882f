//! Starts the user service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::run("user", user::Service::connect).await
}
