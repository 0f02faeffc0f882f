//! Bodies and queries that a route must refuse, made from its description: each breaks one rule of it.

use serde_json::{Value, json};

use super::{DEEPEST, Route, example, kind, resolved, text};

/// A body that must be refused.
#[derive(Clone, Debug, PartialEq)]
pub struct Bad {
    /// What is sent.
    pub text: String,
    /// The code of the problem.
    pub code: &'static str,
    /// The pointer that one of its errors has, where it is JSON.
    pub pointer: String,
}

/// Bodies that `route` must refuse; `good` is one that it would take.
pub fn bodies(description: &Value, route: &Route, good: &Value) -> Vec<Bad> {
    let twice = format!("{good}{good}");
    let malformed = ["", "{", "{]", "\u{1}", &twice].map(|text| Bad {
        text: text.to_owned(),
        code: "malformed_json",
        pointer: String::new(),
    });
    let mut found = malformed.to_vec();
    for (at, value) in spoiled(description, schema(description, route), good, "") {
        found.push(Bad {
            text: value.to_string(),
            code: "invalid",
            pointer: at,
        });
    }
    found
}

/// Bodies like `good` with a character in one of their texts that no table can hold: `route` may pass them on, and a service
/// must refuse them.
pub fn with_nul(description: &Value, route: &Route, good: &Value) -> Vec<Value> {
    let mut found = Vec::new();
    each_field(
        description,
        schema(description, route),
        good,
        "",
        &mut |field| {
            if kind(field.schema) == "string" {
                found.push(set(&field.base, &field.at, Some(json!("a\u{0}b"))));
            }
        },
    );
    found
}

/// Queries that `route` must refuse.
pub fn queries(description: &Value, route: &Route) -> Vec<String> {
    let mut found = vec!["surprise=1".to_owned()];
    for (name, schema) in parameters(description, route) {
        let values = match kind(schema) {
            "integer" => numbers(schema)
                .into_iter()
                .chain([json!("ten"), json!(1.5), json!(1e26)])
                .collect(),
            "boolean" => vec![json!("perhaps")],
            _ => texts(schema),
        };
        let written = values.iter().map(|value| match value.as_str() {
            Some(text) => format!("{name}={text}"),
            None => format!("{name}={value}"),
        });
        found.extend(written.filter(|pair| !pair.ends_with('=')));
        let good = example(description, schema, DEEPEST);
        let good = good.as_str().map_or(good.to_string(), str::to_owned);
        found.push(format!("{name}={good}&{name}={good}"));
    }
    found
}

/// The query parameters of `route` that are texts of any kind.
pub fn free_texts(description: &Value, route: &Route) -> Vec<String> {
    let all = parameters(description, route).into_iter();
    all.filter(|(_, schema)| kind(schema) == "string" && schema["enum"].is_null())
        .map(|(name, _)| name)
        .collect()
}

fn operation<'a>(description: &'a Value, route: &Route) -> &'a Value {
    &description["paths"][&route.path][route.method.to_lowercase()]
}

fn schema<'a>(description: &'a Value, route: &Route) -> &'a Value {
    &operation(description, route)["requestBody"]["content"]["application/json"]["schema"]
}

fn parameters<'a>(description: &'a Value, route: &Route) -> Vec<(String, &'a Value)> {
    let all = operation(description, route)["parameters"].as_array();
    let queries = all.into_iter().flatten().filter(|one| one["in"] == "query");
    queries
        .map(|one| (text(&one["name"]), resolved(description, &one["schema"])))
        .collect()
}

/// One field of a body.
struct Field<'a> {
    /// Where it is.
    at: String,
    schema: &'a Value,
    required: bool,
    /// A good body in which it is.
    base: Value,
}

/// Visits every field of a body that keeps to `schema`, however deep.
fn each_field<'a>(
    all: &'a Value,
    schema: &'a Value,
    base: &Value,
    at: &str,
    visit: &mut impl FnMut(Field<'a>),
) {
    let schema = resolved(all, schema);
    if kind(schema) == "array" {
        return each_field(all, &schema["items"], base, &format!("{at}/0"), visit);
    }
    for (name, inner) in super::object(&schema["properties"]) {
        let (at, inner) = (format!("{at}/{name}"), resolved(all, inner));
        let base = match base.pointer(&at) {
            Some(_) => base.clone(),
            None => set(base, &at, Some(example(all, inner, DEEPEST))),
        };
        let required = schema["required"].as_array().into_iter().flatten();
        visit(Field {
            at: at.clone(),
            schema: inner,
            required: required.into_iter().any(|one| one == name),
            base: base.clone(),
        });
        each_field(all, inner, &base, &at, visit);
    }
}

/// Bodies with one thing wrong, each with the pointer to it.
fn spoiled(all: &Value, schema: &Value, good: &Value, at: &str) -> Vec<(String, Value)> {
    let mut found = vec![
        (String::new(), json!([])),
        (String::new(), Value::Null),
        (String::new(), json!("text")),
        (
            "/surprise".to_owned(),
            set(good, "/surprise", Some(json!(1))),
        ),
    ];
    each_field(all, schema, good, at, &mut |field| {
        let mut values = other_types(field.schema);
        values.extend(match kind(field.schema) {
            "integer" => numbers(field.schema),
            "string" => texts(field.schema),
            "array" => too_many(&field),
            "object" => vec![json!({"surprise": 1})],
            _ => Vec::new(),
        });
        if field.required {
            values.push(Value::Null);
            found.push((field.at.clone(), set(&field.base, &field.at, None)));
        }
        let put = |value| (field.at.clone(), set(&field.base, &field.at, Some(value)));
        found.extend(values.into_iter().map(put));
    });
    found
}

