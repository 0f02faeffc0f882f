//! What is true of the house, whoever asks: no I/O, no clock, no chance.

pub mod ability;
pub mod allowance;
pub mod causes;
pub mod cluster;
pub mod decided;
pub mod desired;
pub mod fault;
pub mod fit;
pub mod forecast;
pub mod hearsay;
pub mod heartbeat;
pub mod history;
pub mod load;
pub mod lock;
pub mod own_time;
pub mod phi;
pub mod presence;
