//! The file is one that each Compose reads, and that leaves nothing unset.

use holdfast::compose::{attempt, run};

const COMPOSES: [&[&str]; 2] = [&["docker", "compose"], &["docker-compose"]];

#[tokio::test]
#[ignore = "needs a Docker engine: make test-compose"]
async fn every_compose_that_is_here_reads_the_file_without_a_word() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../../docker-compose.yml");
    let mut read = 0;
    for compose in COMPOSES {
        let version = attempt(&[compose, &["version"]].concat()).await;
        if !version.is_ok_and(|told| told.status.success()) {
            continue;
        }

        let asked = [compose, &["-f", file, "config", "--quiet"]].concat();
        let output = attempt(&asked).await.unwrap();

        let said = String::from_utf8_lossy(&output.stderr);
        assert!(
            output.status.success() && said.is_empty(),
            "{compose:?}: {said}"
        );
        read += 1;
    }
    assert!(read > 0, "no Compose is here");
    run(&["docker", "version"]).await.unwrap();
}
