//! Randomness that is passed in: a seed from which named, independent streams are derived.

use rand_pcg::Pcg64Mcg;
use rand_pcg::rand_core::{Rng, SeedableRng};

use crate::Hasher;

/// A seed; equal seeds and names give equal streams on every host.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seed(u64);

impl Seed {
    /// A seed from a number.
    pub fn new(value: u64) -> Self {
        Self(value)
    }

    /// The number behind the seed.
    pub fn value(self) -> u64 {
        self.0
    }

    /// An independent seed for something that has a name.
    pub fn derive(self, name: &str) -> Self {
        let digest = Hasher::new("seed").number(self.0).field(name.as_bytes()).finish();
        let mut bytes = [0; 8];
        bytes.copy_from_slice(&digest.as_bytes()[..8]);
        Self(u64::from_le_bytes(bytes))
    }

    /// A generator (PCG XSL 128/64 MCG) that starts at this seed.
    pub fn generator(self) -> Pcg64Mcg {
        Pcg64Mcg::seed_from_u64(self.0)
    }

    /// The first number of this seed's stream, uniform in [0, 1).
    pub fn unit(self) -> f64 {
        // 53 bits fill a double's mantissa exactly.
        (self.generator().next_u64() >> 11) as f64 / (1_u64 << 53) as f64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derived_seeds_differ_by_name_and_repeat_by_value() {
        let seed = Seed::new(7);
        assert_eq!(seed.derive("a"), Seed::new(7).derive("a"));
        assert_ne!(seed.derive("a"), seed.derive("b"));
        assert!((0.0..1.0).contains(&seed.unit()));
    }
}
