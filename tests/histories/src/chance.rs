//! Chance that can be repeated: everything that is drawn follows from a seed.

/// A source of chance: SplitMix64, the same on every machine and in every version.
#[derive(Clone, Debug)]
pub struct Chance(u64);

impl Chance {
    /// The source of this seed.
    pub fn of(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn draw(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below the limit.
    pub fn below(&mut self, limit: usize) -> usize {
        (self.draw() % limit.max(1) as u64) as usize
    }

    /// Whether what happens so many times in a hundred happens now.
    pub fn percent(&mut self, often: usize) -> bool {
        self.below(100) < often
    }

    /// One of several.
    pub fn one_of<'a, T>(&mut self, several: &'a [T]) -> &'a T {
        &several[self.below(several.len())]
    }

    /// So many different ones of several, at most.
    pub fn some_of<T: Clone + PartialEq>(&mut self, several: &[T], count: usize) -> Vec<T> {
        let mut some = Vec::new();
        for _ in 0..count {
            let one = self.one_of(several).clone();
            if !some.contains(&one) {
                some.push(one);
            }
        }
        some
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_same_seed_draws_the_same() {
        let drawn = |seed| {
            let mut chance = Chance::of(seed);
            [chance.draw(), chance.draw()]
        };
        assert_eq!(drawn(7), drawn(7));
        assert_ne!(drawn(7), drawn(8));
        // The reference sequence of SplitMix64.
        assert_eq!(Chance::of(0).draw(), 0xe220_a839_7b1d_cdaf);
    }
}
