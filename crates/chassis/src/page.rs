//! Writes `docs/settings.md` from the tables of settings.

use std::fmt::Write as _;

use crate::setting::Absent;
use crate::{MIGRATE_SETTINGS, SETTINGS, Setting};

/// The page on all settings: those that all services share, then each service's own.
pub fn settings_page(services: &[(&str, &[Setting])]) -> String {
    let mut page = String::from(
        "# Settings\n\n\
        Every service reads its settings from the environment. Any setting `X` may be given as `X_FILE`, the path of a \
        file that holds it; secrets are best given so. A wrong or missing setting stops the start with one sentence and \
        exit code 64.\n\n\
        This page is written from the tables in each service's `config.rs` by a test.\n",
    );
    section(&mut page, "Every service", SETTINGS);
    section(
        &mut page,
        "`migrate` of a service that keeps data",
        MIGRATE_SETTINGS,
    );
    for (name, table) in services {
        section(&mut page, name, table);
    }
    page
}

fn section(page: &mut String, title: &str, table: &[Setting]) {
    let _ = write!(
        page,
        "\n## {title}\n\n| setting | default | what it does |\n|---|---|---|\n"
    );
    for Setting {
        name,
        absent,
        doc,
        secret,
    } in table
    {
        let default = match absent {
            Absent::Refused => "**required**".to_owned(),
            Absent::Nothing => "none".to_owned(),
            Absent::Value(value) => format!("`{value}`"),
        };
        let secret = if *secret { " Secret." } else { "" };
        let doc = doc.replace('|', "\\|");
        let _ = writeln!(page, "| `{name}` | {default} | {doc}{secret} |");
    }
}
