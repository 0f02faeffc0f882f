//! One process that we started, and what may be done to it.

use std::fs::{self, File, OpenOptions};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use tokio::time::{Instant, sleep};

use crate::account::{Account, HOME};
use crate::{Error, tree, watchdog};

/// How often we look whether something has happened that nobody tells us.
pub(crate) const LOOK: Duration = Duration::from_millis(10);
/// How long a process may take to end when it was asked to.
const GRACE: Duration = Duration::from_secs(30);

/// What to run.
#[derive(Debug, Clone)]
pub struct Launch {
    program: PathBuf,
    args: Vec<String>,
    env: Vec<(String, String)>,
    log: PathBuf,
    pub(crate) account: Option<Account>,
    folder: Option<PathBuf>,
}

impl Launch {
    /// Describes `program`, which writes what it prints to the end of `log`.
    pub fn new(program: impl Into<PathBuf>, log: impl Into<PathBuf>) -> Self {
        let (args, env) = (Vec::new(), Vec::new());
        Self {
            program: program.into(),
            args,
            env,
            log: log.into(),
            account: None,
            folder: None,
        }
    }

    /// Adds arguments.
    #[must_use]
    pub fn args<S: Into<String>>(mut self, args: impl IntoIterator<Item = S>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Adds to its environment, which is ours otherwise.
    #[must_use]
    pub fn env(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((name.into(), value.into()));
        self
    }

    /// Runs it inside `folder`.
    #[must_use]
    pub fn inside(mut self, folder: impl Into<PathBuf>) -> Self {
        self.folder = Some(folder.into());
        self
    }

    fn command(&self, log: File) -> Result<Command, Error> {
        let errors = log.try_clone().map_err(Error::files(&self.log))?;
        let mut command = Command::new(&self.program);
        command
            .args(&self.args)
            .envs(self.env.iter().map(|(name, value)| (name, value)));
        // A group of its own: Ctrl-C is for us, and we end them in order.
        command
            .stdin(Stdio::null())
            .stdout(log)
            .stderr(errors)
            .process_group(0);
        if let Some(account) = self.account {
            command.uid(account.uid).gid(account.gid);
            command.env("HOME", HOME);
        }
        if let Some(folder) = &self.folder {
            command.current_dir(folder);
        }
        Ok(command)
    }
}

/// One process that we started. It can be started again after it has ended.
#[derive(Debug)]
pub struct Process {
    name: String,
    launch: Launch,
    child: Mutex<Option<Child>>,
    held: AtomicBool,
    retired: AtomicBool,
}

impl Process {
    /// Starts it.
    ///
    /// # Errors
    /// When the program cannot be run or its log cannot be written.
    pub fn start(name: impl Into<String>, launch: Launch) -> Result<Self, Error> {
        let process = Self {
            name: name.into(),
            launch,
            child: Mutex::new(None),
            held: AtomicBool::new(false),
            retired: AtomicBool::new(false),
        };
        process.start_again()?;
        Ok(process)
    }

    /// Starts it again after it has ended; one that runs is left alone.
    ///
    /// # Errors
    /// As [`Self::start`].
    pub fn start_again(&self) -> Result<(), Error> {
        let mut child = self.child();
        if child.as_mut().is_some_and(running) {
            return Ok(());
        }
        if let Some(ended) = child.take() {
            watchdog::forget(ended.id());
        }
        let started = self.launch.command(self.open_log()?)?.spawn();
        let started = started.map_err(Error::run(&self.name))?;
        watchdog::kill_at_end(started.id());
        *child = Some(started);
        Ok(())
    }

    /// Keeps every supervisor away from it until [`Self::let_go`]: dead, it stays dead.
    pub fn hold(&self) {
        self.held.store(true, Ordering::Release);
    }

    /// Lets supervisors see to it again.
    pub fn let_go(&self) {
        self.held.store(false, Ordering::Release);
    }

    /// Whether supervisors are to stay away.
    pub fn held(&self) -> bool {
        self.held.load(Ordering::Acquire)
    }

    /// Keeps every supervisor away from it for good: whoever ends it now has seen the last of it.
    pub fn retire(&self) {
        self.hold();
        self.retired.store(true, Ordering::Release);
    }

