//! How large it is: the images on a disk, the containers in memory.

use std::collections::BTreeMap;

use holdfast::compose::{Shop, run};
use holdfast::say;

/// What an image of ours may have, in bytes; the database's holds a Debian.
const IMAGE: u64 = 40_000_000;
const DATABASE: &str = "holdfast/postgres:";

/// Prints how large each image of ours is, and holds it against what it may have.
pub(crate) async fn images(shop: &Shop) {
    let mut sizes = BTreeMap::new();
    for container in shop.containers().await.unwrap() {
        let image = container.told["Config"]["Image"].as_str().unwrap();
        if image.starts_with("holdfast/") && !sizes.contains_key(image) {
            let size = run(&["docker", "image", "inspect", "--format={{.Size}}", image])
                .await
                .unwrap();
            sizes.insert(image.to_owned(), size.trim().parse::<u64>().unwrap());
        }
    }
    let each = sizes
        .iter()
        .map(|(image, size)| format!("{image} {}", size / 1_000_000));
    say::line(format_args!("MB: {}", each.collect::<Vec<_>>().join(", ")));
    sizes.retain(|image, size| !image.starts_with(DATABASE) && *size > IMAGE);
    assert!(sizes.is_empty(), "too large: {sizes:?}");
}

/// Prints what each container has in memory, and holds all of it against what a laptop has to spare.
pub(crate) async fn memory(shop: &Shop) {
    let mut all = shop.containers().await.unwrap();
    all.retain(|one| !one.is_job());
    let ids: Vec<&str> = all.iter().map(|one| one.id.as_str()).collect();
    let stats = [
        "docker",
        "stats",
        "--no-stream",
        "--format",
        "{{.MemUsage}}",
    ];
    let stats = run(&[&stats[..], &ids[..]].concat()).await.unwrap();
    let used: Vec<f64> = stats.lines().map(mebibytes).collect();
    let each = all.iter().zip(&used);
    let each: Vec<String> = each
        .map(|(one, used)| format!("{} {used:.0}", one.name))
        .collect();
    let whole: f64 = used.iter().sum();
    say::line(format_args!(
        "MiB: {}; together {whole:.0}",
        each.join(", ")
    ));
    assert!(whole < 1536.0, "{whole} MiB");
}

/// Reads `12.3MiB / 192MiB`.
fn mebibytes(text: &str) -> f64 {
    let used = text.split(" / ").next().unwrap_or_default().trim();
    let (number, factor) = match used {
        gib if gib.ends_with("GiB") => (gib.trim_end_matches("GiB"), 1024.0),
        kib if kib.ends_with("KiB") => (kib.trim_end_matches("KiB"), 1.0 / 1024.0),
        mib => (mib.trim_end_matches("MiB"), 1.0),
    };
    number.parse::<f64>().unwrap() * factor
}
