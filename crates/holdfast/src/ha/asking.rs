//! How whoever sees to the shop asks control.

use chassis::{Env, Setting, Wrong};
use discovery::Channel;

const NEIGHBOURS: &[Setting] = &[Setting::required("CONTROL_ADDRS", "Where control is.")];

/// By what control is found, and who asks it.
#[derive(Debug, Clone)]
pub(super) struct Asking(Vec<(String, String)>);

impl Asking {
    /// Finds control by `settings`.
    pub(super) fn by(settings: Vec<(String, String)>) -> Self {
        Self(settings)
    }

    /// A way to control, made anew each time: certificates may have been, since.
    pub(super) fn channel(&self) -> Result<Channel, Wrong> {
        let env = Env::of(self.0.clone()).knowing(NEIGHBOURS);
        // All certificates of a shop on one machine are its supervisor's too.
        env.proving("control")?.channel("control")
    }
}
