//! How well two sessions are aligned: forks that were put into made-up sessions are found where they are, and sessions
//! without one have none. `cargo test -p cassette --test align -- --nocapture` prints the figures.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on may fail there and then")]

mod author;
mod real;

use author::{Act, Dice, noisy, session, way};
use base::Seed;
use cassette::Cassette;
use cassette::align::{Comparison, Session, compare};
use wire::Cause;

/// Sessions of each kind.
const SESSIONS: usize = 200;
/// The seed of the sessions that are judged. Others were used while the weights were chosen.
const SEED: u64 = 20_261_125;

/// How a session leaves the way of the other.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    /// It goes on looking elsewhere, then changes other things.
    Elsewhere,
    /// It makes another change at the same place.
    OtherChange,
    /// It stops.
    Stops,
    /// It goes on where the other stops.
    GoesOn,
}

struct Case {
    a: Session,
    b: Session,
    /// The steps at which it forks.
    steps: (u32, u32),
    kind: Kind,
    /// The step of the first action that is not the same by position.
    positional: u32,
}

fn case(seed: Seed, number: usize) -> Case {
    let mut dice = Dice::new(seed);
    let length = (15.0 * 20.0_f64.powf(dice.unit())) as usize;
    let acts = way(&mut dice, length);
    let share = 0.1 + 0.8 * dice.unit();
    let at = 2 + ((length - 3) as f64 * share) as usize;
    let kind = [Kind::Elsewhere, Kind::OtherChange, Kind::Stops, Kind::GoesOn][number % 4];
    let (first, mut second) = parted(&mut dice, &acts, at, kind);
    let fork = first.1;
    let mut both = noisy(&mut dice, &acts[..fork]);
    let b_at = both.len();
    both.extend(second.drain(..).map(|act| (None, act)));
    let effects = number % 8 < 4;
    let other: Vec<Act> = both.into_iter().map(|(_, act)| act).collect();
    let (a, a_steps) = session(&mut dice, &first.0, effects);
    let (b, b_steps) = session(&mut dice, &other, effects);
    let same = first.0.iter().zip(&other).take_while(|(x, y)| x == y).count();
    let positional = a_steps.get(same).copied().unwrap_or(u32::MAX);
    Case { a, b, steps: (a_steps[fork], b_steps[b_at]), kind, positional }
}

/// The first session with the number of the act where it forks, and what the second does from there on.
fn parted(dice: &mut Dice, acts: &[Act], at: usize, kind: Kind) -> ((Vec<Act>, usize), Vec<Act>) {
    let left = acts.len() - at;
    match kind {
        Kind::Stops => ((acts.to_vec(), at), vec![Act::Answer]),
        Kind::GoesOn => {
            let mut first = acts[..at].to_vec();
            first.push(Act::Answer);
            ((first, at), acts[at..].to_vec())
        }
        Kind::Elsewhere => {
            let rest = loop {
                let rest = way(dice, left + 4).split_off(2);
                if rest[0] != acts[at] {
                    break rest;
                }
            };
            ((acts.to_vec(), at), rest)
        }
        Kind::OtherChange => {
            let patch = acts.iter().skip(at).position(|act| matches!(act, Act::Patch { .. }));
            let Some(at) = patch.map(|patch| at + patch) else {
                return parted(dice, acts, at, Kind::Elsewhere);
            };
            let Act::Patch { file, change, .. } = &acts[at] else { unreachable!() };
            let change = change.replacen("let value", "let mut value", 1);
            let mut rest = vec![Act::Patch { file: file.clone(), change, fails: false }];
            // Both test it; then each goes on from what it sees.
            rest.extend(acts[at + 1..].iter().take_while(|act| !matches!(act, Act::Patch { .. })).cloned());
            rest.extend(way(dice, left).split_off(2));
            ((acts.to_vec(), at), rest)
        }
    }
}

fn compared(a: &Session, b: &Session) -> Comparison {
    compare(a, b, None, &[])
}

fn seed() -> Seed {
    Seed::new(std::env::var("RETAKE_ALIGN_SEED").ok().and_then(|seed| seed.parse().ok()).unwrap_or(SEED))
}

#[test]
fn a_fork_that_was_put_there_is_found_within_one_step() {
    let (mut found, mut exact, mut positional) = (0, 0, 0);
    for number in 0..SESSIONS {
        let case = case(seed().derive(&format!("fork {number}")), number);
        let fork = compared(&case.a, &case.b).fork;
        let off = fork
            .as_ref()
            .map(|fork| (fork.a_step.abs_diff(case.steps.0), fork.b_step.abs_diff(case.steps.1)));
        found += usize::from(off.is_some_and(|(a, b)| a <= 1 && b <= 1));
        exact += usize::from(off == Some((0, 0)));
        positional += usize::from(case.positional.abs_diff(case.steps.0) <= 1);
        if !off.is_some_and(|(a, b)| a <= 1 && b <= 1) {
            println!(
                "{number} {:?}: fork at {:?} of {}, found {fork:?}",
                case.kind,
                case.steps,
                case.a.steps()
            );
        }
    }
    println!(
        "forks found within one step: {found} of {SESSIONS} (exactly there: {exact}); by the first difference of \
         position: {positional}"
    );
    assert!(found * 100 >= SESSIONS * 95, "{found} of {SESSIONS}");
}

