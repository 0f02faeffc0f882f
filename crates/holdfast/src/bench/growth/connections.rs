//! What open connections cost the gateway that carry nothing: memory, and CPU of the requests beside them.

use std::net::SocketAddr;

use anyhow::Context as _;
use futures::future::try_join_all;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;

use super::said;
use crate::bench::contest::{Turns, Way, contest};
use crate::bench::costs::read::read;
use crate::bench::figure::{Figure, Measured, Unit};
use crate::bench::scene::{Scene, Side};
use crate::origin;

/// How many are opened at once.
const AT_ONCE: usize = 100;
/// How many files a process needs besides.
const BESIDES: u64 = 500;

/// Lets this process, and those that it starts from now on, open as many files as the machine allows.
pub(super) fn raise_limit() -> anyhow::Result<()> {
    let (_, most) = getrlimit(Resource::RLIMIT_NOFILE)?;
    setrlimit(Resource::RLIMIT_NOFILE, most, most)?;
    Ok(())
}

pub(super) async fn measure(
    scene: &Scene,
    turns: Turns,
    counts: &[usize],
) -> anyhow::Result<Measured> {
    let door = scene.door().context("a gateway")?;
    let url = format!(
        "{}/v1/products/{}",
        scene.gateway(Side::Ours),
        scene.products[0]
    );
    let at: SocketAddr = scene
        .gateway(Side::Ours)
        .trim_start_matches("http://")
        .parse()?;
    let path = format!("/v1/products/{}", scene.products[0]);
    let (limit, _) = getrlimit(Resource::RLIMIT_NOFILE)?;
    let mut open = Vec::new();
    let (mut told, mut figures) = (Vec::new(), Vec::new());
    let mut few: Option<[Vec<f64>; 3]> = None;
    for count in counts {
        if u64::try_from(*count)? + BESIDES > limit {
            told.push(format!(
                "{} connections: this machine allows {limit} files",
                said(*count)
            ));
            continue;
        }
        while open.len() < *count {
            let next = AT_ONCE.min(*count - open.len());
            open.extend(try_join_all((0..next).map(|_| connect(at, &path))).await?);
        }
        let url = url.clone();
        let way = Way::new("requests", vec![door], move |until| {
            read(url.clone(), until)
        });
        let found = contest("requests beside open connections", turns, &[way]).await?;
        let (rounds, memory) = (found.by("requests"), memory(door)?);
        let name = match count {
            1 => "1 connection".to_owned(),
            count => format!("{} connections", said(*count)),
        };
        told.push(format!("{name}, {memory:.0} kB\n{}", found.table));
        let all = [rounds.cost, rounds.p99, vec![memory]];
        let names = [
            (format!("a request beside {name}"), Unit::Cpu),
            (format!("a request beside {name}, p99"), Unit::Time),
            (format!("the gateway's memory with {name}"), Unit::Memory),
        ];
        for (place, (name, unit)) in names.into_iter().enumerate() {
            let figure = Figure::of(name, unit, all[place].clone());
            figures.push(match &few {
                Some(few) => figure.beside("with the fewest", few[place].clone()),
                None => figure,
            });
        }
        few.get_or_insert(all);
    }
    let table = told.join("\n");
    Ok(Measured { table, figures })
}

/// Opens a connection, and asks once, so that all is there that belongs to it.
async fn connect(at: SocketAddr, path: &str) -> anyhow::Result<TcpStream> {
    let mut stream = TcpStream::connect(at).await?;
    let request = format!("GET {path} HTTP/1.1\r\nhost: {at}\r\n\r\n");
    stream.write_all(request.as_bytes()).await?;
    let mut answer = [0; 4096];
    let size = stream.read(&mut answer).await?;
    anyhow::ensure!(
        answer[..size].starts_with(b"HTTP/1.1 200"),
        "a connection was answered with {}",
        String::from_utf8_lossy(&answer[..size])
    );
    Ok(stream)
}

/// How much memory a process has, in kilobytes.
fn memory(pid: u32) -> anyhow::Result<f64> {
    let status = origin::read(&format!("/proc/{pid}/status"));
    let resident = origin::field(&status, "VmRSS").context("VmRSS")?;
    Ok(resident.trim_end_matches(" kB").parse()?)
}
