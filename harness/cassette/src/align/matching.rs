//! Which action of one session is which of the other: equal ones by hash, common ends first, and only between those the
//! costly search for ones that are alike. Time and memory grow with the number of actions. Knows nothing of forks.

use std::collections::HashSet;
use std::ops::Range;

use similar::{Algorithm, DiffOp, capture_diff_slices};

use super::Action;

/// From this likeness on two calls count as one that was changed.
pub(super) const ALIKE: f32 = 0.5;
/// How far from the diagonal of a gap alike calls are looked for.
const BAND: usize = 32;

/// One place of an alignment; the numbers are those of actions.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Op {
    /// Both did the same.
    Same(usize, usize),
    /// Both did something alike.
    Alike(usize, usize),
    /// Only the first did this.
    OnlyA(usize),
    /// Only the second did this.
    OnlyB(usize),
}

/// The alignment of two lists, in the order of both.
pub(super) fn align(a: &[Action], b: &[Action]) -> Vec<Op> {
    let mut ops = Vec::with_capacity(a.len().max(b.len()));
    let (mut i, mut j) = (0, 0);
    for (x, y) in equal(a, b) {
        gap(a, b, (i, x), (j, y), &mut ops);
        ops.push(Op::Same(x, y));
        (i, j) = (x + 1, y + 1);
    }
    gap(a, b, (i, a.len()), (j, b.len()), &mut ops);
    ops
}

/// Pairs of equal actions, ascending on both sides: first those that also came to the same, then, between them, others.
/// A command that is run again and again is paired with the one that saw the same state.
fn equal(a: &[Action], b: &[Action]) -> Vec<(usize, usize)> {
    let whole = shortest_script((a, 0..a.len()), (b, 0..b.len()), |action| action.whole);
    let mut pairs = Vec::with_capacity(whole.len());
    let (mut i, mut j) = (0, 0);
    for (x, y) in whole.into_iter().chain([(a.len(), b.len())]) {
        pairs.extend(shortest_script((a, i..x), (b, j..y), |action| action.key));
        if x < a.len() {
            pairs.push((x, y));
        }
        (i, j) = (x + 1, y + 1);
    }
    pairs
}

/// Pairs of places with equal keys: common ends, and Myers' shortest edit script over what both sides have at all.
fn shortest_script(
    (a, in_a): (&[Action], Range<usize>),
    (b, in_b): (&[Action], Range<usize>),
    key: impl Fn(&Action) -> u64,
) -> Vec<(usize, usize)> {
    if in_a.is_empty() || in_b.is_empty() {
        return Vec::new();
    }
    let keys = |list: &[Action], range: Range<usize>| list[range].iter().map(&key).collect::<Vec<u64>>();
    let (old, new) = (keys(a, in_a.clone()), keys(b, in_b.clone()));
    let head = old.iter().zip(&new).take_while(|(x, y)| x == y).count();
    let rest = old[head..].iter().rev().zip(new[head..].iter().rev());
    let tail = rest.take_while(|(x, y)| x == y).count();
    let middles = (&old[head..old.len() - tail], &new[head..new.len() - tail]);
    let (left, right) = (shared(middles.0, middles.1), shared(middles.1, middles.0));
    let of = |middle: &[u64], numbers: &[usize]| -> Vec<u64> { numbers.iter().map(|n| middle[*n]).collect() };
    let script = capture_diff_slices(Algorithm::Myers, &of(middles.0, &left), &of(middles.1, &right));
    let mut pairs: Vec<(usize, usize)> = (0..head).map(|n| (n, n)).collect();
    for op in script {
        if let DiffOp::Equal { old_index, new_index, len } = op {
            pairs.extend((0..len).map(|n| (head + left[old_index + n], head + right[new_index + n])));
        }
    }
    pairs.extend((1..=tail).rev().map(|n| (old.len() - n, new.len() - n)));
    pairs.into_iter().map(|(i, j)| (in_a.start + i, in_b.start + j)).collect()
}

