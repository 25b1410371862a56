//! seatset list SEAT... | seatset rows WIDTH SEAT...

use std::process::ExitCode;

use seatset::SeatSet;

fn main() -> ExitCode {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let numbers: Option<Vec<u32>> = arguments.iter().skip(1).map(|word| word.parse().ok()).collect();
    match (arguments.first().map(String::as_str), numbers) {
        (Some("list"), Some(seats)) => {
            let set: SeatSet = seats.into_iter().collect();
            // There is no iterator yet.
            let seats: Vec<String> = (0..100_000).filter(|seat| set.contains(*seat)).map(|seat| seat.to_string()).collect();
            println!("{}", seats.join(" "));
            ExitCode::SUCCESS
        }
        (Some("rows"), Some(numbers)) if numbers.first().is_some_and(|width| *width > 0) => {
            let set: SeatSet = numbers[1..].iter().copied().collect();
            for row in 0..100_000 / numbers[0] {
                let taken = (row * numbers[0]..(row + 1) * numbers[0]).filter(|seat| set.contains(*seat)).count();
                if taken > 0 {
                    println!("row {row}: {taken}");
                }
            }
            ExitCode::SUCCESS
        }
        _ => {
            eprintln!("usage: seatset list SEAT... | seatset rows WIDTH SEAT...");
            ExitCode::from(2)
        }
    }
}
