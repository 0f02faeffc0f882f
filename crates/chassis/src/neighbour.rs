//! Channels to the services that this one calls.

use std::path::PathBuf;

use discovery::{Balance, Channel, Fixed, overlay};

use crate::value::Value;
use crate::{Env, Wrong};

impl Env {
    /// A channel to the service called `neighbour`, found at `{NEIGHBOUR}_ADDRS`.
    ///
    /// # Errors
    /// When the addresses are missing or wrong.
    pub fn channel(&self, neighbour: &'static str) -> Result<Channel, Wrong> {
        let name = format!("{}_ADDRS", neighbour.to_uppercase());
        let addrs: Vec<String> = self.get(&name)?;
        if let Some(bad) = addrs.iter().find(|addr| !is_addr(addr)) {
            return Err(Wrong::new(format!(
                "{name} must be a list of `host:port` with commas between, and has `{bad}`"
            )));
        }
        let settings = self.calling()?;
        Ok(discovery::channel(neighbour, &Fixed::new(addrs), &settings))
    }

    /// How this service calls others.
    fn calling(&self) -> Result<discovery::Settings, Wrong> {
        let path: Option<PathBuf> = self.optional("OVERLAY_PATH")?;
        Ok(discovery::Settings {
            service_token: Some(self.get("SERVICE_TOKEN")?),
            balance: self.get("BALANCE")?,
            zone: self.optional("ZONE")?.unwrap_or_default(),
            connections: self.within("CONNECTIONS_PER_INSTANCE", 1..=8)?,
            calls: self.within("CALLS_PER_NEIGHBOUR", 1..=100_000)?,
            overlay: path.map_or_else(overlay::none, overlay::file),
        })
    }
}

fn is_addr(text: &str) -> bool {
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
