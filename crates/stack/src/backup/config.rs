//! What pgBackRest is told, and what Postgres is told of it.

use std::path::Path;
use std::time::Duration;

/// What the cluster is called in the repository.
pub(super) const STANZA: &str = "house";
/// How many full backups are kept, with all that is needed to restore to any moment since the first of them.
const FULL_KEPT: u8 = 2;
/// For how long what was committed may wait for the rest of its file of the log before it is archived.
pub const PUSHED_AFTER: Duration = Duration::from_mins(1);

/// The settings for a server that works on `data` and listens on `port`, in the repository of `folder`.
pub(super) fn text(folder: &Path, data: &Path, port: u16) -> String {
    let (folder, data) = (folder.display(), data.display());
    // Small files in bundles: one at a time, each of a thousand would be synced to the disk by itself.
    format!(
        "[global]
repo1-path={folder}/repository
repo1-retention-full={FULL_KEPT}
repo1-bundle=y
lock-path={folder}/lock
spool-path={folder}/spool
log-path={folder}/log
log-level-console=off
log-level-file=off
log-level-stderr=warn
compress-type=lz4
start-fast=y

[{STANZA}]
pg1-path={data}
pg1-port={port}
pg1-user={}
",
        crate::postgres::SUPERUSER
    )
}

/// What Postgres runs for each finished file of its log: `script`, with the settings in `config`.
pub(super) fn command(script: &Path, config: &Path) -> String {
    // `%` begins what Postgres fills in.
    let quoted = |path: &Path| {
        let path = path.display().to_string();
        format!("'{}'", path.replace('\'', r"'\''").replace('%', "%%"))
    };
    format!(r#"{} {} "%p""#, quoted(script), quoted(config))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_with_anything_in_it_is_one_word_of_the_command() {
        let (script, config) = (Path::new("/a b/50%/push.sh"), Path::new("/it's/pg-1.conf"));

        let command = command(script, config);

        assert_eq!(command, r#"'/a b/50%%/push.sh' '/it'\''s/pg-1.conf' "%p""#);
    }
}
