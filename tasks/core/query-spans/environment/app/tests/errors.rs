fn shown(source: &str) -> String {
    sieve::parse(source).expect_err(source).show(source)
}

#[test]
fn a_word_where_a_value_belongs() {
    assert_eq!(shown("level = high"), "error: expected a value, found 'high'\n --> 1:9\n  | level = high\n  |         ^^^^\n");
}

#[test]
fn a_character_that_starts_nothing() {
    assert_eq!(shown("a = 1 & b = 2"), "error: nothing starts with '&'\n --> 1:7\n  | a = 1 & b = 2\n  |       ^\n");
}
