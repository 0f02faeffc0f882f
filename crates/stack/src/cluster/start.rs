//! Bringing the data floor up.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::{Cluster, Plan, Wires};
use crate::account::Account;
use crate::backup::Store;
use crate::etcd::{self, Etcd};
use crate::haproxy::{self, Backend, HaProxy};
use crate::patroni::{Ground, Node, Seat, agreed};
use crate::port::claim_port;
use crate::postgres::binaries::Binaries;
use crate::postgres::passwords::Passwords;
use crate::reaper::Reaper;
use crate::{Error, Supervisor, Wire, free_port};

/// How many there are of etcd and of database nodes: a majority outlives the loss of one.
const THREE: [u8; 3] = [1, 2, 3];
/// How many there are of HAProxy.
const TWO: [u8; 2] = [1, 2];

impl Cluster {
    /// Starts all of it, making what is not there yet, and returns when all nodes are in step and both HAProxies answer.
    ///
    /// # Errors
    /// When something is not installed or does not come up.
    pub async fn start(mut plan: Plan) -> Result<Self, Error> {
        let (account, reaper) = (Account::for_postgres()?, Reaper::start());
        let folder = plan.postgres.folder.path().to_owned();
        account.map_or(Ok(()), |account| account.own(&folder))?;
        let passwords = plan.postgres.passwords;
        let passwords = passwords.then(|| Passwords::inside(&folder, account));
        let tls = plan.tls.as_ref();
        let tls = tls.map(|tls| tls.install(&folder, account)).transpose()?;
        let store = plan
            .backups
            .take()
            .map(|backups| Store::open(backups, &folder, account, passwords.clone(), tls.clone()));
        let store = store.transpose()?;
        let mut ports = Ports::inside(&folder);
        let etcd = etcd(&mut ports, &folder, account).await?;
        let ground = Ground {
            options: &plan.postgres,
            timings: plan.timings,
            binaries: Binaries::find()?,
            passwords: passwords.clone(),
            account,
            tls,
            backups: store.as_ref(),
            etcd: etcd.iter().map(Etcd::port).collect(),
        };
        let (mut nodes, mut wires) = (Vec::new(), Vec::new());
        for number in THREE {
            let (seat, around) = seat(number, &mut ports, &ground.etcd, plan.wired).await?;
            wires.push(Wires::around(&seat, around));
            nodes.push(Arc::new(Node::start(seat, &ground)?));
        }
        let mut cluster = Self {
            supervisor: Supervisor::default(),
            haproxies: Vec::new(),
            nodes,
            etcd,
            wires,
            passwords,
            account,
            store,
            plan,
            _reaper: reaper,
        };
        cluster.in_step().await?;
        cluster.agree().await?;
        cluster.route(&mut ports, account).await?;
        cluster.supervise();
        if let Some(backups) = cluster.backups()
            && let Err(error) = backups.prepare().await
        {
            tracing::warn!(%error, "nothing is archived until the repository can be written");
        }
        Ok(cluster)
    }

    /// Tells nodes whose data an earlier version has made what is agreed on now.
    async fn agree(&self) -> Result<(), Error> {
        let (options, timings) = (&self.plan.postgres, self.plan.timings);
        self.leader()
            .await?
            .api()
            .agree(&agreed(options, timings))
            .await
    }

    async fn route(&mut self, ports: &mut Ports, account: Option<Account>) -> Result<(), Error> {
        let backend = |node: &Arc<Node>| Backend {
            name: node.name().to_owned(),
            postgres: node.seat().shown_postgres,
            rest: node.seat().shown_rest,
        };
        let backends: Vec<Backend> = self.nodes.iter().map(backend).collect();
        let folder = self.plan.postgres.folder.path();
        for number in TWO {
            let name = format!("haproxy-{number}");
            let seat = haproxy::Seat {
                primary: ports.of(&format!("{name} primary"))?,
                replicas: ports.of(&format!("{name} replicas"))?,
                admin: ports.of(&format!("{name} admin"))?,
                name,
            };
            let started = HaProxy::start(seat, backends.clone(), folder, account)?;
            started.ready().await?;
            self.haproxies.push(started);
        }
        Ok(())
    }

