//! The seats of a set, from both ends.

use std::iter::FusedIterator;

const BITS: u64 = 64;

/// Seats in ascending order; made by `SeatSet::iter` and `SeatSet::range`.
#[derive(Clone, Debug)]
pub struct Iter<'s> {
    words: &'s [u64],
    /// Seats from here on, and before `end`, are still to come; counted in 64 bits as one past `u32::MAX` may be needed.
    start: u64,
    end: u64,
    /// How many there are.
    left: usize,
}

impl<'s> Iter<'s> {
    /// Those of `start..end`.
    pub(crate) fn new(words: &'s [u64], start: u64, end: u64) -> Self {
        let end = end.min(words.len() as u64 * BITS);
        let start = start.min(end);
        let mut found = Self { words, start, end, left: 0 };
        if start < end {
            found.left = (start / BITS..=(end - 1) / BITS).map(|at| found.word(at).count_ones() as usize).sum();
        }
        found
    }

    /// What of a word lies between start and end.
    fn word(&self, at: u64) -> u64 {
        let mut word = self.words[at as usize];
        if at == self.start / BITS {
            word &= u64::MAX << (self.start % BITS);
        }
        if at == self.end / BITS {
            word &= !(u64::MAX << (self.end % BITS));
        }
        word
    }
}

impl Iterator for Iter<'_> {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        self.nth(0)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }

    fn nth(&mut self, mut n: usize) -> Option<u32> {
        if n >= self.left {
            self.left = 0;
            return None;
        }
        self.left -= n + 1;
        let mut at = self.start / BITS;
        let mut word = self.word(at);
        while n >= word.count_ones() as usize {
            n -= word.count_ones() as usize;
            at += 1;
            word = self.word(at);
        }
        for _ in 0..n {
            word &= word - 1;
        }
        let seat = at * BITS + u64::from(word.trailing_zeros());
        self.start = seat + 1;
        Some(seat as u32)
    }

    fn count(self) -> usize {
        self.left
    }

    fn last(mut self) -> Option<u32> {
        self.next_back()
    }
}

impl DoubleEndedIterator for Iter<'_> {
    fn next_back(&mut self) -> Option<u32> {
        self.nth_back(0)
    }

    fn nth_back(&mut self, mut n: usize) -> Option<u32> {
        if n >= self.left {
            self.left = 0;
            return None;
        }
        self.left -= n + 1;
        let mut at = (self.end - 1) / BITS;
        let mut word = self.word(at);
        while n >= word.count_ones() as usize {
            n -= word.count_ones() as usize;
            at -= 1;
            word = self.word(at);
        }
        for _ in 0..n {
            word &= !(1 << (63 - word.leading_zeros()));
        }
        let seat = at * BITS + u64::from(63 - word.leading_zeros());
        self.end = seat;
        Some(seat as u32)
    }
}

impl ExactSizeIterator for Iter<'_> {}

impl FusedIterator for Iter<'_> {}
