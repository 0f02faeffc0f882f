//! What is asked of the engine: by its own command line, so that it may be any.

use std::process::Output;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::process::Command;

/// A container, as it was when it was asked for.
#[derive(Debug, Clone)]
pub(crate) struct Container {
    pub(crate) id: String,
    /// Its service, and which of several it is: `order-2`.
    pub(crate) name: String,
    pub(crate) told: Value,
}

/// Runs `words`, and answers what it printed.
pub(crate) async fn run(words: &[&str]) -> String {
    let output = attempt(words).await;
    assert!(
        output.status.success(),
        "{words:?}: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Runs `words`, however they end.
pub(crate) async fn attempt(words: &[&str]) -> Output {
    let (program, args) = words.split_first().unwrap();
    let mut command = Command::new(program);
    command.args(args).kill_on_drop(true);
    command.output().await.unwrap()
}

/// All containers of `project`, those that have ended too.
pub(crate) async fn containers(project: &str) -> Vec<Container> {
    let label = format!("label=com.docker.compose.project={project}");
    let ids = run(&["docker", "ps", "-aq", "--filter", &label]).await;
    let ids: Vec<&str> = ids.split_whitespace().collect();
    if ids.is_empty() {
        return Vec::new();
    }
    let told = run(&[&["docker", "inspect"], &ids[..]].concat()).await;
    let told: Vec<Value> = serde_json::from_str(&told).unwrap();
    told.into_iter().map(Container::of).collect()
}

impl Container {
    fn of(told: Value) -> Self {
        let labels = &told["Config"]["Labels"];
        let service = labels["com.docker.compose.service"].as_str().unwrap();
        let number = labels["com.docker.compose.container-number"]
            .as_str()
            .unwrap();
        // Whoever is one of a kind has its number in its name already.
        let alone = service.ends_with(|last: char| last.is_ascii_digit());
        let name = if alone {
            service.to_owned()
        } else {
            format!("{service}-{number}")
        };
        Self {
            id: told["Id"].as_str().unwrap().to_owned(),
            name,
            told,
        }
    }

    /// Whether it is there to end, and did so well.
    pub(crate) fn is_done(&self) -> bool {
        let state = &self.told["State"];
        self.is_job() && state["Status"] == "exited" && state["ExitCode"] == 0
    }

    pub(crate) fn is_job(&self) -> bool {
        self.told["HostConfig"]["RestartPolicy"]["Name"] == "on-failure"
    }

    /// Whether it runs and says that it is well.
    pub(crate) fn is_well(&self) -> bool {
        let state = &self.told["State"];
        state["Status"] == "running" && state["Health"]["Status"] == "healthy"
    }

    /// The process that it is.
    pub(crate) fn pid(&self) -> i32 {
        i32::try_from(self.told["State"]["Pid"].as_i64().unwrap()).unwrap()
    }

    /// Kills its process as a crash does. The engine takes a `docker kill` for a wish, and would not start it again.
    pub(crate) fn crash(&self) {
        kill(Pid::from_raw(self.pid()), Signal::SIGKILL).unwrap();
    }

    /// Takes it off `network`: its cable there is pulled.
    pub(crate) async fn leave(&self, network: &str) {
        run(&["docker", "network", "disconnect", network, &self.id]).await;
    }

    /// Puts it back onto `network`, under the address and the names that it had.
    pub(crate) async fn join(&self, network: &str) {
        let was = &self.told["NetworkSettings"]["Networks"][network];
        let address = was["IPAddress"].as_str();
        let address = address.map(|address| ["--ip", address]);
        let names = was["Aliases"].as_array().into_iter().flatten();
        let names = names.filter_map(|name| Some(["--alias", name.as_str()?]));
        let words: Vec<&str> = address.into_iter().chain(names).flatten().collect();
        let join = ["docker", "network", "connect"];
        run(&[&join[..], &words, &[network, &self.id]].concat()).await;
    }

    /// Its address in each network.
    pub(crate) fn addresses(&self) -> Vec<String> {
        let networks = self.told["NetworkSettings"]["Networks"].as_object();
        let each = networks.into_iter().flatten();
        let address = |(_, one): (&String, &Value)| one["IPAddress"].as_str().map(str::to_owned);
        each.filter_map(address)
            .filter(|address| !address.is_empty())
            .collect()
    }
}