    fn supervise(&mut self) {
        if !self.plan.supervised {
            return;
        }
        let etcd = self.etcd.iter().map(Etcd::process);
        for process in etcd.chain(self.haproxies.iter().map(HaProxy::process)) {
            self.supervisor.add(process.clone());
        }
        for node in &self.nodes {
            self.supervisor.add(node.clone());
        }
    }
}

async fn etcd(
    ports: &mut Ports,
    folder: &Path,
    account: Option<Account>,
) -> Result<Vec<Etcd>, Error> {
    let mut seats = Vec::new();
    for number in THREE {
        let name = format!("etcd-{number}");
        // Its members remember where the others answer.
        let client = ports.always(&format!("{name} client"))?;
        let peer = ports.always(&format!("{name} peer"))?;
        seats.push(etcd::Seat { name, client, peer });
    }
    let started = seats
        .iter()
        .map(|seat| Etcd::start(seat, &seats, folder, account));
    let started: Vec<Etcd> = started.collect::<Result<_, _>>()?;
    for member in &started {
        member.ready().await?;
    }
    Ok(started)
}

/// Where a node answers, with wires around it where it is to have some.
async fn seat(
    number: u8,
    ports: &mut Ports,
    etcd: &[u16],
    wired: bool,
) -> Result<(Seat, Vec<Wire>), Error> {
    let name = format!("pg-{number}");
    let postgres = ports.of(&format!("{name} postgres"))?;
    let rest = ports.of(&format!("{name} patroni"))?;
    let mut seat = Seat {
        name,
        postgres,
        rest,
        shown_postgres: postgres,
        shown_rest: rest,
        followed: postgres,
        etcd: etcd.to_vec(),
    };
    let mut around = Vec::new();
    if wired {
        let shown = [
            &mut seat.shown_postgres,
            &mut seat.shown_rest,
            &mut seat.followed,
        ];
        for port in shown.into_iter().chain(&mut seat.etcd) {
            let wire = Wire::like(format!("127.0.0.1:{port}")).await?;
            *port = wire.addr().port();
            around.push(wire);
        }
    }
    Ok((seat, around))
}

/// The ports of a kept folder, the same in every run where they can be.
struct Ports {
    file: PathBuf,
    known: BTreeMap<String, u16>,
}

impl Ports {
    fn inside(folder: &Path) -> Self {
        let file = folder.join("ports");
        let text = fs::read_to_string(&file).unwrap_or_default();
        let line = |line: &str| {
            let (name, port) = line.rsplit_once(' ')?;
            Some((name.to_owned(), port.parse().ok()?))
        };
        let known = text.lines().filter_map(line).collect();
        Self { file, known }
    }

    /// The port of `name`: the one that it had, or a new one where that is taken.
    fn of(&mut self, name: &str) -> Result<u16, Error> {
        match self.known.get(name) {
            Some(port) if claim_port(*port)? => Ok(*port),
            _ => self.fresh(name),
        }
    }

    /// The port of `name`, which never changes.
    fn always(&mut self, name: &str) -> Result<u16, Error> {
        match self.known.get(name) {
            Some(port) if claim_port(*port)? => Ok(*port),
            Some(port) => Err(Error::Taken {
                port: *port,
                name: name.to_owned(),
            }),
            None => self.fresh(name),
        }
    }

    fn fresh(&mut self, name: &str) -> Result<u16, Error> {
        let port = free_port()?;
        self.known.insert(name.to_owned(), port);
        let lines = self
            .known
            .iter()
            .map(|(name, port)| format!("{name} {port}\n"));
        fs::write(&self.file, lines.collect::<String>()).map_err(Error::files(&self.file))?;
        Ok(port)
    }
}
