# Completion of depot for bash: . completion.bash
_depot() {
    local line
    COMPREPLY=()
    while IFS= read -r line; do
        COMPREPLY+=("$(printf %q "$line")")
    done < <(python3 -m depot complete "${COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _depot depot
