//! What a set of seats does, on top of a `BTreeSet`: slow, and right.

use std::collections::BTreeSet;
use std::ops::RangeBounds;
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub struct SeatSet(BTreeSet<u32>);
impl SeatSet {
    pub fn new() -> Self {
        Self::default()
    }
    pub fn len(&self) -> usize {
        self.0.len()
    }
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
    pub fn contains(&self, s: u32) -> bool {
        self.0.contains(&s)
    }
    pub fn insert(&mut self, s: u32) -> bool {
        self.0.insert(s)
    }
    pub fn remove(&mut self, s: u32) -> bool {
        self.0.remove(&s)
    }
    pub fn retain_rows(&mut self, w: u32, mut k: impl FnMut(u32) -> bool) {
        self.0.retain(|s| k(s / w))
    }
    pub fn iter(&self) -> std::vec::IntoIter<u32> {
        self.0.iter().copied().collect::<Vec<_>>().into_iter()
    }
    pub fn range(&self, r: impl RangeBounds<u32>) -> std::vec::IntoIter<u32> {
        self.0.range(r).copied().collect::<Vec<_>>().into_iter()
    }
}
impl<'s> IntoIterator for &'s SeatSet {
    type Item = u32;
    type IntoIter = std::vec::IntoIter<u32>;
    fn into_iter(self) -> Self::IntoIter {
        self.iter()
    }
}
impl FromIterator<u32> for SeatSet {
    fn from_iter<I: IntoIterator<Item = u32>>(i: I) -> Self {
        Self(i.into_iter().collect())
    }
}
