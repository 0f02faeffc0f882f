//! DNS as a directory: every address that a name stands for is an instance.

use std::net::{IpAddr, SocketAddr};
use std::time::{Duration, Instant};

use hickory_resolver::TokioResolver;
use hickory_resolver::config::{ConnectionConfig, NameServerConfig, ResolverConfig};
use hickory_resolver::lookup_ip::LookupIp;
use hickory_resolver::net::NetError;
use hickory_resolver::net::runtime::TokioRuntimeProvider;
use retry::Backoff;

use crate::Instance;
use crate::followed::{Followed, Lists};
use crate::source::{Bad, authority};

/// An answer is believed for as long as it says itself, within these bounds: a name server is asked at most every second,
/// and a change is noticed within half a minute.
const SHORTEST: Duration = Duration::from_secs(1);
const LONGEST: Duration = Duration::from_secs(30);
/// How much later the next question may come, as a part of that time, so that not all ask at once.
const JITTER: f64 = 0.25;
/// How long one name server is waited for before the next is asked.
const PATIENCE: Duration = Duration::from_secs(2);
/// The wait after a question that nobody has answered.
const AGAIN: Backoff = Backoff::new(Duration::from_millis(200), Duration::from_secs(5));

/// A name, the port at which each of its addresses is called, and who is asked what it stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Dns {
    /// The system's name servers where there is none.
    server: Option<SocketAddr>,
    host: String,
    port: u16,
}

impl Dns {
    /// What a text must be, to follow "must be".
    const MUST_BE: &str =
        "`dns://host:port`, or `dns://10.0.0.2:53/host:port` where that name server is to be asked";

    /// Reads what stands behind `dns://`. As gRPC writes names: before a slash stands the name server, if any.
    pub(crate) fn read(rest: &str) -> Result<Self, Bad> {
        let (server, name) = rest.split_once('/').unwrap_or(("", rest));
        let server = (!server.is_empty()).then(|| server.parse().ok());
        let name = authority(name);
        match (server, name) {
            (None | Some(Some(_)), Some(name)) => Ok(Self {
                server: server.flatten(),
                host: name.host().to_owned(),
                port: name.port_u16().unwrap_or_default(),
            }),
            _ => Err(Bad(Self::MUST_BE)),
        }
    }

    /// Follows what the name stands for.
    pub(crate) fn follow(&self, service: &str) -> Followed {
        let name = self.clone();
        Followed::by(service, |lists| name.ask_for_ever(lists))
    }

    async fn ask_for_ever(self, lists: Lists) {
        let mut failures = 0;
        loop {
            // Made anew each time: the system's name servers may have become others.
            match self.ask().await {
                Ok(answer) => {
                    lists.tell(self.instances(answer.iter()));
                    failures = 0;
                    tokio::time::sleep(pause(&answer, rand::random())).await;
                }
                // That there is no such name, or that it stands for nothing, may be a name server's fault too: whoever is
                // still called and is not there is passed over.
                Err(error) => {
                    lists.lost(failures, &error);
                    tokio::time::sleep(AGAIN.draw(failures)).await;
                    failures += 1;
                }
            }
        }
    }

    async fn ask(&self) -> Result<LookupIp, NetError> {
        let mut builder = match self.server {
            None => TokioResolver::builder_tokio()?,
            Some(server) => {
                TokioResolver::builder_with_config(only(server), TokioRuntimeProvider::default())
            }
        };
        let options = builder.options_mut();
        // Ours is the list that was handed out; a second memory would only be older.
        options.cache_size = 0;
        options.timeout = PATIENCE;
        builder.build()?.lookup_ip(self.host.as_str()).await
    }

    fn instances(&self, addrs: impl Iterator<Item = IpAddr>) -> Vec<Instance> {
        let mut addrs: Vec<SocketAddr> = addrs.map(|ip| SocketAddr::new(ip, self.port)).collect();
        addrs.sort_unstable();
        addrs.dedup();
        addrs.iter().map(Instance::at).collect()
    }
}

/// A resolver that asks `server` alone, by UDP, and by TCP where an answer is too long.
fn only(server: SocketAddr) -> ResolverConfig {
    let connections = [ConnectionConfig::udp(), ConnectionConfig::tcp()];
    let connections = connections.map(|mut connection| {
        connection.port = server.port();
        connection
    });
    let server = NameServerConfig::new(server.ip(), true, connections.to_vec());
    ResolverConfig::from_name_servers(vec![server])
}

/// How long an answer is believed. `chance` is in 0..=1.
fn pause(answer: &LookupIp, chance: f64) -> Duration {
    let left = answer
        .valid_until()
        .saturating_duration_since(Instant::now());
    left.clamp(SHORTEST, LONGEST).mul_f64(1.0 + JITTER * chance)
}
