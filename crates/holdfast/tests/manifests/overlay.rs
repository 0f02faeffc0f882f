//! An overlay, rendered as `kubectl apply -k` would send it, with secrets made for this run.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::LazyLock;

use serde::Deserialize as _;
use serde_json::Value;
use tempfile::TempDir;

use super::object::Object;

/// The overlays that are for use as they are.
pub(crate) const OVERLAYS: [&str; 2] = ["dev", "ha"];

static RENDERED: LazyLock<[Vec<Object>; 2]> =
    LazyLock::new(|| OVERLAYS.map(|overlay| Tree::copy().render(overlay)));

/// Every object of `overlay`.
pub(crate) fn rendered(overlay: &str) -> &'static [Object] {
    let at = OVERLAYS.iter().position(|name| *name == overlay).unwrap();
    &RENDERED[at]
}

/// The folder `k8s` of this repository.
pub(crate) fn k8s() -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../k8s");
    root.canonicalize().unwrap()
}

/// A copy of `k8s/` and of the dashboards that it takes along, so that nobody's own secrets are touched.
pub(crate) struct Tree(TempDir);

impl Tree {
    pub(crate) fn copy() -> Self {
        let folder = tempfile::tempdir().unwrap();
        run(
            Command::new("cp").arg("-R").arg(k8s()).arg(folder.path()),
            "cp",
        );
        let (boards, grafana) = (
            "deploy/grafana/dashboards",
            folder.path().join("deploy/grafana"),
        );
        std::fs::create_dir_all(&grafana).unwrap();
        run(
            Command::new("cp")
                .arg("-R")
                .arg(k8s().join("..").join(boards))
                .arg(grafana),
            "cp",
        );
        let tree = Self(folder);
        for overlay in OVERLAYS {
            let _ = std::fs::remove_dir_all(tree.secrets(overlay));
        }
        tree
    }

    /// Where the secrets of `overlay` lie.
    pub(crate) fn secrets(&self, overlay: &str) -> PathBuf {
        self.path().join("overlays").join(overlay).join("secrets")
    }

    /// Makes the secrets of `overlay`.
    pub(crate) fn make_secrets(&self, overlay: &str) {
        run(
            Command::new(self.path().join("secrets.sh")).arg(overlay),
            "k8s/secrets.sh",
        );
    }

    fn path(&self) -> PathBuf {
        self.0.path().join("k8s")
    }

    fn render(&self, overlay: &str) -> Vec<Object> {
        self.make_secrets(overlay);
        let folder = self.path().join("overlays").join(overlay);
        let yaml = run(
            Command::new("kubectl").arg("kustomize").arg(folder),
            "kubectl (1.27 or newer, for its kustomize; see https://kubernetes.io/docs/tasks/tools)",
        );
        let documents = serde_yaml_ng::Deserializer::from_str(&yaml);
        let objects: Vec<Object> = documents
            .map(|document| Object(unfolded(serde_json::Value::deserialize(document).unwrap())))
            .collect();
        assert!(objects.len() > 40, "{overlay}: {} objects", objects.len());
        objects
    }
}

/// A long secret is folded into lines, which an API server reads as one.
fn unfolded(mut object: Value) -> Value {
    if object["kind"] == "Secret" {
        for text in object["data"].as_object_mut().into_iter().flatten() {
            *text.1 = text.1.as_str().unwrap_or_default().replace('\n', "").into();
        }
    }
    object
}

/// Runs `command` to its end and answers what it printed. One that is missing is named: nothing is passed over in silence.
pub(crate) fn run(command: &mut Command, name: &str) -> String {
    let output = command.output().unwrap_or_else(|error| {
        panic!("{name} is needed for this test and cannot be run: {error}")
    });
    assert!(
        output.status.success(),
        "{name} failed:\n{}{}",
        String::from_utf8_lossy(&output.stdout),
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
