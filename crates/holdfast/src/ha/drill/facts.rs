//! On what, of what and how a drill ran.

use std::collections::BTreeSet;
use std::fs;
use std::process::Command;

use super::form::{Facts, Told};
use super::{Against, Asked};
use crate::compose::Container;
use crate::origin::{self, field, read};

/// What repeats it.
pub(super) fn command(asked: &Asked) -> String {
    let seed = asked.seed();
    let [make, against] = match asked.against {
        Against::Ha => [""; 2],
        Against::Compose => [" AGAINST=compose", " --against compose"],
    };
    if asked.only.is_empty() {
        return format!(
            "make drill{make} MINUTES={} SEED={seed} RATE={}",
            asked.minutes, asked.rate
        );
    }
    let only: Vec<&str> = asked.only.iter().map(|kind| kind.word()).collect();
    format!(
        "holdfast drill{against} --minutes {} --seed {seed} --rate {} --only {}",
        asked.minutes,
        asked.rate,
        only.join(",")
    )
}

/// The machine.
pub(super) fn machine() -> Facts {
    let (processor, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let cores = std::thread::available_parallelism().map_or(0, usize::from);
    named([
        ("cores", Some(cores.to_string())),
        ("processor", field(&processor, "model name")),
        ("memory", field(&memory, "MemTotal")),
        ("system", field(&read("/etc/os-release"), "PRETTY_NAME")),
        (
            "kernel",
            Some(read("/proc/sys/kernel/osrelease").trim().to_owned()),
        ),
        (
            "load when it ended",
            Some(read("/proc/loadavg").trim().to_owned()),
        ),
    ])
}

/// What ran, as processes.
pub(super) fn versions() -> Facts {
    let postgres = fs::read_dir("/usr/lib/postgresql").ok().and_then(|found| {
        let newest = found.flatten().map(|one| one.path()).max()?;
        said(
            &newest.join("bin/postgres").display().to_string(),
            "--version",
        )
    });
    named([
        ("holdfast", Some(holdfast())),
        ("Postgres", postgres),
        ("Patroni", said("patroni", "--version")),
        ("etcd", said("etcd", "--version")),
        ("HAProxy", said("/usr/sbin/haproxy", "-v")),
        ("Redis", said("redis-server", "--version")),
    ])
}

/// What ran, in containers: by its images.
pub(super) fn images(all: &[Container]) -> Facts {
    let image = |one: &Container| {
        let id = one.told["Image"].as_str()?.trim_start_matches("sha256:");
        let id = id.get(..12).unwrap_or(id);
        Some(format!("{} ({id})", one.told["Config"]["Image"].as_str()?))
    };
    let images: BTreeSet<String> = all.iter().filter_map(image).collect();
    let images: Vec<String> = images.into_iter().collect();
    named([
        ("the drill", Some(holdfast())),
        ("images", Some(images.join(", "))),
    ])
}

/// This program.
fn holdfast() -> String {
    let build = if cfg!(debug_assertions) {
        "unoptimized"
    } else {
        "optimized"
    };
    format!(
        "{} ({build} build{})",
        env!("CARGO_PKG_VERSION"),
        origin::revision().map_or_else(String::new, |revision| format!(", {revision}"))
    )
}

/// How it ran.
pub(super) fn configuration(asked: &Asked, told: &Told, scarce: i64) -> Facts {
    let settings = told.settings.iter();
    let settings: Vec<String> = settings
        .map(|(name, value)| format!("{name}={value}"))
        .collect();
    named([
        ("form", Some(told.form.clone())),
        (
            "customers",
            Some(format!(
                "{} a second, come by themselves: 60 % look, 25 % order, 10 % order by a cart, 5 % sign in",
                asked.rate
            )),
        ),
        (
            "products",
            Some(format!(
                "seven of which there is plenty, one of which there are {scarce}"
            )),
        ),
        (
            "locks",
            Some(
                "six clients want one lock; each 20th grant somebody overstays it and writes late"
                    .to_owned(),
            ),
        ),
        ("settings", Some(settings.join(", "))),
        ("durability", Some(told.durability.to_owned())),
    ])
}

/// Facts of which some are not known.
pub(super) fn named<const N: usize>(facts: [(&str, Option<String>); N]) -> Facts {
    let known = facts.into_iter();
    let known = known.filter_map(|(name, value)| Some((name.to_owned(), value?)));
    known.filter(|(_, value)| !value.is_empty()).collect()
}

/// The first line that `program` says of itself.
fn said(program: &str, word: &str) -> Option<String> {
    let told = Command::new(program).arg(word).output().ok()?;
    let text = String::from_utf8_lossy(&told.stdout).into_owned();
    text.lines().next().map(|line| line.trim().to_owned())
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    /// A drill of processes, of `only` these kinds.
    pub(crate) fn asked(only: Vec<drill::Kind>) -> Asked {
        Asked {
            minutes: 60,
            seed: Some(7),
            only,
            report: "report".into(),
            rate: 20,
            against: Against::Ha,
            plan: false,
            apart: false,
            program: None,
            settings: Vec::new(),
        }
    }

    #[test]
    fn what_repeats_a_drill_says_all_that_it_was_asked_for() {
        let kill = asked(vec![drill::Kind::Kill]);

        assert_eq!(
            command(&asked(Vec::new())),
            "make drill MINUTES=60 SEED=7 RATE=20"
        );
        assert_eq!(
            command(&kill),
            "holdfast drill --minutes 60 --seed 7 --rate 20 --only kill"
        );
    }

    #[test]
    fn how_it_ran_names_the_settings_that_are_not_anybodys() {
        let told = Told {
            form: "processes".to_owned(),
            durability: "synchronous",
            settings: vec![("CHORES_EVERY".to_owned(), "3s".to_owned())],
            versions: Facts::new(),
        };

        let facts = configuration(&asked(Vec::new()), &told, 60);

        let settings = ("settings".to_owned(), "CHORES_EVERY=3s".to_owned());
        assert!(facts.contains(&settings), "{facts:?}");
    }
}
