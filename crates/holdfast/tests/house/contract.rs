//! The wire contract only grows: what an older client was told still holds.
//!
//! `crates/api/contract.txt` is the contract as it was last recorded, a line for each thing that a client relies on.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::PathBuf;

use prost::Message as _;
use prost_types::field_descriptor_proto::{Label, Type};
use prost_types::{
    DescriptorProto, EnumDescriptorProto, FieldDescriptorProto, FileDescriptorSet,
    ServiceDescriptorProto,
};

use super::tree::root;

/// What a client relies on, by its name: `holdfast.order.v1.Order.total` is `field 5 .holdfast.common.v1.Money`.
type Contract = BTreeMap<String, String>;

fn recorded_at() -> PathBuf {
    root().join("crates/api/contract.txt")
}

/// The contract as `proto/` has it.
fn today() -> Contract {
    let mut contract = Contract::new();
    for file in FileDescriptorSet::decode(api::DESCRIPTORS).unwrap().file {
        let package = file.package().to_owned();
        if package.starts_with("holdfast.") {
            file.message_type
                .iter()
                .for_each(|message| add_message(&mut contract, &package, message));
            file.enum_type
                .iter()
                .for_each(|names| add_enum(&mut contract, &package, names));
            file.service
                .iter()
                .for_each(|service| add_service(&mut contract, &package, service));
        }
    }
    contract
}

fn add_message(contract: &mut Contract, within: &str, message: &DescriptorProto) {
    let name = format!("{within}.{}", message.name());
    for field in &message.field {
        contract.insert(format!("{name}.{}", field.name()), written(field));
    }
    message
        .nested_type
        .iter()
        .for_each(|inner| add_message(contract, &name, inner));
    message
        .enum_type
        .iter()
        .for_each(|inner| add_enum(contract, &name, inner));
    contract.insert(name, "message".to_owned());
}

fn written(field: &FieldDescriptorProto) -> String {
    let many = if field.label() == Label::Repeated {
        "repeated "
    } else {
        ""
    };
    let kind = match field.r#type() {
        Type::Message | Type::Enum => field.type_name().to_owned(),
        plain => plain
            .as_str_name()
            .trim_start_matches("TYPE_")
            .to_lowercase(),
    };
    let choice = field
        .oneof_index
        .filter(|_| !field.proto3_optional())
        .map_or("", |_| " in a choice");
    format!("field {} {many}{kind}{choice}", field.number())
}

fn add_enum(contract: &mut Contract, within: &str, names: &EnumDescriptorProto) {
    let name = format!("{within}.{}", names.name());
    for value in &names.value {
        contract.insert(
            format!("{name}.{}", value.name()),
            format!("value {}", value.number()),
        );
    }
    contract.insert(name, "enum".to_owned());
}

fn add_service(contract: &mut Contract, within: &str, service: &ServiceDescriptorProto) {
    let name = format!("{within}.{}", service.name());
    for rpc in &service.method {
        let stream = |on: bool| if on { "stream " } else { "" };
        let (asks, answers) = (
            stream(rpc.client_streaming()),
            stream(rpc.server_streaming()),
        );
        let line = format!(
            "rpc {asks}{} -> {answers}{}",
            rpc.input_type(),
            rpc.output_type()
        );
        contract.insert(format!("{name}.{}", rpc.name()), line);
    }
    contract.insert(name, "service".to_owned());
}

/// Says what `new` breaks for a client that was built by `old`.
fn breaks(old: &Contract, new: &Contract) -> Vec<String> {
    let told = |(name, was): (&String, &String)| {
        let sentence = match new.get(name) {
            Some(is) if is == was => return None,
            Some(is) if number(is) != number(was) => {
                format!("`{name}` was renumbered: `{was}` is now `{is}`")
            }
            Some(is) => format!("`{name}` was retyped: `{was}` is now `{is}`"),
            None => {
                renamed(name, was, new).unwrap_or_else(|| format!("`{name}` ({was}) was removed"))
            }
        };
        Some(sentence)
    };
    old.iter().filter_map(told).collect()
}

fn number(line: &str) -> Option<&str> {
    let rest = line
        .strip_prefix("field ")
        .or_else(|| line.strip_prefix("value "))?;
    rest.split(' ').next()
}

/// Finds what stands beside `name` now and says the same as it did.
fn renamed(name: &str, was: &str, new: &Contract) -> Option<String> {
    let (within, _) = name.rsplit_once('.')?;
    number(was)?;
    let beside = |other: &&String| {
        other
            .rsplit_once('.')
            .is_some_and(|(parent, _)| parent == within)
    };
    let found = new
        .iter()
        .filter(|(other, _)| beside(other))
        .find(|(_, is)| *is == was)?;
    Some(format!(
        "`{name}` was renamed to `{}`: JSON and sources know it by its name",
        found.0
    ))
}

fn parse(text: &str) -> Contract {
    let lines = text.lines().filter_map(|line| line.split_once(": "));
    lines
        .map(|(name, what)| (name.to_owned(), what.to_owned()))
        .collect()
}

fn print(contract: &Contract) -> String {
    contract
        .iter()
        .fold(String::new(), |mut text, (name, what)| {
            let _ = writeln!(text, "{name}: {what}");
            text
        })
}

#[test]
fn no_older_client_is_broken_by_the_contract() {
    let old = parse(&fs::read_to_string(recorded_at()).unwrap_or_default());

    let broken = breaks(&old, &today());

    assert!(
        broken.is_empty() || super::recording(),
        "\n{}\nClients that are out there rely on it. Add something new beside it, and mark the old one deprecated; \
         if no release has it yet, `make record` writes the contract down anew.\n",
        broken.join("\n")
    );
}

#[test]
fn the_contract_is_recorded_as_it_is() {
    let recorded = fs::read_to_string(recorded_at()).unwrap_or_default();
    let now = print(&today());
    if super::recording() {
        return fs::write(recorded_at(), now).unwrap();
    }

    let old: BTreeSet<&str> = recorded.lines().collect();
    let grown: Vec<&str> = now.lines().filter(|line| !old.contains(line)).collect();

    assert!(
        grown.is_empty(),
        "\nnew in the contract:\n{}\n`make record` writes it to crates/api/contract.txt, so that it is kept from now on.\n",
        grown.join("\n")
    );
}

#[test]
fn each_kind_of_break_is_named() {
    let old = parse(
        "a.Order: message\na.Order.id: field 1 string\na.Order.total: field 2 int64\na.Order.note: field 3 string\n\
         a.Orders.Place: rpc .a.Order -> .a.Order\na.State.DONE: value 2\n",
    );
    let new = parse(
        "a.Order: message\na.Order.id: field 4 string\na.Order.total: field 2 string\na.Order.remark: field 3 string\n\
         a.State.DONE: value 3\na.Order.more: field 9 bool\n",
    );

    let told = breaks(&old, &new);

    let said = |words: &str| {
        assert!(
            told.iter().any(|line| line.contains(words)),
            "{words} is not in {told:?}"
        );
    };
    said("`a.Order.id` was renumbered: `field 1 string` is now `field 4 string`");
    said("`a.Order.total` was retyped: `field 2 int64` is now `field 2 string`");
    said("`a.Order.note` was renamed to `a.Order.remark`");
    said("`a.Orders.Place` (rpc .a.Order -> .a.Order) was removed");
    said("`a.State.DONE` was renumbered");
    assert_eq!(told.len(), 5, "what is new breaks nobody");
}
