fn tree(source: &str) -> String {
    match sieve::parse(source) {
        Ok(tree) => tree.to_string(),
        Err(error) => panic!("{}", error.show(source)),
    }
}

#[test]
fn comparisons() {
    assert_eq!(tree("level >= 3"), "(>= level 3)");
    assert_eq!(tree("http.path ~ \"/api\""), "(~ http.path \"/api\")");
}

#[test]
fn and_binds_closer_than_or() {
    assert_eq!(tree("a=1 or b=2 and c=3"), "(or (= a 1) (and (= b 2) (= c 3)))");
    assert_eq!(tree("(a=1 or b=2) and not c=3"), "(and (or (= a 1) (= b 2)) (not (= c 3)))");
}
