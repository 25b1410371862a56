# A file that ends before its tests ran would count as one test of its own name.
for file in @TESTS@; do
    said=$(node --test --test-reporter=tap "$file" 2>&1) || { printf '%s\n' "$said"; exit; }
    printf '%s\n' "$said"
    grep -Eq '^# fail 0$' <<<"$said" || exit
    grep -E '^ *# Subtest: ' <<<"$said" | grep -Fvq "$file" || exit
done
reward=1
