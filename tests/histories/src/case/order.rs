//! When the entries of a log can have been written: each within the time of the request that wrote it, and in their order.

/// The bounds of each entry, the first at 0.
#[derive(Clone, Debug, Default)]
pub struct Order {
    /// Not before: nor is any later one.
    begun: Vec<u64>,
    /// Not after: nor is any earlier one.
    ended: Vec<u64>,
}

impl Order {
    /// The order of so many entries, by the windows of what they tell of: the number of the entry, not before, not after.
    pub fn of(entries: usize, windows: &[(u64, (u64, u64))]) -> Self {
        let (mut begun, mut ended) = (vec![0; entries], vec![u64::MAX; entries]);
        for (seq, (start, end)) in windows {
            if let Some(at) = (*seq as usize).checked_sub(1).filter(|at| *at < entries) {
                begun[at] = begun[at].max(*start);
                ended[at] = ended[at].min(*end);
            }
        }
        for at in 1..entries {
            begun[at] = begun[at].max(begun[at - 1]);
        }
        for at in (1..entries).rev() {
            ended[at - 1] = ended[at - 1].min(ended[at]);
        }
        Self { begun, ended }
    }

    /// How many entries were written before this moment for sure.
    pub fn surely_before(&self, moment: u64) -> usize {
        self.ended.partition_point(|ended| *ended < moment)
    }

    /// How many entries can have been written by this moment.
    pub fn possibly_before(&self, moment: u64) -> usize {
        self.begun.partition_point(|begun| *begun <= moment).max(self.surely_before(moment))
    }

    /// The last moment at which an entry can have been written.
    pub fn latest(&self, at: usize) -> u64 {
        self.ended.get(at).copied().unwrap_or(u64::MAX)
    }

    /// The first entry that would have been written after it was acknowledged, or before it was asked for.
    pub fn broken(&self) -> Option<u64> {
        let broken = self.begun.iter().zip(&self.ended).position(|(begun, ended)| begun > ended);
        broken.map(|at| at as u64 + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn entries_are_bounded_by_their_neighbours() {
        let order = Order::of(3, &[(1, (10, 90)), (2, (0, 40)), (3, (50, 60))]);
        assert_eq!((order.surely_before(40), order.surely_before(41), order.surely_before(61)), (0, 2, 3));
        assert_eq!((order.possibly_before(9), order.possibly_before(10), order.possibly_before(50)), (0, 2, 3));
        assert_eq!(order.broken(), None);
    }

    #[test]
    fn what_was_acknowledged_before_the_entry_before_it_was_asked_for_is_out_of_order() {
        assert_eq!(Order::of(2, &[(1, (50, 60)), (2, (10, 20))]).broken(), Some(1));
    }
}
