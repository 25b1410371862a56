//! A set of seat numbers, see docs/layout.md.

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
        }
        there
    }

    /// Keeps the rows, of `width` seats each, that `keep` says true for.
    pub fn retain_rows(&mut self, width: u32, mut keep: impl FnMut(u32) -> bool) {
        let end = self.words.len() as u32 * BITS;
        for row in 0..end / width {
            if keep(row) {
                continue;
            }
            for seat in row * width..(row + 1) * width {
                if self.contains(seat) {
                    self.words[(seat / BITS) as usize] ^= 1 << (seat % BITS);
                }
            }
        }
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
