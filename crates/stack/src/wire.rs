//! A TCP connection with a hand on it: cut, healed, slowed, frozen, one-way, lossy, or cut at a chosen byte.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{Notify, watch};
use tokio::task::JoinHandle;
use tokio::time::sleep;

use crate::process::LOOK;
use crate::{Error, free_port};

/// What becomes of bytes that a client has sent, and of their connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fate {
    /// They reach the server.
    Pass,
    /// They do not, and their connection is cut.
    Cut,
    /// They do; their connection is cut that much later, whether the answer has passed by then or not.
    PassThenCut(Duration),
}

type Hook = Box<dyn FnMut(&[u8]) -> Fate + Send>;

/// After so long what was lost is sent again: the least that Linux waits.
const SENT_AGAIN: Duration = Duration::from_millis(200);
/// How often the same is lost in a row, at most.
const LOST_AGAIN: u32 = 3;

/// Which way bytes go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// What clients send.
    There,
    /// What the server answers.
    Back,
}

/// How the wire is at the moment.
#[derive(Debug, Clone, Copy, Default)]
struct State {
    cut: bool,
    frozen: bool,
    /// The one way in which nothing arrives.
    stopped: Option<Way>,
    delay: Duration,
    /// How many of a hundred pieces are lost, and sent again.
    loss: u8,
}

impl State {
    fn holds(&self, way: Way) -> bool {
        self.frozen || self.stopped == Some(way)
    }
}

/// A wire to a server: clients connect to [`Self::addr`]. All its connections end with it.
#[derive(Debug)]
pub struct Wire {
    addr: SocketAddr,
    shared: Shared,
    task: JoinHandle<()>,
}

#[derive(Clone)]
struct Shared {
    target: Arc<str>,
    state: watch::Sender<State>,
    hook: Arc<Mutex<Option<Hook>>>,
    /// Told when the server may be gone.
    refused: Arc<Notify>,
}

impl Wire {
    /// Lays a wire to `target`, a `host:port`, on a free port of the loopback.
    pub async fn to(target: impl ToString) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await;
        let listener = listener.expect("the loopback has a free port");
        let addr = listener.local_addr().expect("a listener has an address");
        let (state, hook) = (watch::Sender::new(State::default()), Arc::default());
        let shared = Shared {
            target: target.to_string().into(),
            state,
            hook,
            refused: Arc::default(),
        };
        let task = tokio::spawn(listen(listener, shared.clone()));
        Self { addr, shared, task }
    }

    /// Lays a wire to `target` that is like it: while nobody listens there, nobody is let in here, so that a client who was
    /// refused knows that nothing was sent.
    ///
    /// # Errors
    /// When there is no port for it.
    pub async fn like(target: impl ToString) -> Result<Self, Error> {
        let addr = SocketAddr::from((Ipv4Addr::LOCALHOST, free_port()?));
        let listener = TcpListener::bind(addr).await;
        let listener = listener.map_err(Error::run("a wire"))?;
        let shared = Shared {
            target: target.to_string().into(),
            state: watch::Sender::new(State::default()),
            hook: Arc::default(),
            refused: Arc::default(),
        };
        let task = tokio::spawn(mirror(listener, addr, shared.clone()));
        Ok(Self { addr, shared, task })
    }

    /// Lays a wire to the server of `url`, such as `postgres://order@127.0.0.1:5432/order`; clients use
    /// [`Self::url`].
    pub async fn to_url(url: &str) -> Self {
        Self::to(host(url)).await
    }

    /// Where clients connect.
    pub fn addr(&self) -> SocketAddr {
        self.addr
    }

    /// Writes `url` anew, so that it leads over this wire.
    pub fn url(&self, url: &str) -> String {
        url.replacen(host(url), &self.addr.to_string(), 1)
    }

    /// Breaks every connection, and every new one as soon as it comes.
    pub fn cut(&self) {
        self.shared.state.send_modify(|state| state.cut = true);
    }

    /// Lets bytes stand still: connections stay open and are taken, and nothing arrives.
    pub fn freeze(&self) {
        self.shared.state.send_modify(|state| state.frozen = true);
    }

    /// Lets bytes stand still that go `way`; the others arrive. Healed, what stood still arrives too, as what TCP sends again.
    pub fn stop(&self, way: Way) {
        self.shared
            .state
            .send_modify(|state| state.stopped = Some(way));
    }

    /// Loses `percent` of the pieces that are sent, in each direction: they arrive later, as TCP sends them again, and hold up
    /// what follows them.
    pub fn lose(&self, percent: u8) {
        self.shared
            .state
            .send_modify(|state| state.loss = percent.min(100));
    }

    /// Takes connections again, at full speed.
    pub fn heal(&self) {
        self.shared.state.send_replace(State::default());
    }

    /// Holds up what is sent, in each direction, by `delay`.
    pub fn delay(&self, delay: Duration) {
        self.shared.state.send_modify(|state| state.delay = delay);
    }

    /// Asks `hook` about everything that clients send from now on.
    pub fn on_sent(&self, hook: impl FnMut(&[u8]) -> Fate + Send + 'static) {
        *self
            .shared
            .hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = Some(Box::new(hook));
    }

    /// Cuts a connection `later` after its client has sent `word`, in any case of its letters.
    pub fn cut_after_sent(&self, word: &'static str, later: Duration) {
        self.on_sent(move |bytes| {
            if holds(bytes, word.as_bytes()) {
                Fate::PassThenCut(later)
            } else {
                Fate::Pass
            }
        });
    }

    /// Lets everything pass again that clients send.
    pub fn on_sent_nothing(&self) {
        *self
            .shared
            .hook
            .lock()
            .unwrap_or_else(PoisonError::into_inner) = None;
    }
}