    pub(crate) fn retired(&self) -> bool {
        self.retired.load(Ordering::Acquire)
    }

    /// What it is called.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Its number, while it runs.
    pub fn pid(&self) -> Option<u32> {
        let mut child = self.child();
        let child = child.as_mut()?;
        running(child).then(|| child.id())
    }

    /// Whether it runs; a paused one does.
    pub fn alive(&self) -> bool {
        self.pid().is_some()
    }

    /// Freezes it and all below it: its connections stay open and nobody answers.
    pub fn pause(&self) {
        self.signal_all(Signal::SIGSTOP);
    }

    /// Lets it go on where it was frozen.
    pub fn resume(&self) {
        self.signal_all(Signal::SIGCONT);
    }

    /// Kills it and all below it with no chance to clean up, and returns when they are gone.
    pub async fn kill(&self) {
        let Some(pid) = self.raw_pid() else { return };
        let below = tree::below(pid);
        tree::signal(pid, Signal::SIGKILL);
        let end = Instant::now() + GRACE;
        // Whoever keeps it going may have started it again by now.
        while self.raw_pid() == Some(pid) && Instant::now() < end {
            sleep(LOOK).await;
        }
        while below.iter().any(|pid| tree::alive(*pid)) && Instant::now() < end {
            sleep(LOOK).await;
        }
    }

    /// Sends it `signal`.
    pub(crate) fn send(&self, signal: Signal) {
        if let Some(pid) = self.raw_pid() {
            // One that is gone already needs no signal.
            let _ = kill(pid, signal);
        }
    }

    /// Asks it to end by `signal`, and kills it when it takes longer than half a minute.
    pub async fn stop(&self, signal: Signal) {
        let Some(pid) = self.raw_pid() else { return };
        self.resume();
        // One that is gone already needs no signal.
        let _ = kill(pid, signal);
        if !self.gone(GRACE).await {
            self.kill().await;
        }
    }

    /// Waits until it has ended; says whether it did so within `limit`.
    pub async fn gone(&self, limit: Duration) -> bool {
        let end = Instant::now() + limit;
        while self.alive() {
            if Instant::now() > end {
                return false;
            }
            sleep(LOOK).await;
        }
        true
    }

    /// Says that it did not get where it should within `limit`, or has ended.
    pub(crate) fn late(&self, limit: Duration) -> Error {
        let (program, said) = (self.name.clone(), self.said());
        if !self.alive() {
            return Error::Ended { program, said };
        }
        let seconds = limit.as_secs();
        Error::Late {
            program,
            seconds,
            said,
        }
    }

    /// The end of what it printed.
    pub fn said(&self) -> String {
        let log = fs::read_to_string(&self.launch.log).unwrap_or_default();
        let lines: Vec<&str> = log.lines().rev().take(8).collect();
        lines.into_iter().rev().collect::<Vec<_>>().join("\n")
    }

    /// Where it prints to.
    pub fn log(&self) -> &Path {
        &self.launch.log
    }

    fn signal_all(&self, signal: Signal) {
        if let Some(pid) = self.raw_pid() {
            tree::signal(pid, signal);
        }
    }

    fn raw_pid(&self) -> Option<Pid> {
        self.pid()
            .and_then(|pid| i32::try_from(pid).ok())
            .map(Pid::from_raw)
    }

    fn child(&self) -> MutexGuard<'_, Option<Child>> {
        self.child.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open_log(&self) -> Result<File, Error> {
        let opened = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.launch.log);
        opened.map_err(Error::files(&self.launch.log))
    }
}

/// Ends it without asking; whoever wants it to end in order calls [`Process::stop`] before.
impl Drop for Process {
    fn drop(&mut self) {
        self.end();
    }
}

impl Process {
    /// Ends it without asking, for good.
    pub(crate) fn end(&self) {
        self.hold();
        let Some(mut child) = self.child().take() else {
            return;
        };
        if running(&mut child)
            && let Ok(pid) = i32::try_from(child.id())
        {
            tree::signal(Pid::from_raw(pid), Signal::SIGKILL);
            // Killed: this returns as soon as the kernel has taken it down.
            let _ = child.wait();
        }
        watchdog::forget(child.id());
    }
}

fn running(child: &mut Child) -> bool {
    matches!(child.try_wait(), Ok(None))
}
