//! The program of the user service.

use std::process::ExitCode;

#[tokio::main]
async fn main() -> ExitCode {
    chassis::main("user", user::Service::connect).await
}
