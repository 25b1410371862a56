use seatset::SeatSet;

#[test]
fn seats_come_and_go() {
    let mut set: SeatSet = [3, 70, 3].into_iter().collect();
    assert_eq!(set.len(), 2);
    assert!(set.contains(70) && !set.contains(4) && !set.contains(700));
    assert!(!set.insert(70));
    assert!(set.remove(70));
    assert!(!set.remove(70));
    assert_eq!(set.len(), 1);
}

#[test]
fn rows_are_kept_or_not() {
    let mut set: SeatSet = [1, 11, 12, 35].into_iter().collect();
    set.retain_rows(10, |row| row != 1);
    assert!(set.contains(1) && !set.contains(11) && !set.contains(12) && set.contains(35));
}
