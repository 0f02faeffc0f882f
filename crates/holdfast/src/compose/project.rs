//! What the engine makes for one project, taken away with it.

use std::os::unix::process::CommandExt as _;
use std::process::Command;

use crate::say;

/// How often it is looked for what is left, at most.
const LOOKS: usize = 5;

/// Everything that the engine has made for one project of Compose. It goes with this value, however that ends; what somebody has
/// left who was killed goes when the next one begins.
#[derive(Debug)]
pub struct Project {
    name: &'static str,
}

impl Project {
    /// Makes room for the project.
    pub fn new(name: &'static str) -> Self {
        let project = Self { name };
        project.sweep();
        project
    }

    /// What it is called.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// Removes all of it. The engine may be making something still, for a Compose that was ended in it.
    fn sweep(&self) {
        for _ in 0..LOOKS {
            if !self.sweep_once() {
                return;
            }
        }
    }

    /// Removes containers, also those that stand on its networks or use its volumes and are of no service, and then these.
    /// By labels: it need not be known how they came about. Answers whether there was any.
    fn sweep_once(&self) -> bool {
        let mine = format!("label=com.docker.compose.project={}", self.name);
        let [networks, volumes] = ["network", "volume"].map(|kind| listed(&[kind, "ls"], &mine));
        let by = |kind: &str, all: &[String]| -> Vec<String> {
            let each = all.iter().map(|one| format!("{kind}={one}"));
            each.flat_map(|one| listed(&["ps", "--all"], &one))
                .collect()
        };
        let mut containers = listed(&["ps", "--all"], &mine);
        containers.extend(by("network", &networks));
        containers.extend(by("volume", &volumes));
        let any = [&containers, &networks, &volumes]
            .iter()
            .any(|all| !all.is_empty());
        remove(&["rm", "--force", "--volumes"], containers);
        remove(&["network", "rm"], networks);
        remove(&["volume", "rm", "--force"], volumes);
        any
    }
}

impl Drop for Project {
    fn drop(&mut self) {
        self.sweep();
    }
}

/// The names that the engine lists.
pub fn listed(words: &[&str], filter: &str) -> Vec<String> {
    let listed = engine(&[words, &["--quiet", "--filter", filter]].concat());
    listed.split_whitespace().map(str::to_owned).collect()
}

fn remove(words: &[&str], mut names: Vec<String>) {
    names.sort();
    names.dedup();
    if !names.is_empty() {
        let names = names.iter().map(String::as_str);
        engine(&words.iter().copied().chain(names).collect::<Vec<_>>());
    }
}

/// Has the engine do something. It waits, since nothing may come in between; and what fails leaves the rest to be done.
pub fn engine(words: &[&str]) -> String {
    match Command::new("docker").args(words).process_group(0).output() {
        Ok(output) if output.status.success() => {
            String::from_utf8_lossy(&output.stdout).into_owned()
        }
        Ok(output) => {
            let said = String::from_utf8_lossy(&output.stderr);
            say::line(format_args!("left behind: {words:?}: {}", said.trim()));
            String::new()
        }
        Err(error) => {
            say::line(format_args!("left behind: {words:?}: {error}"));
            String::new()
        }
    }
}
