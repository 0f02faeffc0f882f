//! Every route of an `OpenAPI` description, who may use it, and a request that is well-formed: so that a test can send each
//! as everybody, against fakes or against the whole house.

pub mod bad;

use serde_json::{Map, Value, json};

/// How deep an example of a body goes.
const DEEPEST: usize = 8;

/// One route, as its description tells.
#[derive(Clone, Debug)]
pub struct Route {
    /// In capitals: `POST`.
    pub method: String,
    /// The template: `/v1/orders/{id}`.
    pub path: String,
    /// Who may use it.
    pub rule: Rule,
    /// What of the caller's own the `{id}` names, by `x-owner`: somebody else's is not found.
    pub owner: Option<String>,
    /// Whether it needs an `Idempotency-Key`.
    pub keyed: bool,
    /// Whether it needs an `If-Match`.
    pub versioned: bool,
    /// A query that its required parameters make well-formed.
    pub query: String,
    /// A body that is well-formed, where it takes one.
    pub body: Option<Value>,
    /// An example of each path parameter, by name.
    pub parameters: Vec<(String, String)>,
}

/// Who may use a route, by `x-role`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Rule {
    /// Anybody.
    Public,
    /// Any account.
    Customer,
    /// Support and administrators.
    Support,
    /// Administrators.
    Admin,
}

/// Who sends a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Who {
    /// Somebody without a token.
    Nobody,
    /// A customer.
    Customer,
    /// An account of support.
    Support,
    /// An administrator.
    Admin,
}

/// What somebody hears of a route.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Expected {
    /// The request reaches its handler.
    Through,
    /// 401: sign in first.
    Unauthenticated,
    /// 403: not with this role.
    Forbidden,
}

impl Who {
    /// Everybody.
    pub const ALL: [Self; 4] = [Self::Nobody, Self::Customer, Self::Support, Self::Admin];
}

impl Route {
    /// What `who` must hear.
    pub fn expected(&self, who: Who) -> Expected {
        let least = match self.rule {
            Rule::Public => return Expected::Through,
            Rule::Customer => Who::Customer,
            Rule::Support => Who::Support,
            Rule::Admin => Who::Admin,
        };
        match who {
            Who::Nobody => Expected::Unauthenticated,
            who if who < least => Expected::Forbidden,
            _ => Expected::Through,
        }
    }

    /// The path with `id` in place of its first parameter, or an example where none is given; and its query.
    pub fn target(&self, id: Option<&str>) -> String {
        let mut given = id;
        let mut path = self.path.clone();
        for (name, example) in &self.parameters {
            let value = given.take().unwrap_or(example);
            path = path.replace(&format!("{{{name}}}"), value);
        }
        path + &self.query
    }
}

/// Reads every route of a description. A route without a rule, or with one that does not show in its security, is told in a
/// sentence.
///
/// # Errors
/// The sentences.
pub fn routes(description: &Value) -> Result<Vec<Route>, Vec<String>> {
    let (mut routes, mut faults) = (Vec::new(), Vec::new());
    for (path, item) in object(&description["paths"]) {
        for (method, operation) in object(item) {
            match route(description, path, method, operation) {
                Ok(route) => routes.push(route),
                Err(fault) => faults.push(format!("{} {path}: {fault}", method.to_uppercase())),
            }
        }
    }
    if faults.is_empty() {
        Ok(routes)
    } else {
        Err(faults)
    }
}

