//! The page on settings says what the services' tables say.

use std::fs;

use holdfast::house::Kind;

use super::tree::root;

#[test]
fn the_page_on_settings_is_recorded_as_the_tables_are() {
    let tables = Kind::ALL.map(|kind| (kind.name(), kind.settings()));
    let now = chassis::settings_page(&tables);
    let page = root().join("docs/settings.md");
    if super::recording() {
        fs::create_dir_all(root().join("docs")).unwrap();
        return fs::write(page, now).unwrap();
    }

    let written = fs::read_to_string(page).unwrap_or_default();

    assert!(
        written == now,
        "\ndocs/settings.md is not what the tables in the services' config.rs say any more. `make record` writes it anew.\n"
    );
}
