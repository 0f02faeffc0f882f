//! A shop with one of each service, and what its parts are compared with.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::Path;

use chassis::{Env, Setting};
use discovery::Channel;
use stack::{Folder, Launch, Options, Postgres, Process, Redis, free_port};

use crate::bench::scene::{SERVICE_TOKEN, UNBOUND, ground, listens};
use crate::house::{House, Kind, Place};

const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where the service is.")];

/// All that runs.
pub(super) struct Scene {
    pub(super) house: House,
    pub(super) postgres: Postgres,
    pub(super) redis: Redis,
    /// axum alone.
    pub(super) hello: Peer,
    /// tonic alone.
    pub(super) health: Peer,
    /// What stands before axum, by name.
    pub(super) fronts: Vec<(&'static str, Peer)>,
    /// What could be compared with and is not here.
    pub(super) missing: Vec<&'static str>,
    _folder: Folder,
}

/// A program beside the shop.
pub(super) struct Peer {
    pub(super) at: SocketAddr,
    process: Process,
}

impl Scene {
    /// Starts everything.
    pub(super) async fn set() -> anyhow::Result<Self> {
        let folder = Folder::scratch()?;
        let options = Options {
            durable: true,
            ..Options::scratch()?
        };
        let postgres = Postgres::start(options).await?;
        let redis = Redis::start().await?;
        let ours = ground(&postgres, &redis, "").await?;
        ours.migrate().await?;
        let program = std::env::current_exe()?;
        let place = Place::Apart {
            program: program.clone(),
            logs: folder.path().to_owned(),
        };
        let house = House::empty(ours, place);
        for kind in [Kind::User, Kind::News, Kind::Order, Kind::Control] {
            house.add(kind, &[]).await?;
        }
        let limits = ["RATE_ADDRESS", "RATE_ACCOUNT", "RATE_SIGN_IN"].map(|name| (name, UNBOUND));
        house.add(Kind::Gateway, &limits).await?;
        house.ready().await?;
        let hello = Peer::ours(&program, "hello", folder.path()).await?;
        let health = Peer::ours(&program, "health", folder.path()).await?;
        let (mut fronts, mut missing) = (Vec::new(), Vec::new());
        for (name, program, config) in [
            ("HAProxy before it", "/usr/sbin/haproxy", haproxy as Config),
            ("nginx before it", "/usr/sbin/nginx", nginx as Config),
        ] {
            if Path::new(program).exists() {
                let peer = Peer::front(program, config, hello.at, folder.path()).await?;
                fronts.push((name, peer));
            } else {
                missing.push(name);
            }
        }
        Ok(Self {
            house,
            postgres,
            redis,
            hello,
            health,
            fronts,
            missing,
            _folder: folder,
        })
    }

    /// The process of the one instance of `kind`.
    pub(super) fn of(&self, kind: Kind) -> Vec<u32> {
        let seats = self.house.seats(kind);
        let pid = |seat: &std::sync::Arc<_>| crate::house::Seat::process(seat)?.pid();
        seats.iter().filter_map(pid).collect()
    }

    /// Both servers of Postgres.
    pub(super) fn databases(&self) -> Vec<u32> {
        let both = [self.postgres.primary().pid(), self.postgres.replica().pid()];
        both.into_iter().flatten().collect()
    }

    /// Ends everything.
    pub(super) async fn strike(self) {
        self.house.stop().await;
        let fronts = self.fronts.into_iter().map(|(_, front)| front);
        for peer in fronts.chain([self.hello, self.health]) {
            peer.process.kill().await;
        }
        self.redis.stop().await;
        self.postgres.stop().await;
    }
}

/// Our balanced channel to `at`, as the order service has it to control.
pub(super) fn balanced(at: SocketAddr) -> anyhow::Result<Channel> {
    let env = Env::local([
        ("CONTROL_ADDRS".to_owned(), at.to_string()),
        ("SERVICE_TOKEN".to_owned(), SERVICE_TOKEN.to_owned()),
    ]);
    let env = env.knowing(NEIGHBOURS).proving("order")?;
    Ok(env.channel("control")?)
}

/// The words and the file of a proxy at one address before another.
type Config = fn(SocketAddr, SocketAddr, &Path) -> (Vec<String>, String);

impl Peer {
    pub(super) fn pid(&self) -> Option<u32> {
        self.process.pid()
    }

    async fn ours(program: &Path, part: &str, folder: &Path) -> anyhow::Result<Self> {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let args = ["baseline".to_owned(), part.to_owned(), at.to_string()];
        Self::start(part, program, args.to_vec(), at, folder).await
    }

    async fn front(
        program: &str,
        config: Config,
        before: SocketAddr,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let at = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let name = Path::new(program).file_name().unwrap_or_default();
        let file = folder.join(name).with_extension("cfg");
        let (args, text) = config(at, before, &file);
        std::fs::write(&file, text)?;
        let name = name.to_string_lossy();
        Self::start(&name, Path::new(program), args, at, folder).await
    }

    async fn start(
        name: &str,
        program: &Path,
        args: Vec<String>,
        at: SocketAddr,
        folder: &Path,
    ) -> anyhow::Result<Self> {
        let log = folder.join(format!("{name}.log"));
        let process = Process::start(name.to_owned(), Launch::new(program, log).args(args))?;
        listens(&process, at).await?;
        Ok(Self { at, process })
    }
}

fn haproxy(at: SocketAddr, before: SocketAddr, file: &Path) -> (Vec<String>, String) {
    let args = [
        "-db".to_owned(),
        "-f".to_owned(),
        file.display().to_string(),
    ];
    let text = format!(
        "defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\nfrontend all\n  bind {at}\n  default_backend hello\nbackend hello\n  http-reuse always\n  server hello {before}\n"
    );
    (args.to_vec(), text)
}

fn nginx(at: SocketAddr, before: SocketAddr, file: &Path) -> (Vec<String>, String) {
    let args = ["-c".to_owned(), file.display().to_string()];
    let folder = file.parent().unwrap_or(Path::new("/")).display();
    let text = format!(
        "daemon off;\nworker_processes 2;\nerror_log {folder}/nginx.err;\npid {folder}/nginx.pid;\nevents {{ worker_connections 1024; }}\nhttp {{\n  access_log off;\n  keepalive_requests 1000000000;\n  client_body_temp_path {folder}/nginx-body;\n  proxy_temp_path {folder}/nginx-proxy;\n  fastcgi_temp_path {folder}/nginx-fastcgi;\n  uwsgi_temp_path {folder}/nginx-uwsgi;\n  scgi_temp_path {folder}/nginx-scgi;\n  upstream hello {{ server {before}; keepalive 64; keepalive_requests 1000000000; }}\n  server {{\n    listen {at};\n    location / {{ proxy_pass http://hello; proxy_http_version 1.1; proxy_set_header Connection \"\"; }}\n  }}\n}}\n"
    );
    (args.to_vec(), text)
}