impl Drop for Wire {
    fn drop(&mut self) {
        self.task.abort();
        self.cut();
    }
}

impl std::fmt::Debug for Shared {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Shared")
            .field("target", &self.target)
            .finish_non_exhaustive()
    }
}

impl Shared {
    fn now(&self) -> State {
        *self.state.borrow()
    }

    fn fate(&self, bytes: &[u8]) -> Fate {
        let mut hook = self.hook.lock().unwrap_or_else(PoisonError::into_inner);
        hook.as_mut().map_or(Fate::Pass, |hook| hook(bytes))
    }

    /// Waits for as long as the wire holds up bytes that go `way`.
    async fn hold_up(&self, way: Way) {
        let now = self.now();
        let delay = now.delay + sent_again(now.loss);
        if !delay.is_zero() {
            sleep(delay).await;
        }
        let mut state = self.state.subscribe();
        // The sender lives in this very value.
        let _ = state.wait_for(|state| !state.holds(way)).await;
    }
}

/// How much later a piece arrives where `percent` are lost: each time it is waited twice as long before it is sent again.
fn sent_again(percent: u8) -> Duration {
    let lost = || rand::random_range(0..100) < percent;
    let times = (0..LOST_AGAIN).take_while(|_| lost()).count();
    (0..times).map(|turn| SENT_AGAIN * (1 << turn)).sum()
}

/// Listens for as long as somebody listens at the other end.
async fn mirror(mut listener: TcpListener, addr: SocketAddr, shared: Shared) {
    loop {
        tokio::select! {
            () = listen(listener, shared.clone()) => return,
            () = gone(&shared) => {}
        }
        while !answers(&shared).await {
            sleep(LOOK).await;
        }
        listener = loop {
            match TcpListener::bind(addr).await {
                Ok(listener) => break listener,
                Err(_) => sleep(LOOK).await,
            }
        };
    }
}

/// Waits until the server is gone; it is looked for when a connection to it has ended, or was refused.
async fn gone(shared: &Shared) {
    loop {
        shared.refused.notified().await;
        if !answers(shared).await {
            return;
        }
    }
}

async fn answers(shared: &Shared) -> bool {
    TcpStream::connect(&*shared.target).await.is_ok()
}

async fn listen(listener: TcpListener, shared: Shared) {
    loop {
        // Refused for a passing reason, such as a client that has gone again.
        let Ok((client, _)) = listener.accept().await else {
            continue;
        };
        if !shared.now().cut {
            tokio::spawn(connection(client, shared.clone()));
        }
    }
}

/// Carries one connection until one of its ends, the wire or the hook breaks it.
async fn connection(client: TcpStream, shared: Shared) {
    let mut state = shared.state.subscribe();
    let carried = async {
        let Ok(server) = TcpStream::connect(&*shared.target).await else {
            return;
        };
        // Only a matter of speed.
        let _ = (client.set_nodelay(true), server.set_nodelay(true));
        let (from_client, to_client) = client.into_split();
        let (from_server, to_server) = server.into_split();
        tokio::select! {
            () = there(from_client, to_server, &shared) => {}
            () = back(from_server, to_client, &shared) => {}
        }
    };
    tokio::select! {
        () = carried => shared.refused.notify_one(),
        _ = state.wait_for(|state| state.cut) => {}
    }
}

async fn there(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        let bytes = &buffer[..count];
        let fate = shared.fate(bytes);
        shared.hold_up(Way::There).await;
        if fate == Fate::Cut || to.write_all(bytes).await.is_err() {
            return;
        }
        if let Fate::PassThenCut(later) = fate {
            return sleep(later).await;
        }
    }
}

async fn back(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, shared: &Shared) {
    let mut buffer = vec![0; 64 * 1024];
    while let Ok(count @ 1..) = from.read(&mut buffer).await {
        shared.hold_up(Way::Back).await;
        if to.write_all(&buffer[..count]).await.is_err() {
            return;
        }
    }
}

/// The `host:port` inside of a URL.
fn host(url: &str) -> &str {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let rest = rest.split('/').next().unwrap_or(rest);
    rest.rsplit('@').next().unwrap_or(rest)
}

fn holds(bytes: &[u8], word: &[u8]) -> bool {
    bytes
        .windows(word.len())
        .any(|part| part.eq_ignore_ascii_case(word))
}
