//! The protocols in small, checked in every state that they can get into.
//!
//! Each module is one protocol as a state machine for `stateright`: what may happen next, in any order, with every answer lost and
//! every call late. Where the house decides something by a pure function, the model calls that very function; what is SQL over
//! there is written out here. Each takes a `Bug`, so that a test can show that the checker would find it.

pub mod check;
pub mod lock;
pub mod payments;
pub mod placing;
pub mod routing;
