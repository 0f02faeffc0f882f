//! The command line; runs the house on one machine.
//!
//! [`house`] opens the services, each as many times as asked: inside of this process, or as processes of their own.

pub mod bench;
pub mod certs;
pub mod compose;
pub mod demo;
pub mod ha;
pub mod home;
pub mod house;
pub mod light;
pub mod load;
mod origin;
pub mod provision;
pub mod say;
mod signals;
pub mod up;
