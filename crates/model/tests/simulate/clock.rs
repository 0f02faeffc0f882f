//! The clock of this process: once a history has begun, it shows what the history says, and nobody sleeps.
//!
//! Tokio asks libc for the time and sleeps in `epoll_wait`, both answered here: a runtime that has nothing left to do says when
//! it wants to go on, and returns to whoever runs it.
#![allow(
    unsafe_code,
    reason = "libc's own signatures, answered by ours; nothing else here has pointers"
)]

use std::cell::Cell;
use std::future::poll_fn;
use std::ptr;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::task::{Poll, Waker};
use std::time::Duration;

use libc::{c_int, c_long, clockid_t, epoll_event, timespec};
use tokio::runtime::Runtime;

/// What the clocks show when a history begins: far enough from 0 that one can look back.
const BEGIN: Duration = Duration::from_hours(500_000);
/// No time at all.
const NEVER: u64 = u64::MAX;

static BEGUN: AtomicBool = AtomicBool::new(false);
/// Milliseconds since the history began.
static NOW: AtomicU64 = AtomicU64::new(0);
/// When the runtime that ran last wants to go on.
static WAKES: AtomicU64 = AtomicU64::new(NEVER);

thread_local! {
    static RETURNS: Cell<Option<Waker>> = const { Cell::new(None) };
    static IDLE: Cell<bool> = const { Cell::new(false) };
}

/// From now on time passes only where it is told to.
pub(crate) fn begin() {
    BEGUN.store(true, Ordering::Release);
}

/// How long ago the history began.
pub(crate) fn now() -> Duration {
    Duration::from_millis(NOW.load(Ordering::Relaxed))
}

/// Time goes on.
pub(crate) fn set(now: Duration) {
    NOW.store(millis(now), Ordering::Relaxed);
}

/// Lets `runtime` do what there is to do at this moment. Answers when it wants to go on; never, where it waits for others.
pub(crate) fn run(runtime: &Runtime) -> Option<Duration> {
    IDLE.set(false);
    runtime.block_on(poll_fn(|context| {
        if IDLE.take() {
            return Poll::Ready(());
        }
        RETURNS.set(Some(context.waker().clone()));
        Poll::Pending
    }));
    let wakes = WAKES.load(Ordering::Relaxed);
    (wakes != NEVER).then(|| Duration::from_millis(wakes))
}

fn millis(time: Duration) -> u64 {
    u64::try_from(time.as_millis()).unwrap_or(NEVER)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn clock_gettime(clock: clockid_t, into: *mut timespec) -> c_int {
    if !BEGUN.load(Ordering::Acquire) {
        // SAFETY: what the caller vouches for is passed on as it is.
        let got = unsafe { libc::syscall(libc::SYS_clock_gettime, c_long::from(clock), into) };
        return c_int::try_from(got).unwrap_or(-1);
    }
    let shown = BEGIN + now();
    let shown = timespec {
        tv_sec: i64::try_from(shown.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: i64::from(shown.subsec_nanos()),
    };
    // SAFETY: the caller owns a moment there.
    unsafe { into.write(shown) };
    0
}

#[unsafe(no_mangle)]
unsafe extern "C" fn epoll_wait(
    epoll: c_int,
    events: *mut epoll_event,
    most: c_int,
    timeout: c_int,
) -> c_int {
    if !BEGUN.load(Ordering::Acquire) {
        // SAFETY: what the caller vouches for is passed on as it is.
        return unsafe { libc::epoll_pwait(epoll, events, most, timeout, ptr::null()) };
    }
    // With no time to wait it only looks for events, of which there are none: all that happens here is told by wakers.
    if timeout != 0 {
        let wakes = u64::try_from(timeout).map_or(NEVER, |wait| millis(now()) + wait);
        WAKES.store(wakes, Ordering::Relaxed);
        IDLE.set(true);
        if let Some(waker) = RETURNS.take() {
            waker.wake();
        }
    }
    0
}
