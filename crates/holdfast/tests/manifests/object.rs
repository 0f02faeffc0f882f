//! One object of a manifest, and what is asked of it.

use std::collections::BTreeMap;

use serde_json::Value;

/// One object of a manifest.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Object(pub(crate) Value);

/// Labels, by their keys.
pub(crate) type Labels = BTreeMap<String, String>;

static NULL: Value = Value::Null;

impl Object {
    pub(crate) fn kind(&self) -> &str {
        text(&self.0["kind"])
    }

    pub(crate) fn name(&self) -> &str {
        text(&self.0["metadata"]["name"])
    }

    pub(crate) fn spec(&self) -> &Value {
        &self.0["spec"]
    }

    /// How it is called in what is said about it.
    pub(crate) fn title(&self) -> String {
        format!("{} {}", self.kind(), self.name())
    }

    /// Whether it runs pods.
    pub(crate) fn is_workload(&self) -> bool {
        ["Deployment", "StatefulSet", "Job"].contains(&self.kind())
    }

    /// Whether it keeps pods running.
    pub(crate) fn is_lasting(&self) -> bool {
        ["Deployment", "StatefulSet"].contains(&self.kind())
    }

    /// The pod that it runs.
    pub(crate) fn pod(&self) -> &Value {
        if self.is_workload() {
            &self.spec()["template"]["spec"]
        } else {
            &NULL
        }
    }

    pub(crate) fn pod_labels(&self) -> Labels {
        labels(&self.spec()["template"]["metadata"]["labels"])
    }

    pub(crate) fn containers(&self) -> &[Value] {
        list(&self.pod()["containers"])
    }

    /// Which service of ours it is, or whose migration.
    pub(crate) fn service(&self) -> Option<&str> {
        let images = self.containers().iter().map(|one| text(&one["image"]));
        let ours = images.filter_map(|image| image.strip_prefix("holdfast/"));
        ours.map(|image| image.split(':').next().unwrap_or_default())
            .next()
    }
}

/// What a text field says; nothing where there is none.
pub(crate) fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

/// The items of a list; none where there is no list.
pub(crate) fn list(value: &Value) -> &[Value] {
    value.as_array().map_or(&[], Vec::as_slice)
}

pub(crate) fn labels(value: &Value) -> Labels {
    let pairs = value.as_object().into_iter().flatten();
    pairs
        .map(|(key, value)| (key.clone(), text(value).to_owned()))
        .collect()
}

/// Whether a selector (`matchLabels`, `matchExpressions` with `In`) hits `labels`. An empty one hits everything.
pub(crate) fn selects(selector: &Value, labels: &Labels) -> bool {
    let wanted = self::labels(&selector["matchLabels"]);
    let each = list(&selector["matchExpressions"]);
    wanted
        .iter()
        .all(|(key, value)| labels.get(key) == Some(value))
        && each.iter().all(|one| {
            let found = labels.get(text(&one["key"]));
            text(&one["operator"]) == "In"
                && found.is_some_and(|found| list(&one["values"]).iter().any(|v| text(v) == found))
        })
}

/// The seconds of a setting such as `2s`.
pub(crate) fn seconds(value: &str) -> u64 {
    value
        .strip_suffix('s')
        .and_then(|number| number.parse().ok())
        .unwrap_or_else(|| panic!("`{value}` is no number of seconds"))
}

/// What a quantity such as `200m` or `96Mi` stands for; nothing where it is none.
pub(crate) fn quantity(value: &Value) -> Option<f64> {
    const UNITS: [(&str, f64); 6] = [
        ("Ki", 1024.0),
        ("Mi", 1_048_576.0),
        ("Gi", 1_073_741_824.0),
        ("m", 0.001),
        ("k", 1000.0),
        ("M", 1_000_000.0),
    ];
    let text = value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned);
    let found = UNITS
        .iter()
        .find_map(|(unit, size)| Some((text.strip_suffix(unit)?, *size)));
    let (number, size) = found.unwrap_or((&text, 1.0));
    number.parse::<f64>().ok().map(|number| number * size)
}
