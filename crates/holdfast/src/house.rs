//! The services of the house, each as many times as asked, found and reached as they would be anywhere.

mod ground;
mod kind;
mod seat;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures::future::join_all;

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

/// Services that run, and know each other's addresses. Instances come and go.
#[derive(Debug)]
pub struct House {
    ground: Ground,
    place: Place,
    wired: bool,
    registry: Option<String>,
    certs: Option<PathBuf>,
    own: Vec<(Kind, String, String)>,
    /// Where control will be, known before it is there.
    control: Vec<SocketAddr>,
    seats: Mutex<Vec<Arc<Seat>>>,
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
            own: Vec::new(),
            control: Vec::new(),
            seats: Mutex::default(),
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

    /// Claims addresses for `count` instances of control, so that all know it though it comes last.
    ///
    /// # Errors
    /// When there is no port for one.
    pub fn expecting_control(mut self, count: usize) -> anyhow::Result<Self> {
        for _ in 0..count {
            self.control.push(seat::free()?);
        }
        Ok(self)
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

    /// Sets `settings` for each instance of `kind` that is added from now on.
    pub fn set_for<const N: usize>(&mut self, kind: Kind, settings: [(&str, String); N]) {
        let own = settings.map(|(name, value)| (kind, name.to_owned(), value));
        self.own.extend(own);
    }

    /// Opens a house with `count` instances of each service, and returns when every one is ready.
    ///
    /// # Errors
    /// When one does not start or does not get ready.
    pub async fn open(ground: Ground, place: Place, count: usize) -> anyhow::Result<Self> {
        let house = Self::empty(ground, place);
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
    pub async fn add(&self, kind: Kind, extra: &[(&str, &str)]) -> anyhow::Result<Arc<Seat>> {
        let mut env = self.ground.env(kind);
        let certs = self.certs.as_deref();
        env.extend(
            certs
                .into_iter()
                .flat_map(|folder| certs::settings(folder, kind)),
        );
        let own = self.own.iter().filter(|(of, ..)| *of == kind);
        env.extend(own.map(|(_, name, value)| (name.clone(), value.clone())));
        env.extend(Kind::ALL.iter().filter_map(|found| self.addresses(*found)));
        if kind == Kind::Control
            && let Some(claimed) = self.control.get(self.seats(kind).len())
        {
            env.push(("LISTEN".to_owned(), claimed.to_string()));
        }
        let registry = self.registry.clone();
        env.extend(registry.map(|registry| ("REGISTRY".to_owned(), registry)));
        env.extend(
            extra
                .iter()
                .map(|(name, value)| ((*name).to_owned(), (*value).to_owned())),
        );
        let name = self.free_name(kind);
        let seat = Arc::new(Seat::take(kind, name, env, &self.place, self.wired).await?);
        self.listed().push(seat.clone());
        Ok(seat)
    }

    /// Takes the youngest instance of `kind` off the list, for whoever asks to end it.
    pub fn take(&self, kind: Kind) -> Option<Arc<Seat>> {
        let mut listed = self.listed();
        let youngest = listed.iter().rposition(|seat| seat.kind() == kind)?;
        Some(listed.remove(youngest))
    }

    /// Waits until every instance says that it is ready.
    ///
    /// # Errors
    /// When one is not after a minute.
    pub async fn ready(&self) -> anyhow::Result<()> {
        for seat in self.all() {
            seat.ready().await?;
        }
        Ok(())
    }

    /// All instances, in the order in which they were started.
    pub fn all(&self) -> Vec<Arc<Seat>> {
        self.listed().clone()
    }

    /// The instances of `kind`, in the order in which they were started.
    pub fn seats(&self, kind: Kind) -> Vec<Arc<Seat>> {
        let mut seats = self.all();
        seats.retain(|seat| seat.kind() == kind);
        seats
    }

    /// The instance of this name.
    pub fn seat(&self, name: &str) -> Option<Arc<Seat>> {
        let found = self
            .listed()
            .iter()
            .find(|seat| seat.name() == name)?
            .clone();
        Some(found)
    }

    /// Where each gateway answers, as a URL.
    pub fn urls(&self) -> Vec<String> {
        self.seats(Kind::Gateway)
            .iter()
            .map(|seat| format!("http://{}", seat.addr()))
            .collect()
    }

    /// Ends all of it in order: whoever calls before whom it calls, those of one kind at once.
    pub async fn stop(&self) {
        for kind in Kind::ALL.into_iter().rev() {
            join_all(self.seats(kind).iter().map(|seat| seat.stop())).await;
        }
    }

    /// The first name of `kind` that nobody has.
    fn free_name(&self, kind: Kind) -> String {
        let seats = self.seats(kind);
        let names = (1..).map(|number| format!("{}-{number}", kind.name()));
        let mut free = names.filter(|name| seats.iter().all(|seat| seat.name() != name));
        free.next().unwrap_or_default()
    }

    fn listed(&self) -> MutexGuard<'_, Vec<Arc<Seat>>> {
        self.seats.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The setting by which others find the instances of `kind`.
    fn addresses(&self, kind: Kind) -> Option<(String, String)> {
        let name = format!("{}_ADDRS", kind.name().to_uppercase());
        if let Some(registry) = &self.registry {
            return Some((name, registry.clone()));
        }
        let seats = self.seats(kind);
        let claimed = self.control.iter().filter(|_| kind == Kind::Control);
        let mut found: Vec<String> = claimed.map(SocketAddr::to_string).collect();
        let later = seats.iter().skip(found.len());
        found.extend(later.map(|seat| seat.shown().to_string()));
        (!found.is_empty()).then(|| (name, found.join(",")))
    }
}