fn route(all: &Value, path: &str, method: &str, operation: &Value) -> Result<Route, String> {
    let rule = match operation["x-role"].as_str() {
        Some("public") => Rule::Public,
        Some("customer") => Rule::Customer,
        Some("support") => Rule::Support,
        Some("admin") => Rule::Admin,
        _ => {
            return Err(
                "no rule says who may use it; mount it with `Rule::...on(routes!(...))`".into(),
            );
        }
    };
    let locked = operation["security"]
        .as_array()
        .is_some_and(|needs| !needs.is_empty());
    if locked != (rule != Rule::Public) {
        return Err("its rule and its `security` contradict each other".into());
    }
    let named = |place: &str| {
        let parameters = operation["parameters"].as_array().into_iter().flatten();
        parameters
            .filter(move |one| one["in"] == place)
            .collect::<Vec<_>>()
    };
    let has = |name: &str| {
        named("header")
            .iter()
            .any(|one| one["name"] == name && one["required"] == true)
    };
    let schema = &operation["requestBody"]["content"]["application/json"]["schema"];
    let required = named("query")
        .into_iter()
        .filter(|one| one["required"] == true);
    let pairs: Vec<String> = required
        .map(|one| format!("{}={}", text(&one["name"]), value_of(all, one)))
        .collect();
    Ok(Route {
        method: method.to_uppercase(),
        path: path.to_owned(),
        rule,
        owner: operation["x-owner"].as_str().map(str::to_owned),
        keyed: has("Idempotency-Key"),
        versioned: has("If-Match"),
        query: if pairs.is_empty() {
            String::new()
        } else {
            format!("?{}", pairs.join("&"))
        },
        body: (!schema.is_null()).then(|| example(all, schema, DEEPEST)),
        parameters: named("path")
            .into_iter()
            .map(|one| (text(&one["name"]), value_of(all, one)))
            .collect(),
    })
}

/// A value for a parameter.
fn value_of(all: &Value, parameter: &Value) -> String {
    match example(all, &parameter["schema"], DEEPEST) {
        Value::String(text) => text,
        other => other.to_string(),
    }
}

/// A value that keeps to `schema`, as small as it may be: required fields only.
fn example(all: &Value, schema: &Value, depth: usize) -> Value {
    if let Some(name) = schema["$ref"].as_str() {
        let found = all
            .pointer(name.trim_start_matches('#'))
            .unwrap_or(&Value::Null);
        return if depth == 0 {
            Value::Null
        } else {
            example(all, found, depth - 1)
        };
    }
    if !schema["example"].is_null() {
        return schema["example"].clone();
    }
    if let Some(first) = schema["enum"].as_array().and_then(|values| values.first()) {
        return first.clone();
    }
    for choice in ["oneOf", "allOf", "anyOf"] {
        let choices = schema[choice].as_array().into_iter().flatten();
        if let Some(first) = choices.into_iter().find(|one| one["type"] != "null") {
            return example(all, first, depth);
        }
    }
    of_type(all, schema, depth)
}

fn of_type(all: &Value, schema: &Value, depth: usize) -> Value {
    match kind(schema) {
        "object" => {
            let required = schema["required"]
                .as_array()
                .into_iter()
                .flatten()
                .filter_map(Value::as_str);
            let field = |name: &str| {
                (
                    name.to_owned(),
                    example(all, &schema["properties"][name], depth),
                )
            };
            Value::Object(required.map(field).collect::<Map<_, _>>())
        }
        "array" => json!([example(all, &schema["items"], depth)]),
        "integer" | "number" => json!(schema["minimum"].as_i64().unwrap_or(1).max(1)),
        "boolean" => json!(false),
        _ if schema["format"] == "email" => json!("ann@example.org"),
        _ => {
            let least = schema["minLength"].as_u64().unwrap_or(1);
            json!("x".repeat(usize::try_from(least).unwrap_or(1).max(1)))
        }
    }
}

/// The type of a schema; of several, the first that is not null.
fn kind(schema: &Value) -> &str {
    match &schema["type"] {
        Value::String(one) => one,
        Value::Array(several) => several
            .iter()
            .filter_map(Value::as_str)
            .find(|one| *one != "null")
            .unwrap_or(""),
        _ => "",
    }
}

/// The schema that `schema` refers to, or chooses first.
fn resolved<'a>(all: &'a Value, schema: &'a Value) -> &'a Value {
    if let Some(name) = schema["$ref"].as_str() {
        let found = all.pointer(name.trim_start_matches('#'));
        return found.map_or(&Value::Null, |found| resolved(all, found));
    }
    let choices = schema["oneOf"].as_array().into_iter().flatten();
    match choices.into_iter().find(|one| one["type"] != "null") {
        Some(choice) => resolved(all, choice),
        None => schema,
    }
}

fn object(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flatten()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}
