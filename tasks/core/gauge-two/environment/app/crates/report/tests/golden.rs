use report::{run, Ask};

const MONDAY: &str = include_str!("../testdata/monday.log");

#[test]
fn paths() {
    let want = "\
path                 count     mean      max
/export                  2    1.650    2.100
/login                   4    0.165    0.300
/                        1    0.020    0.020
skipped: 2
";
    assert_eq!(run(Ask::Paths, MONDAY), want);
}

#[test]
fn hosts() {
    let want = "\
host                 count     mean      max
web2                     2    1.650    2.100
web1                     5    0.136    0.300
skipped: 2
";
    assert_eq!(run(Ask::Hosts, MONDAY), want);
}

#[test]
fn alerts() {
    assert_eq!(run(Ask::Alerts(1.0), MONDAY), "slow: /export, 1.650 on average, 2.100 at most\nskipped: 2\n");
}

#[test]
fn a_time_that_makes_no_sense_is_skipped() {
    let lines = "path=/ host=a took=-0.5\npath=/ host=a took=0.5\npath=/ host=a took=NaN\n";
    assert!(run(Ask::Paths, lines).ends_with("skipped: 2\n"), "{}", run(Ask::Paths, lines));
}
