//! The services of the house, each as many times as asked, found and reached as they would be anywhere.

mod ground;
mod kind;
mod seat;

use std::path::PathBuf;

pub use ground::{Ground, Keeper};
pub use kind::Kind;
pub use seat::Seat;

use crate::certs;

/// Where the services run.
#[derive(Debug, Clone)]
pub enum Place {
    /// Inside of this process.
    Here,
    /// As processes of their own, started as `holdfast run NAME`: they can be paused and killed.
    Apart {
        /// Where the program `holdfast` is.
        program: PathBuf,
        /// Where they log to, a file each.
        logs: PathBuf,
    },
}

/// Services that run, and know each other's addresses.
#[derive(Debug)]
pub struct House {
    ground: Ground,
    place: Place,
    wired: bool,
    registry: Option<String>,
    certs: Option<PathBuf>,
    seats: Vec<Seat>,
}

impl House {
    /// A house on `ground` in which nothing runs yet.
    pub fn empty(ground: Ground, place: Place) -> Self {
        Self {
            ground,
            place,
            wired: false,
            registry: None,
            certs: None,
            seats: Vec::new(),
        }
    }

    /// Lays a wire before each instance that is added from now on, so that it can be cut and slowed.
    #[must_use]
    pub fn wired(self) -> Self {
        Self {
            wired: true,
            ..self
        }
    }

    /// Has each instance that is added from now on register itself at `registry`, and find the others there.
    #[must_use]
    pub fn registered(self, registry: String) -> Self {
        Self {
            registry: Some(registry),
            ..self
        }
    }

    /// Has each instance that is added from now on prove itself to the others, by what [`certs::write`] has made in `folder`.
    pub fn prove_by(&mut self, folder: impl Into<PathBuf>) {
        self.certs = Some(folder.into());
    }

    /// Opens a house with `count` instances of each service, and returns when every one is ready.
    ///
    /// # Errors
    /// When one does not start or does not get ready.
    pub async fn open(ground: Ground, place: Place, count: usize) -> anyhow::Result<Self> {
        let mut house = Self::empty(ground, place);
        for kind in Kind::ALL {
            for _ in 0..count {
                house.add(kind, &[]).await?;
            }
        }
        house.ready().await?;
        Ok(house)
    }

    /// Starts one more instance of `kind`, which knows those that run so far, or finds all in the registry; `extra` is set
    /// for it alone.
    ///
    /// # Errors
    /// When it does not start.
    pub async fn add(&mut self, kind: Kind, extra: &[(&str, &str)]) -> anyhow::Result<&Seat> {
        let mut env = self.ground.env(kind);
        let certs = self.certs.as_deref();
        env.extend(
            certs
                .into_iter()
                .flat_map(|folder| certs::settings(folder, kind)),
        );
        env.extend(Kind::ALL.iter().filter_map(|found| self.addresses(*found)));
        let registry = self.registry.clone();
        env.extend(registry.map(|registry| ("REGISTRY".to_owned(), registry)));
        env.extend(
            extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let name = format!("{}-{}", kind.name(), self.seats(kind).count() + 1);
        let seat = Seat::take(kind, name, env, &self.place, self.wired).await?;
        self.seats.push(seat);
        Ok(&self.seats[self.seats.len() - 1])
    }

    /// Waits until every instance says that it is ready.
    ///
    /// # Errors
    /// When one is not after a minute.
    pub async fn ready(&self) -> anyhow::Result<()> {
        for seat in &self.seats {
            seat.ready().await?;
        }
        Ok(())
    }

    /// All instances, in the order in which they were started.
    pub fn all(&self) -> &[Seat] {
        &self.seats
    }

    /// The instances of `kind`, in the order in which they were started.
    pub fn seats(&self, kind: Kind) -> impl Iterator<Item = &Seat> {
        self.seats.iter().filter(move |seat| seat.kind() == kind)
    }

    /// Where each gateway answers, as a URL.
    pub fn urls(&self) -> Vec<String> {
        self.seats(Kind::Gateway)
            .map(|seat| format!("http://{}", seat.addr()))
            .collect()
    }

    /// Ends all of it in order, the front door first.
    pub async fn stop(&self) {
        for seat in self.seats.iter().rev() {
            seat.stop().await;
        }
    }

    /// The setting by which others find the instances of `kind`.
    fn addresses(&self, kind: Kind) -> Option<(String, String)> {
        let name = format!("{}_ADDRS", kind.name().to_uppercase());
        if let Some(registry) = &self.registry {
            return Some((name, registry.clone()));
        }
        let found: Vec<String> = self
            .seats(kind)
            .map(|seat| seat.shown().to_string())
            .collect();
        (!found.is_empty()).then(|| (name, found.join(",")))
    }
}
