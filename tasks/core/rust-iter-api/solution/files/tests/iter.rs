use std::collections::BTreeSet;
use std::ops::Bound::{Excluded, Included, Unbounded};

use seatset::SeatSet;

const SEATS: [u32; 10] = [0, 1, 63, 64, 65, 127, 128, 300, 4095, 99_999];

fn set() -> SeatSet {
    SEATS.into_iter().collect()
}

#[test]
fn from_both_ends() {
    assert!(set().iter().eq(SEATS));
    assert!((&set()).into_iter().rev().eq(SEATS.into_iter().rev()));
    assert_eq!(SeatSet::new().iter().next_back(), None);
}

#[test]
fn the_ends_meet() {
    for pattern in 0..1024 {
        let set = set();
        let (mut found, mut want) = (set.iter(), SEATS.into_iter());
        for step in 0..12 {
            if pattern >> (step % 10) & 1 == 0 {
                assert_eq!(found.next(), want.next());
            } else {
                assert_eq!(found.next_back(), want.next_back());
            }
            assert_eq!(found.size_hint(), want.size_hint());
        }
    }
}

#[test]
fn nth_from_both_ends() {
    for front in 0..12 {
        for back in 0..12 {
            let set = set();
            let (mut found, mut want) = (set.iter(), SEATS.into_iter());
            assert_eq!((found.nth(front), found.nth_back(back)), (want.nth(front), want.nth_back(back)));
            assert_eq!((found.clone().count(), found.clone().last()), (want.len(), want.clone().last()));
            assert!(found.eq(want));
        }
    }
}

#[test]
fn ranges() {
    let (set, model) = (set(), BTreeSet::from(SEATS));
    let mut ends = vec![Unbounded];
    ends.extend([0, 1, 2, 63, 64, 128, 300, 99_999, 100_000, u32::MAX].into_iter().flat_map(|n| [Included(n), Excluded(n)]));
    for &from in &ends {
        for &to in &ends {
            if let (Included(a) | Excluded(a), Included(b) | Excluded(b)) = (from, to) {
                if a >= b {
                    continue;
                }
            }
            assert!(set.range((from, to)).eq(model.range((from, to)).copied()), "{from:?} {to:?}");
            assert_eq!(set.range((from, to)).len(), model.range((from, to)).count());
        }
    }
    assert_eq!(set.range(64..64).len(), 0);
}

#[test]
fn removing_leaves_nothing_behind() {
    let mut set = set();
    set.remove(99_999);
    assert_eq!(set, SEATS[..9].iter().copied().collect());
    set.retain_rows(10, |row| row == 6);
    assert_eq!(set, [63, 64, 65].into_iter().collect());
    assert_eq!(set.len(), 3);
    set.retain_rows(1000, |_| false);
    assert_eq!(set, SeatSet::new());
}