#[test]
fn what_is_benign_is_listed_and_is_no_fork() {
    let (mut forked, mut listed) = (0, 0);
    for number in 0..SESSIONS {
        let mut dice = Dice::new(seed().derive(&format!("benign {number}")));
        let length = (15.0 * 20.0_f64.powf(dice.unit())) as usize;
        let acts = way(&mut dice, length);
        let other: Vec<Act> = noisy(&mut dice, &acts).into_iter().map(|(_, act)| act).collect();
        let (a, _) = session(&mut dice, &acts, number % 2 == 0);
        let (b, _) = session(&mut dice, &other, number % 2 == 0);
        let comparison = compared(&a, &b);
        listed += comparison.inserted.len() + comparison.missing.len() + comparison.moved.len();
        if let Some(fork) = comparison.fork {
            println!("{number}: {} steps, taken for a fork: {fork:?}", a.steps());
            forked += 1;
        }
    }
    println!(
        "of {SESSIONS} sessions without a fork {forked} were said to have one; {listed} benign actions listed"
    );
    assert!(forked * 100 <= SESSIONS * 5, "{forked} of {SESSIONS}");
}

#[test]
fn a_session_equals_itself_whatever_was_measured_and_worded() {
    let mut dice = Dice::new(seed().derive("itself"));
    let acts = way(&mut dice, 120);
    let (a, _) = session(&mut dice, &acts, true);
    let (b, _) = session(&mut dice, &acts, true);
    let comparison = compared(&a, &b);
    assert!(comparison.equal, "{comparison:?}");
    assert_eq!(comparison.same as usize, acts.len());
}

#[test]
fn a_repetition_is_listed_as_one() {
    let mut dice = Dice::new(seed().derive("repetition"));
    let acts = way(&mut dice, 40);
    let at = acts.iter().position(Act::looks).unwrap();
    let mut other = acts.clone();
    other.insert(at, acts[at].clone());
    let comparison = compared(&session(&mut dice, &acts, true).0, &session(&mut dice, &other, true).0);
    assert_eq!(comparison.fork, None);
    assert_eq!(comparison.inserted.len(), 1);
    assert!(comparison.inserted[0].repeated, "{:?}", comparison.inserted);
}

#[test]
fn the_end_of_one_session_is_told_by_its_cause() {
    let mut dice = Dice::new(seed().derive("ends"));
    let acts = way(&mut dice, 60);
    let ((first, at), rest) = parted(&mut dice, &acts, 30, Kind::Stops);
    let second: Vec<Act> = first[..at].iter().chain(&rest).cloned().collect();
    let (a, b) = (session(&mut dice, &first, true).0, session(&mut dice, &second, true).0);
    assert_eq!(compared(&a, &b).fork.unwrap().cause, Cause::ThreadEndedEarly);
    assert_eq!(compared(&b, &a).fork.unwrap().cause, Cause::ExtraRequest);
}

#[test]
fn every_cassette_of_this_repository_equals_itself_and_no_other() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tasks/core/cassettes/agent-v2");
    let mut paths: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    paths.sort();
    let cassettes: Vec<Cassette> = paths.iter().map(|path| Cassette::load(path).unwrap()).collect();
    let sessions: Vec<Session> = cassettes.iter().map(Session::of_cassette).collect();
    for (number, (a, path)) in sessions.iter().zip(&paths).enumerate() {
        assert!(a.effects && a.lane("main").len() > 3, "{}", path.display());
        let comparison = compared(a, a);
        assert!(comparison.equal, "{}: {comparison:?}", path.display());
        // The next one that is of another task and does nothing of the same in its first step: these part at once.
        let begins = |session: &Session| -> Vec<_> {
            session.lane("main").iter().filter(|action| action.step == 1).map(|a| a.did.clone()).collect()
        };
        let first = begins(a);
        let stranger = (1..paths.len())
            .map(|ahead| &sessions[(number + ahead) % sessions.len()])
            .find(|other| other.opening != a.opening && begins(other).iter().all(|did| !first.contains(did)))
            .unwrap();
        let other = compared(a, stranger);
        assert!(other.fork.is_some_and(|fork| fork.a_step == 1), "{}", path.display());
        assert!(!other.setting.is_empty(), "{}", path.display());
    }
}
