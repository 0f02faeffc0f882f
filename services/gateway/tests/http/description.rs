//! The description is kept in `docs/openapi.json`; what a change breaks is named.

use std::path::Path;

use serde_json::Value;

const KEPT: &str = "../../docs/openapi.json";

/// What changed at one place, and whether a caller of the old description may notice.
#[derive(Debug, PartialEq, Eq)]
struct Change {
    breaks: bool,
    text: String,
}

/// Whether what is compared with the tree is to be written to it: `make record`.
#[expect(clippy::disallowed_methods, reason = "a test has no settings")]
fn recording() -> bool {
    std::env::var("HOLDFAST_RECORD").is_ok()
}

#[test]
fn the_description_is_recorded_as_it_is() {
    let now = serde_json::to_value(gateway::document()).unwrap();
    if recording() {
        let text = serde_json::to_string_pretty(&sorted(&now)).unwrap();
        std::fs::write(KEPT, text + "\n").unwrap();
    }
    let kept = std::fs::read_to_string(Path::new(KEPT)).unwrap_or_else(|_| "null".into());
    let kept: Value = serde_json::from_str(&kept).unwrap();

    let changes = changes(&kept, &now);

    let list = |breaks: bool| {
        let some = changes.iter().filter(|change| change.breaks == breaks);
        some.map(|change| format!("\n  {}", change.text))
            .collect::<Vec<_>>()
            .concat()
    };
    assert!(
        changes.is_empty(),
        "docs/openapi.json is another description.\nThis breaks callers:{}\nThis does not:{}\n\
         If that is meant, `make record` writes it anew.",
        list(true),
        list(false),
    );
}

#[test]
fn every_reference_of_the_description_leads_somewhere() {
    let now = serde_json::to_value(gateway::document()).unwrap();
    let text = now.to_string();

    let references = text
        .split("\"$ref\":\"#")
        .skip(1)
        .filter_map(|rest| rest.split('"').next());
    let lost: Vec<&str> = references
        .filter(|reference| now.pointer(reference).is_none())
        .collect();

    assert_eq!(lost, Vec::<&str>::new());
}

#[test]
fn a_change_is_named_by_what_it_breaks() {
    let kept: Value = serde_json::json!({
        "paths": {"/v1/mugs": {"get": {"description": "a", "parameters": [], "responses": {"200": {}}}, "post": {}}},
        "components": {"schemas": {"Mug": {"required": ["id"], "properties": {"id": {"type": "string"}, "size": {"type": "integer"}}}}},
    });
    let mut now = kept.clone();
    now["paths"]["/v1/mugs"]["get"]["description"] = "b".into();
    now["paths"]["/v1/mugs"]["get"]["responses"]["404"] = serde_json::json!({});
    now["paths"]["/v1/mugs"]
        .as_object_mut()
        .unwrap()
        .remove("post");
    now["components"]["schemas"]["Mug"]["properties"]["size"]["type"] = "string".into();
    now["components"]["schemas"]["Mug"]["required"] = serde_json::json!(["id", "colour"]);

    let found = changes(&kept, &now);

    let texts = |breaks| {
        found
            .iter()
            .filter(|one| one.breaks == breaks)
            .map(|one| &*one.text)
            .collect::<Vec<_>>()
    };
    assert_eq!(
        texts(true),
        [
            "components/schemas/Mug/properties/size/type: was \"integer\", is \"string\"",
            "components/schemas/Mug/required: \"colour\" is now asked for",
            "paths//v1/mugs/post: is gone",
        ]
    );
    assert_eq!(
        texts(false),
        [
            "paths//v1/mugs/get/description: other words",
            "paths//v1/mugs/get/responses/404: is new"
        ]
    );
}

fn changes(kept: &Value, now: &Value) -> Vec<Change> {
    let mut found = Vec::new();
    compare("", kept, now, &mut found);
    found.sort_by(|one, two| one.text.cmp(&two.text));
    found
}

fn compare(at: &str, kept: &Value, now: &Value, found: &mut Vec<Change>) {
    let below = |name: &str| {
        if at.is_empty() {
            name.to_owned()
        } else {
            format!("{at}/{name}")
        }
    };
    match (kept, now) {
        (Value::Object(kept), Value::Object(now)) => {
            for (name, value) in kept {
                match now.get(name) {
                    Some(other) => compare(&below(name), value, other, found),
                    None => found.push(Change {
                        breaks: !words(name),
                        text: format!("{}: is gone", below(name)),
                    }),
                }
            }
            for name in now.keys().filter(|name| !kept.contains_key(*name)) {
                found.push(Change {
                    breaks: false,
                    text: format!("{}: is new", below(name)),
                });
            }
        }
        (Value::Array(kept), Value::Array(now)) => lists(at, kept, now, found),
        _ if kept == now => {}
        _ if words(at.rsplit('/').next().unwrap_or(at)) => {
            found.push(Change {
                breaks: false,
                text: format!("{at}: other words"),
            });
        }
        _ => found.push(Change {
            breaks: true,
            text: format!("{at}: was {kept}, is {now}"),
        }),
    }
}

/// Lists are compared by what is in them: parameters by their names, all else by value.
fn lists(at: &str, kept: &[Value], now: &[Value], found: &mut Vec<Change>) {
    let name = |value: &Value| {
        value["name"]
            .as_str()
            .map_or(value.to_string(), str::to_owned)
    };
    for value in kept {
        match now.iter().find(|other| name(other) == name(value)) {
            Some(other) if value["name"].is_string() => {
                compare(&format!("{at}/{}", name(value)), value, other, found);
            }
            Some(_) => {}
            None => found.push(Change {
                breaks: !at.ends_with("required"),
                text: format!("{at}: {} is gone", name(value)),
            }),
        }
    }
    for value in now
        .iter()
        .filter(|value| !kept.iter().any(|other| name(other) == name(value)))
    {
        let asked_for = at.ends_with("required") || value["required"] == true;
        let how = if asked_for {
            "is now asked for"
        } else {
            "is new"
        };
        found.push(Change {
            breaks: asked_for,
            text: format!("{at}: {} {how}", name(value)),
        });
    }
}

/// Whether a member is for people only.
fn words(name: &str) -> bool {
    [
        "description",
        "summary",
        "example",
        "title",
        "version",
        "tags",
        "operationId",
    ]
    .contains(&name)
}

/// The same value with its members in order, so that the kept file changes only where the description does.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            let mut members: Vec<_> = members
                .iter()
                .map(|(name, value)| (name.clone(), sorted(value)))
                .collect();
            members.sort_by(|one, two| one.0.cmp(&two.0));
            Value::Object(members.into_iter().collect())
        }
        Value::Array(values) => values.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
