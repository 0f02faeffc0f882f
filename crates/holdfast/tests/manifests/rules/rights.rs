//! What accounts may do.

use serde_json::json;

use crate::object::{Object, list, text};
use crate::settings::given;

/// Whoever finds its neighbours by Kubernetes may ask for them, and has a token for it; nobody else has one, and nobody
/// may do more.
pub(super) fn least(objects: &[Object]) -> Vec<String> {
    let mut told = Vec::new();
    let discovery = json!([{
        "apiGroups": ["discovery.k8s.io"], "resources": ["endpointslices"], "verbs": ["list", "watch"],
    }]);
    let roles = objects
        .iter()
        .filter(|object| object.kind().ends_with("Role"));
    let wide = roles.filter(|role| role.kind() != "Role" || role.0["rules"] != discovery);
    told.extend(wide.map(|role| format!("{} allows more than is needed", role.title())));
    let bound: Vec<&str> = objects
        .iter()
        .filter(|object| object.kind() == "RoleBinding")
        .flat_map(|binding| list(&binding.0["subjects"]))
        .map(|subject| text(&subject["name"]))
        .collect();
    for object in objects.iter().filter(|object| object.is_workload()) {
        let asks = ["USER_ADDRS", "ORDER_ADDRS", "NEWS_ADDRS"]
            .iter()
            .filter_map(|name| given(objects, object, name))
            .any(|addrs| addrs.starts_with("kubernetes://"));
        let account = text(&object.pod()["serviceAccountName"]);
        let token = object.pod()["automountServiceAccountToken"] != json!(false);
        if [bound.contains(&account), token] != [asks, asks] {
            told.push(format!(
                "{}: the token of {account} is for nothing, or missing",
                object.title()
            ));
        }
    }
    let accounts = objects
        .iter()
        .filter(|object| object.kind() == "ServiceAccount");
    let open = accounts.filter(|one| one.0["automountServiceAccountToken"] != json!(false));
    told.extend(open.map(|one| format!("{}: hands its token to any pod", one.title())));
    told
}
