//! A set of seat numbers, see docs/layout.md.

use std::ops::{Bound, RangeBounds};

use crate::Iter;

const BITS: u32 = 64;

/// A set of seat numbers.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeatSet {
    words: Vec<u64>,
    taken: usize,
}

impl SeatSet {
    /// An empty set.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many seats are in it.
    pub fn len(&self) -> usize {
        self.taken
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.taken == 0
    }

    /// Whether this one is in it.
    pub fn contains(&self, seat: u32) -> bool {
        self.words.get((seat / BITS) as usize).is_some_and(|word| word >> (seat % BITS) & 1 == 1)
    }

    /// Adds a seat; false if it was there.
    pub fn insert(&mut self, seat: u32) -> bool {
        let at = (seat / BITS) as usize;
        if at >= self.words.len() {
            self.words.resize(at + 1, 0);
        }
        let bit = 1 << (seat % BITS);
        let new = self.words[at] & bit == 0;
        self.words[at] |= bit;
        self.taken += usize::from(new);
        new
    }

    /// Takes a seat out; false if it wasn't there.
    pub fn remove(&mut self, seat: u32) -> bool {
        let there = self.contains(seat);
        if there {
            self.words[(seat / BITS) as usize] &= !(1 << (seat % BITS));
            self.taken -= 1;
            self.trim();
        }
        there
    }

    /// Keeps the rows, of `width` seats each, that `keep` says true for; asks once for each row that has a seat taken.
    ///
    /// # Panics
    ///
    /// If `width` is 0.
    pub fn retain_rows(&mut self, width: u32, mut keep: impl FnMut(u32) -> bool) {
        let mut asked: Option<(u32, bool)> = None;
        let mut gone = Vec::new();
        for seat in self.iter() {
            let row = seat / width;
            let kept = match asked {
                Some((last, kept)) if last == row => kept,
                _ => keep(row),
            };
            asked = Some((row, kept));
            if !kept {
                gone.push(seat);
            }
        }
        for seat in gone {
            self.remove(seat);
        }
    }

    /// Its seats, ascending.
    pub fn iter(&self) -> Iter<'_> {
        Iter::new(&self.words, 0, u64::MAX)
    }

    /// Its seats in a range, ascending.
    pub fn range(&self, seats: impl RangeBounds<u32>) -> Iter<'_> {
        let start = match seats.start_bound() {
            Bound::Included(seat) => u64::from(*seat),
            Bound::Excluded(seat) => u64::from(*seat) + 1,
            Bound::Unbounded => 0,
        };
        let end = match seats.end_bound() {
            Bound::Included(seat) => u64::from(*seat) + 1,
            Bound::Excluded(seat) => u64::from(*seat),
            Bound::Unbounded => u64::MAX,
        };
        Iter::new(&self.words, start, end)
    }

    /// Back to the first invariant.
    fn trim(&mut self) {
        while self.words.last() == Some(&0) {
            self.words.pop();
        }
    }
}

impl<'s> IntoIterator for &'s SeatSet {
    type Item = u32;
    type IntoIter = Iter<'s>;

    fn into_iter(self) -> Iter<'s> {
        self.iter()
    }
}

impl FromIterator<u32> for SeatSet {
    fn from_iter<I: IntoIterator<Item = u32>>(seats: I) -> Self {
        let mut set = Self::new();
        for seat in seats {
            set.insert(seat);
        }
        set
    }
}
