//! Values that are texts to a parser, and not any text to the API.

use serde_json::Value;

use crate::object::{Object, list, quantity, text};

/// What these fields may say, wherever they stand.
const VALUES: [(&str, &[&str]); 13] = [
    ("protocol", &["TCP", "UDP", "HTTP", "HTTPS"]),
    ("operator", &["In", "NotIn", "Exists", "DoesNotExist"]),
    ("whenUnsatisfiable", &["ScheduleAnyway", "DoNotSchedule"]),
    ("podManagementPolicy", &["Parallel", "OrderedReady"]),
    ("restartPolicy", &["Never", "OnFailure", "Always"]),
    (
        "unhealthyPodEvictionPolicy",
        &["AlwaysAllow", "IfHealthyBudget"],
    ),
    ("whenDeleted", &["Retain", "Delete"]),
    ("whenScaled", &["Retain", "Delete"]),
    ("selectPolicy", &["Max", "Min", "Disabled"]),
    ("policyTypes", &["Ingress", "Egress"]),
    ("accessModes", &["ReadWriteOnce", "ReadWriteOncePod"]),
    ("fsGroupChangePolicy", &["OnRootMismatch", "Always"]),
    ("medium", &["Memory"]),
];

/// The bounds of a cron's fields, its seconds first.
const CRON: [(u32, u32); 6] = [(0, 59), (0, 59), (0, 23), (1, 31), (1, 12), (0, 7)];

/// Complains of words that a field does not know.
pub(super) fn values(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for object in objects {
        walk(&object.0, &mut |key, value| {
            let Some((_, allowed)) = VALUES.iter().find(|(field, _)| *field == key) else {
                return;
            };
            let said = value
                .as_array()
                .map_or(vec![value], |all| all.iter().collect());
            let wrong = said.iter().filter(|one| !allowed.contains(&text(one)));
            told.extend(wrong.map(|one| format!("{}: {key} may not be {one}", object.title())));
        });
    }
    told
}

/// Complains of amounts that are none.
pub(super) fn quantities(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    for object in objects {
        walk(&object.0, &mut |key, value| {
            let amounts: Vec<&Value> = match key {
                "requests" | "limits" => value
                    .as_object()
                    .into_iter()
                    .flat_map(|all| all.values())
                    .collect(),
                "sizeLimit" => vec![value],
                _ => return,
            };
            let wrong = amounts
                .into_iter()
                .filter(|amount| quantity(amount).is_none());
            told.extend(wrong.map(|amount| format!("{}: {amount} is no amount", object.title())));
        });
    }
    told
}

/// Complains of schedules that the operator does not read: six fields, seconds first.
pub(super) fn schedules(objects: &[Object]) -> Vec<String> {
    let scheduled = objects
        .iter()
        .filter(|object| object.kind() == "ScheduledBackup");
    scheduled
        .filter(|object| !comes(text(&object.spec()["schedule"])))
        .map(|object| {
            format!(
                "{}: {} never comes",
                object.title(),
                object.spec()["schedule"]
            )
        })
        .collect()
}

fn comes(schedule: &str) -> bool {
    let fields: Vec<&str> = schedule.split(' ').collect();
    let within = |field: &str, (least, most): (u32, u32)| {
        field == "*"
            || field
                .parse::<u32>()
                .is_ok_and(|number| (least..=most).contains(&number))
    };
    fields.len() == CRON.len()
        && fields
            .iter()
            .zip(CRON)
            .all(|(field, bounds)| within(field, bounds))
}

/// Shows every field, with what it says.
fn walk(value: &Value, see: &mut dyn FnMut(&str, &Value)) {
    for (key, inner) in value.as_object().into_iter().flatten() {
        see(key, inner);
        walk(inner, see);
    }
    for inner in list(value) {
        walk(inner, see);
    }
}
