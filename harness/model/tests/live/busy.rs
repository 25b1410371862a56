//! Many live calls at once keep a slow server busy. Prints the ratio; no test depends on it.

use std::sync::Mutex;
use std::time::{Duration, Instant};

use crate::backend::{CREATED, DONE, ask, backend, open};
use crate::server::{Server, event, events, wait};

/// Time between the starts of two loops: not even trials begin all at once, and a listener's queue is short.
const APART: Duration = Duration::from_millis(3);

/// Loops of calls side by side, each of a few steps; gives the share of their time in which the server was at work.
fn keep_busy(loops: u32, steps: u32, answer: Duration) -> f64 {
    let ms = u64::try_from(answer.as_millis()).unwrap();
    let server = Server::start(vec![vec![events(), event(CREATED), wait(ms), event(DONE)]]);
    let mut slow = backend(&server.url);
    slow.timeouts.idle = Duration::from_secs(60);
    slow.timeouts.total = Duration::from_secs(600);
    let model = open(slow);
    let (faults, spent) = (Mutex::new(Vec::new()), Mutex::new(Duration::ZERO));
    std::thread::scope(|scope| {
        for number in 0..loops {
            let (model, faults, spent) = (&model, &faults, &spent);
            scope.spawn(move || {
                std::thread::sleep(APART * number);
                let begun = Instant::now();
                for _ in 0..steps {
                    let (_, fault) = ask(model);
                    faults.lock().unwrap().extend(fault);
                }
                *spent.lock().unwrap() += begun.elapsed();
            });
        }
    });
    let faults = faults.into_inner().unwrap();
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(server.got().len(), (loops * steps) as usize);
    (answer * loops * steps).as_secs_f64() / spent.into_inner().unwrap().as_secs_f64()
}

#[test]
fn calls_side_by_side_do_not_wait_for_each_other() {
    let ratio = keep_busy(40, 2, Duration::from_millis(200));
    println!("40 loops of 2 calls at 0.2 s keep the server {:.1} % busy", ratio * 100.0);
}

#[test]
#[ignore = "takes ten seconds and a quiet machine: cargo test -p model --features live -- --ignored --nocapture"]
fn two_hundred_loops_keep_a_server_of_two_seconds_busy() {
    let ratio = keep_busy(200, 5, Duration::from_secs(2));
    println!("200 loops of 5 calls at 2 s keep the server {:.1} % busy", ratio * 100.0);
    assert!(ratio >= 0.95, "{ratio}");
}
