//! Prints what a set does, step by step. Knows nothing of what is right.

use std::collections::hash_map::DefaultHasher;
use std::fmt::Debug;
use std::hash::{Hash, Hasher};
use std::ops::Bound::{self, Excluded, Included, Unbounded};

use seatset::SeatSet;

/// The same numbers every time.
struct Numbers(u64);

impl Numbers {
    fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (self.0 >> 33) % below
    }
}

fn laws<'s>(
    name: &str,
    iter: impl DoubleEndedIterator<Item = u32> + ExactSizeIterator + Clone + 's,
    numbers: &mut Numbers,
) {
    println!("{name}: {} {:?}", iter.len(), iter.size_hint());
    println!("  forth {}", sum(iter.clone()));
    println!("  back {}", sum(iter.clone().rev()));
    println!(
        "  count {} last {:?} min {:?} max {:?}",
        iter.clone().count(),
        iter.clone().last(),
        iter.clone().min(),
        iter.clone().max()
    );
    println!(
        "  every third {} from the back {}",
        sum(iter.clone().step_by(3)),
        sum(iter.clone().rev().step_by(3))
    );
    println!("  skip {} rskip {}", sum(iter.clone().skip(2)), sum(iter.clone().rev().skip(2)));
    println!("  position {:?} {:?}", iter.clone().position(|n| n > 100), iter.clone().rposition(|n| n < 100));
    for round in 0..6 {
        let mut one = iter.clone();
        let mut said = String::new();
        for _ in 0..30 {
            let n = if round < 3 { 0 } else { numbers.next(3) as usize };
            let (side, found) = match numbers.next(if round == 0 { 2 } else { 4 }) {
                0 => ('n', one.next()),
                1 => ('b', one.next_back()),
                2 => ('N', one.nth(n)),
                _ => ('B', one.nth_back(n)),
            };
            said +=
                &format!("{side}{}/{} ", found.map_or("-".to_string(), |seat| seat.to_string()), one.len());
        }
        println!("  {said}");
        let rest = one.clone();
        println!("  rest {} {}", sum(rest.clone()), sum(rest.rev()));
        let _ = one.nth(usize::MAX);
        println!(
            "  after {:?} {:?} {:?} {:?} {:?}",
            one.next(),
            one.next_back(),
            one.nth(1),
            one.nth_back(1),
            one.size_hint()
        );
    }
    let mut end = iter.clone();
    println!("  over {:?} {:?} {:?} {:?}", end.nth_back(end.len()), end.next(), end.next_back(), end.len());
}

fn sum(seats: impl Iterator<Item = u32>) -> String {
    let (mut count, mut hash, mut shown) = (0u64, 0u64, String::new());
    for seat in seats {
        count += 1;
        hash = hash.wrapping_mul(31).wrapping_add(u64::from(seat) + 1);
        if count <= 3 {
            shown += &format!("{seat} ");
        }
    }
    format!("{count} {shown}{hash:x}")
}

fn hash(set: &SeatSet) -> u64 {
    let mut hasher = DefaultHasher::new();
    set.hash(&mut hasher);
    hasher.finish()
}

fn same(name: &str, set: &SeatSet) {
    let again: SeatSet = set.iter().collect();
    println!(
        "{name}: {} {} {} {} {} {}",
        set == &again,
        hash(set) == hash(&again),
        set.len(),
        set.is_empty(),
        set.iter().len(),
        sum(set.iter())
    );
}

fn shown(bound: &Bound<u32>) -> String {
    match bound {
        Included(n) => format!("{n}="),
        Excluded(n) => format!("{n}"),
        Unbounded => "-".to_string(),
    }
}

fn is<T: Debug + Clone>(_: &T) {}

fn main() {
    let mut numbers = Numbers(7);
    let mut sets: Vec<(&str, Vec<u32>)> = vec![
        ("empty", vec![]),
        ("nought", vec![0]),
        ("63", vec![63]),
        ("64", vec![64]),
        ("edges", vec![0, 63, 64, 127, 128, 191, 192]),
        ("one word", (3..40).collect()),
        ("full words", (0..192).collect()),
        ("far", vec![0, 99_999]),
        ("dense", (10..2000).collect()),
    ];
    sets.push(("some", (0..300).map(|_| numbers.next(5000) as u32).collect()));
    sets.push(("few", (0..20).map(|_| numbers.next(100_000) as u32).collect()));
    for (name, seats) in &sets {
        let set: SeatSet = seats.iter().copied().collect();
        is(&set.iter());
        laws(name, set.iter(), &mut numbers);
        laws(&format!("{name}, by reference"), (&set).into_iter(), &mut numbers);
        let mut walked = Vec::new();
        for seat in &set {
            walked.push(seat);
        }
        println!("  walked {}", sum(walked.into_iter()));
    }
    for (name, seats) in &sets[4..] {
        let set: SeatSet = seats.iter().copied().collect();
        let ends =
            [0, 1, 11, 63, 64, 65, 127, 128, 129, 1999, 2000, 4990, 99_999, 100_000, u32::MAX - 1, u32::MAX];
        let mut bounds = vec![Unbounded];
        bounds.extend(ends.iter().flat_map(|&n| [Included(n), Excluded(n)]));
        for from in &bounds {
            for to in &bounds {
                if let (Included(a) | Excluded(a), Included(b) | Excluded(b)) = (from, to) {
                    if a > b || (a == b && matches!((from, to), (Excluded(_), Excluded(_)))) {
                        continue;
                    }
                }
                let found = set.range((*from, *to));
                let (forth, back) = (sum(found.clone()), sum(found.clone().rev()));
                println!(
                    "{name} {}..{}: {} {forth} {back} {:?}",
                    shown(from),
                    shown(to),
                    found.len(),
                    found.last()
                );
            }
        }
        laws(&format!("{name}, 5..130"), set.range(5..130), &mut numbers);
        laws(&format!("{name}, ..=64"), set.range(..=64), &mut numbers);
        laws(&format!("{name}, 64.."), set.range(64..), &mut numbers);
        laws(&format!("{name}, 70..=80"), set.range(70..=80), &mut numbers);
        laws(&format!("{name}, .."), set.range(..), &mut numbers);
        laws(&format!("{name}, 64..64"), set.range(64..64), &mut numbers);
    }
    for (name, seats) in &sets {
        let mut set: SeatSet = seats.iter().copied().collect();
        let mut order: Vec<u32> = set.iter().collect();
        for n in (1..order.len()).rev() {
            order.swap(n, numbers.next(n as u64 + 1) as usize);
        }
        for (n, seat) in order.iter().enumerate() {
            println!("{name}: {} {}", set.remove(*seat), set.remove(*seat));
            if n % 97 == 0 || n + 3 > order.len() {
                same(name, &set);
                laws(&format!("{name}, less {}", n + 1), set.iter(), &mut numbers);
            }
        }
        println!("{}", set == SeatSet::new());
        for width in [1, 7, 10, 64, 100, 5000, 200_000, u32::MAX] {
            for keep in 0..3 {
                let mut set: SeatSet = seats.iter().copied().collect();
                set.retain_rows(width, |row| row % 3 == keep);
                same(&format!("{name}, rows of {width}, {keep}"), &set);
                println!("{}", set.insert(5) && set.remove(5) || set.contains(5));
                same("  and after", &set);
            }
        }
    }
}
