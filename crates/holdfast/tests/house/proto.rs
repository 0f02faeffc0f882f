//! Everything in `proto/` is explained: what it is, in which unit, and how it may fail.

use super::tree::protos;

/// Words that say in which unit a number is, or what it counts.
const UNITS: [&str; 9] = [
    "unit", "second", "count", "version", "how many", "1 to ", "1,000", "0 means", "lines",
];

/// Words that say nothing by themselves.
const FILLERS: [&str; 9] = [
    "the", "a", "an", "of", "this", "its", "is", "for", "request",
];

/// One thing that a file declares.
struct Declared {
    /// Where it stands: `order.proto:84`.
    place: String,
    /// With what it stands in: `Product.price`.
    name: String,
    kind: Kind,
    /// The comment right above it.
    comment: String,
}

#[derive(Clone, Copy, PartialEq)]
enum Kind {
    /// A message, an enum or a service: others stand in it.
    Block,
    Rpc,
    /// A field, or the value of an enum.
    Field,
    /// A field that is a number.
    Number,
}

/// Reads what `text` declares, in order. It reads our own files, not all that the language allows.
fn declared(file: &str, text: &str) -> Vec<Declared> {
    let (mut found, mut within, mut comment) = (Vec::new(), Vec::new(), String::new());
    for (at, line) in text.lines().enumerate() {
        let line = line.trim();
        if let Some(words) = line.strip_prefix("//") {
            comment.push_str(words);
            continue;
        }
        if let Some((kind, name)) = declaration(line) {
            let path = [&within[..], &[name]].concat().join(".");
            found.push(Declared {
                place: format!("{file}:{}", at + 1),
                name: path,
                kind,
                comment: comment.trim().to_owned(),
            });
            if line.ends_with('{') {
                within.push(name);
            }
        }
        if line == "}" {
            within.pop();
        }
        comment.clear();
    }
    found
}

/// What a line declares, if anything.
fn declaration(line: &str) -> Option<(Kind, &str)> {
    let (first, rest) = line.split_once(' ')?;
    let name = |rest: &'_ str| rest.find(|c: char| !(c.is_alphanumeric() || c == '_'));
    match first {
        "syntax" | "package" | "import" | "reserved" => None,
        "message" | "enum" | "service" => Some((Kind::Block, &rest[..name(rest)?])),
        "rpc" => Some((Kind::Rpc, &rest[..name(rest)?])),
        _ => field(line),
    }
}

fn field(line: &str) -> Option<(Kind, &str)> {
    let (left, _) = line.split_once(" = ")?;
    let (kind, name) = left.rsplit_once(' ').unwrap_or(("", left));
    let number = ["int32", "int64", "uint32", "uint64"];
    let is_number = number.iter().any(|number| kind.ends_with(number));
    Some((if is_number { Kind::Number } else { Kind::Field }, name))
}

/// Says what the comment of `one` lacks.
fn unexplained(one: &Declared) -> Option<String> {
    let comment = one.comment.to_lowercase();
    let lacks = if one.comment.is_empty() {
        "has no comment: say what it is"
    } else if says_nothing(one) {
        "has a comment that only repeats its name: say what it does not"
    } else if one.kind == Kind::Rpc && !comment.contains("errors: ") {
        "does not say how it fails: `Errors: ...`, or `Errors: none of its own.`"
    } else if one.kind == Kind::Number && !UNITS.iter().any(|unit| comment.contains(unit)) {
        "does not say in which unit it is, or what it counts"
    } else {
        return None;
    };
    Some(format!("{}: `{}` {lacks}", one.place, one.name))
}

/// Whether the comment has no word that is not in the name already.
fn says_nothing(one: &Declared) -> bool {
    let plain = |text: &str| text.to_lowercase().replace(['_', '.'], "");
    let name = plain(&one.name);
    let words = one.comment.split_whitespace().map(plain);
    let mut new = words.filter(|word| {
        let stem = word.trim_end_matches('s');
        !FILLERS.contains(&word.as_str()) && !name.contains(stem)
    });
    new.next().is_none()
}

#[test]
fn everything_in_the_contract_is_explained() {
    let files = protos();
    let all = files
        .iter()
        .flat_map(|file| declared(&file.path, &file.text));
    let all: Vec<Declared> = all.collect();
    assert!(all.len() > 400, "only {} were found", all.len());

    let found: Vec<String> = all.iter().filter_map(unexplained).collect();

    assert!(found.is_empty(), "\n{}\n", found.join("\n"));
}

#[test]
fn what_the_contract_does_not_explain_is_told() {
    let text = "
        // What is for sale.
        service Catalog {
          // Finds one product.
          rpc GetProduct(GetProductRequest) returns (Product);
        }

        // The product.
        message Product {
          string id = 1;
          // How heavy it is.
          optional int64 weight = 2;
          // Whether it is for sale.
          bool active = 3;
        }";

    let told: Vec<String> = declared("x.proto", text)
        .iter()
        .filter_map(unexplained)
        .collect();

    let names: Vec<&str> = told
        .iter()
        .filter_map(|told| told.split('`').nth(1))
        .collect();
    assert_eq!(
        names,
        [
            "Catalog.GetProduct",
            "Product",
            "Product.id",
            "Product.weight"
        ]
    );
    let lacks = [
        "how it fails",
        "repeats its name",
        "no comment",
        "which unit",
    ];
    for (told, lacks) in told.iter().zip(lacks) {
        assert!(told.contains(lacks), "{told}");
    }
    assert!(told[0].starts_with("x.proto:5: "), "{}", told[0]);
}
