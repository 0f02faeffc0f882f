//! Channels to the services that this one calls.

use std::path::PathBuf;

use discovery::kubernetes::Access;
use discovery::pulse::Manner;
use discovery::{Bad, Balance, Channel, Directory, Fixed, Source, overlay};

use crate::identity::Identity;
use crate::value::Value;
use crate::{Env, Wrong};

impl Env {
    /// Where the instances of the service called `neighbour` are to be found, as `{NEIGHBOUR}_ADDRS` says; nowhere, where it
    /// is not set.
    ///
    /// # Errors
    /// When that is wrong.
    pub fn directory(&self, neighbour: &str) -> Result<Option<Box<dyn Directory>>, Wrong> {
        let name = format!("{}_ADDRS", neighbour.to_uppercase());
        match self.optional::<String>(&name)? {
            Some(text) => self.open(neighbour, &text).map(Some),
            None => Ok(None),
        }
    }

    /// A channel to a service that the shop can do without: where `{NEIGHBOUR}_ADDRS` is not set, nobody answers there.
    ///
    /// # Errors
    /// When that is wrong.
    pub fn channel_if_any(&self, neighbour: &'static str) -> Result<Channel, Wrong> {
        let nobody = || -> Box<dyn Directory> { Box::new(Fixed::new([] as [&str; 0])) };
        let directory = self.directory(neighbour)?.unwrap_or_else(nobody);
        Ok(discovery::channel(neighbour, &directory, &self.calling()?))
    }

    /// A channel to the service called `neighbour`, found as `{NEIGHBOUR}_ADDRS` says.
    ///
    /// # Errors
    /// When that is missing or wrong.
    pub fn channel(&self, neighbour: &'static str) -> Result<Channel, Wrong> {
        let name = format!("{}_ADDRS", neighbour.to_uppercase());
        let text: String = self.get(&name)?;
        let directory = self.open(neighbour, &text)?;
        let settings = self.calling()?;
        Ok(discovery::channel(neighbour, &directory, &settings))
    }

    /// How instances of the service called `neighbour` are asked whether they are there, over gRPC.
    pub fn manner(&self, neighbour: &'static str) -> Manner {
        Manner::Grpc {
            service: neighbour,
            tls: self.identity().map(Identity::client),
        }
    }

    fn open(&self, neighbour: &str, text: &str) -> Result<Box<dyn Directory>, Wrong> {
        let name = format!("{}_ADDRS", neighbour.to_uppercase());
        let wrong = |bad: Bad| Wrong::new(format!("{name} must be {}, and is `{text}`", bad.0));
        let source: Source = text.parse().map_err(wrong)?;
        Ok(source.open(neighbour, &self.cluster()?))
    }

    /// Where Kubernetes answers.
    fn cluster(&self) -> Result<Access, Wrong> {
        let server: String = self.get("KUBERNETES_API")?;
        let account = self.get("KUBERNETES_ACCOUNT")?;
        let uri = server.parse().ok().filter(|uri: &http::Uri| {
            matches!(uri.scheme_str(), Some("http" | "https")) && uri.host().is_some()
        });
        let wrong = || {
            Wrong::new(format!(
                "KUBERNETES_API must be a URL such as `https://10.0.0.1:6443`, and is `{server}`"
            ))
        };
        let server = uri.ok_or_else(wrong)?;
        Ok(Access { server, account })
    }

    /// How this service calls others.
    pub(crate) fn calling(&self) -> Result<discovery::Settings, Wrong> {
        let path: Option<PathBuf> = self.optional("OVERLAY_PATH")?;
        Ok(discovery::Settings {
            service_token: Some(self.get("SERVICE_TOKEN")?),
            balance: self.get("BALANCE")?,
            zone: self.optional("ZONE")?.unwrap_or_default(),
            connections: self.within("CONNECTIONS_PER_INSTANCE", 1..=8)?,
            calls: self.within("CALLS_PER_NEIGHBOUR", 1..=100_000)?,
            overlay: path.map_or_else(|| self.heard().overlays(), overlay::file),
            quiet: false,
            opinions: self.opinions().clone(),
            tls: self.identity().map(Identity::client),
            network: discovery::Network::default(),
        })
    }
}

pub(crate) fn is_addr(text: &str) -> bool {
    let authority: Option<http::uri::Authority> = text.parse().ok();
    authority.is_some_and(|addr| addr.port_u16().is_some() && !addr.host().is_empty())
}

impl Value for Balance {
    const MUST_BE: &'static str = "`least-busy` or `round-robin`";

    fn read(text: &str) -> Option<Self> {
        match text {
            "least-busy" => Some(Self::LeastBusy),
            "round-robin" => Some(Self::RoundRobin),
            _ => None,
        }
    }
}
