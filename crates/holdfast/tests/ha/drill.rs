//! The drill, as the command line has it: a brief one, one that is interrupted, and some with a mistake planted.

mod interrupted;
mod planted;
mod short;

use std::process::Stdio;
use std::time::Duration;

use stack::Folder;
use tokio::process::Command;

/// How long any of them may take.
const LIMIT: Duration = Duration::from_mins(6);

/// `holdfast drill` with `words`, its report in `folder`.
fn drill(folder: &Folder, words: &str) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_holdfast"));
    command
        .arg("drill")
        .args(words.split(' '))
        .arg("--report")
        .arg(folder.path());
    command.stdout(Stdio::piped()).kill_on_drop(true);
    command
}
