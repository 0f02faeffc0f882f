//! The chance of this process: once a history has begun, what libc is asked for comes from its seed.
//!
//! Hashers, `rand` and tokio's order of waking all take their chance from `getrandom`, unasked; answered here, it repeats.
#![allow(
    unsafe_code,
    reason = "libc's own signature, answered by ours; nothing else here has pointers"
)]

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use libc::{c_uint, c_void, size_t, ssize_t};

static BEGUN: AtomicBool = AtomicBool::new(false);
static CHANCE: AtomicU64 = AtomicU64::new(0);

/// From now on chance comes from `seed`.
pub(crate) fn begin(seed: u64) {
    CHANCE.store(seed, Ordering::Relaxed);
    BEGUN.store(true, Ordering::Release);
}

/// The next 64 bits (`SplitMix64`).
fn next() -> u64 {
    const STEP: u64 = 0x9e37_79b9_7f4a_7c15;
    let mut mixed = CHANCE.fetch_add(STEP, Ordering::Relaxed).wrapping_add(STEP);
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}

#[unsafe(no_mangle)]
unsafe extern "C" fn getrandom(into: *mut c_void, len: size_t, flags: c_uint) -> ssize_t {
    if !BEGUN.load(Ordering::Acquire) {
        // SAFETY: what the caller vouches for is passed on as it is.
        let got = unsafe { libc::syscall(libc::SYS_getrandom, into, len, flags) };
        return ssize_t::try_from(got).unwrap_or(-1);
    }
    // SAFETY: the caller owns `len` bytes there.
    let bytes = unsafe { std::slice::from_raw_parts_mut(into.cast::<u8>(), len) };
    for part in bytes.chunks_mut(8) {
        part.copy_from_slice(&next().to_le_bytes()[..part.len()]);
    }
    ssize_t::try_from(len).unwrap_or(-1)
}
