# Looks for what an agent must not see; ends with 3 where it finds something. RETAKE_HIDDEN names folders of the host,
# RETAKE_BLOBS the ids that git gives to files of reference solutions and to what those leave.
seen=()
for path in /tests /solution /logs/verifier/test-stdout.txt ${RETAKE_HIDDEN:-}; do
    [[ -e $path ]] && seen+=("$path")
done
# Git objects, reachable or not, of every repository of the workspace.
while IFS= read -r head; do
    repository=$(dirname "$head")
    [[ -d $repository/objects ]] || continue
    for id in ${RETAKE_BLOBS:-}; do
        git -c safe.directory='*' --git-dir="$repository" cat-file -e "$id" 2>/dev/null && seen+=("git object $id")
    done
done < <(find /app -name HEAD -type f)
# Files that lie about.
while IFS= read -r id; do
    [[ " ${RETAKE_BLOBS:-} " == *" $id "* ]] && seen+=("file $id")
done < <(find /app -name .git -prune -o -type f -size -1024k -print | git hash-object --no-filters --stdin-paths)
((${#seen[@]} == 0)) || { printf 'can be seen: %s\n' "${seen[@]}"; exit 3; }
