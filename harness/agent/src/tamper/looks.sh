# Looks for what an agent must not see; ends with 3 where it finds something.
seen=()
for path in /tests /solution /logs/verifier/test-stdout.txt; do
    [[ -e $path ]] && seen+=("$path")
done
# Git objects, reachable or not, that hold a file of the reference solution.
for id in ${RETAKE_BLOBS:-}; do
    git -C /app cat-file -e "$id" 2>/dev/null && seen+=("git object $id")
done
((${#seen[@]} == 0)) || { printf 'can be seen: %s\n' "${seen[@]}"; exit 3; }