/// Values of other types than the one of `schema`.
fn other_types(schema: &Value) -> Vec<Value> {
    let all = [
        json!("7"),
        json!(7),
        json!(true),
        json!(1.5),
        json!([7]),
        json!({"a": 7}),
    ];
    let is = |value: &Value| match kind(schema) {
        "integer" => value.is_i64(),
        "boolean" => value.is_boolean(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => value.is_string(),
    };
    all.into_iter().filter(|value| !is(value)).collect()
}

/// Numbers beyond the bounds of `schema`, and numbers that no machine counts to.
fn numbers(schema: &Value) -> Vec<Value> {
    let least = schema["minimum"].as_i64().map(|least| json!(least - 1));
    let most = schema["maximum"].as_i64().map(|most| json!(most + 1));
    let huge = [json!(i64::MIN), json!(u64::MAX), json!(1e26), json!(-1e26)];
    least.into_iter().chain(most).chain(huge).collect()
}

/// Texts beyond the bounds of `schema`.
fn texts(schema: &Value) -> Vec<Value> {
    let bound = |name: &str| schema[name].as_u64().and_then(|n| usize::try_from(n).ok());
    let mut found = Vec::new();
    if let Some(most) = bound("maxLength") {
        found.push(json!("x".repeat(most + 1)));
    }
    if bound("minLength").is_some_and(|least| least > 0) {
        found.push(json!(""));
    }
    let is_id = text(&schema["example"]).get(3..4) == Some("_");
    if !schema["pattern"].is_null() || !schema["enum"].is_null() || is_id {
        found.push(json!("!mug"));
    }
    found
}

/// One more item than a list may have.
fn too_many(field: &Field<'_>) -> Vec<Value> {
    let most = field.schema["maxItems"].as_u64();
    let most = most.and_then(|most| usize::try_from(most).ok());
    let item = field.base.pointer(&format!("{}/0", field.at));
    most.zip(item)
        .map(|(most, item)| json!(vec![item; most + 1]))
        .into_iter()
        .collect()
}

/// `body` with `value` at `pointer`, or with nothing there.
fn set(body: &Value, pointer: &str, value: Option<Value>) -> Value {
    let mut body = body.clone();
    let (parent, name) = pointer.rsplit_once('/').unwrap_or(("", pointer));
    let fields = body.pointer_mut(parent).and_then(Value::as_object_mut);
    if let Some(fields) = fields {
        match value {
            Some(value) => fields.insert(name.to_owned(), value),
            None => fields.remove(name),
        };
    }
    body
}

#[cfg(test)]
mod tests {
    use super::super::routes;
    use super::*;

    fn description() -> Value {
        let item = json!({"type": "object", "required": ["id"],
            "properties": {"id": {"type": "string", "minLength": 1}}});
        let body = json!({"type": "object", "required": ["many"], "properties": {
            "many": {"type": "integer", "minimum": 1, "maximum": 9},
            "items": {"type": "array", "maxItems": 2, "items": item}}});
        let content = json!({"application/json": {"schema": body}});
        let limit =
            json!({"name": "limit", "in": "query", "schema": {"type": "integer", "maximum": 100}});
        json!({"paths": {"/mugs": {"post": {"x-role": "public", "parameters": [limit],
            "requestBody": {"content": content}}}}})
    }

    #[test]
    fn every_field_is_spoiled_in_every_way_that_its_schema_forbids() {
        let all = description();
        let route = &routes(&all).unwrap()[0];
        let good = json!({"many": 3});

        let found = bodies(&all, route, &good);

        let has = |pointer: &str, body: Value| {
            let text = body.to_string();
            let same = |bad: &&Bad| bad.pointer == pointer && bad.text == text;
            assert!(found.iter().any(|bad| same(&bad)), "no {text} at {pointer}");
        };
        has("/many", json!({"many": 0}));
        has("/many", json!({"many": 10}));
        has("/many", json!({"many": "7"}));
        has("/many", json!({}));
        has("/surprise", json!({"many": 3, "surprise": 1}));
        has(
            "/items",
            json!({"many": 3, "items": vec![json!({"id": "x"}); 3]}),
        );
        has("/items/0/id", json!({"many": 3, "items": [{"id": ""}]}));
        has("/items/0/id", json!({"many": 3, "items": [{}]}));
        let good = good.to_string();
        assert!(found.iter().all(|bad| bad.text != good), "a good body");
    }

    #[test]
    fn every_parameter_is_given_beyond_its_bounds_and_twice() {
        let all = description();

        let found = queries(&all, &routes(&all).unwrap()[0]);

        for query in ["surprise=1", "limit=101", "limit=ten", "limit=1&limit=1"] {
            assert!(
                found.iter().any(|one| one == query),
                "no {query} in {found:?}"
            );
        }
    }
}
