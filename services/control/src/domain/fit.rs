//! What an instance is to be given of processors and memory, by what the busiest one used.

/// Fewer steps than this tell of no peak: a day of five minutes.
const FEW: i64 = 288;
/// Requests of processors are whole tens of a thousandth of one, at least this many.
const LEAST_CPU: u64 = 10;
/// How much of the memory that was ever used is requested, in percent, and how much is the limit.
const MEMORY: [u64; 2] = [120, 150];
/// Memory is given by the MiB.
const MIB: u64 = 1 << 20;

/// What the busiest instance used in the steps that are known.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Used {
    /// How many steps.
    pub steps: i64,
    /// Processors: no more in 95 of a hundred steps. What is beyond that is short, and processors have no limit.
    pub cpu: f64,
    /// Bytes: no more in any step. Whoever has no memory left is killed.
    pub memory: u64,
}

/// What would fit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fit {
    /// To be requested of processors, in thousandths of one.
    pub cpu_millis: u64,
    /// To be requested of memory, in bytes.
    pub memory: u64,
    /// The most memory that is allowed, in bytes.
    pub memory_limit: u64,
}

impl Used {
    /// What would fit; nothing where less than a day is known.
    pub fn fit(&self) -> Option<Fit> {
        let [memory, memory_limit] = MEMORY.map(|percent| {
            (self.memory / 100 * percent)
                .div_ceil(MIB)
                .max(1)
                .saturating_mul(MIB)
        });
        (self.steps >= FEW).then(|| Fit {
            cpu_millis: tens(self.cpu),
            memory,
            memory_limit,
        })
    }
}

#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "cast saturates, and use is not negative"
)]
fn tens(cpu: f64) -> u64 {
    ((cpu * 100.0).ceil() as u64)
        .saturating_mul(10)
        .max(LEAST_CPU)
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: Used = Used {
        steps: 288,
        cpu: 0.284,
        memory: 100 * MIB,
    };

    #[test]
    fn some_more_than_was_used_and_no_odd_numbers() {
        let fit = DAY.fit().unwrap();

        assert_eq!(fit.cpu_millis, 290);
        assert_eq!((fit.memory, fit.memory_limit), (120 * MIB, 150 * MIB));
    }

    #[test]
    fn a_part_of_a_day_says_nothing() {
        let part = Used { steps: 287, ..DAY };

        assert_eq!(part.fit(), None);
    }
}