/// The places of `list` whose key `other` has too: no others can be equal to anything there.
fn shared(list: &[u64], other: &[u64]) -> Vec<usize> {
    let known: HashSet<u64> = other.iter().copied().collect();
    (0..list.len()).filter(|place| known.contains(&list[*place])).collect()
}

/// What lies between two pairs of equal actions: alike ones in pairs, the rest alone.
fn gap(a: &[Action], b: &[Action], (i, x): (usize, usize), (j, y): (usize, usize), ops: &mut Vec<Op>) {
    let (mut i, mut j) = (i, j);
    let (first_a, first_b) = (i, j);
    for (m, n) in alike(&a[i..x], &b[j..y]) {
        let (m, n) = (first_a + m, first_b + n);
        ops.extend((i..m).map(Op::OnlyA));
        ops.extend((j..n).map(Op::OnlyB));
        ops.push(Op::Alike(m, n));
        (i, j) = (m + 1, n + 1);
    }
    ops.extend((i..x).map(Op::OnlyA));
    ops.extend((j..y).map(Op::OnlyB));
}

/// The best pairs of alike actions within a band around the diagonal, ascending on both sides: an alignment by dynamic
/// programming whose table has a row for each action of the longer side and a fixed number of columns.
fn alike(a: &[Action], b: &[Action]) -> Vec<(usize, usize)> {
    if a.is_empty() || b.is_empty() {
        return Vec::new();
    }
    if a.len() < b.len() {
        return alike(b, a).into_iter().map(|(i, j)| (j, i)).collect();
    }
    let (rows, columns) = (a.len(), b.len());
    // The leftmost column of a row; it moves by at most one a row, since rows are at least as many.
    let left = |row: usize| (row * columns / rows).saturating_sub(BAND);
    let width = 2 * BAND + 2;
    let mut moves = vec![Move::Up; (rows + 1) * width];
    let mut before = vec![0.0_f32; width];
    for row in 1..=rows {
        let (from, shift) = (left(row), left(row) - left(row - 1));
        let mut now = vec![0.0_f32; width];
        for at in 0..width {
            let column = from + at;
            if column > columns {
                break;
            }
            let up = before.get(at + shift).copied().unwrap_or(f32::MIN);
            let aside = if at > 0 { now[at - 1] } else { f32::MIN };
            let across = (at + shift).checked_sub(1).filter(|_| column > 0).and_then(|at| before.get(at));
            let across = across.map_or(f32::MIN, |sum| {
                let likeness = a[row - 1].likeness(&b[column - 1]);
                if likeness >= ALIKE { sum + likeness } else { f32::MIN }
            });
            let (best, way) = if across >= up && across >= aside {
                (across, Move::Across)
            } else if up >= aside {
                (up, Move::Up)
            } else {
                (aside, Move::Aside)
            };
            now[at] = best.max(0.0);
            moves[row * width + at] = way;
        }
        before = now;
    }
    trace(&moves, width, (rows, columns), left)
}

#[derive(Clone, Copy)]
enum Move {
    Up,
    Aside,
    Across,
}

fn trace(
    moves: &[Move],
    width: usize,
    (mut row, mut column): (usize, usize),
    left: impl Fn(usize) -> usize,
) -> Vec<(usize, usize)> {
    let mut pairs = Vec::new();
    while row > 0 && column > 0 {
        // Left of the band there is nothing but the way up.
        let way = column.checked_sub(left(row)).filter(|at| *at < width).map(|at| moves[row * width + at]);
        match way {
            Some(Move::Across) => {
                (row, column) = (row - 1, column - 1);
                pairs.push((row, column));
            }
            Some(Move::Aside) => column -= 1,
            Some(Move::Up) | None => row -= 1,
        }
    }
    pairs.reverse();
    pairs
}
