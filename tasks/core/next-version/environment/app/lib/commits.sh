# Reading tags and commits.

# The tag of the last version
last_tag() {
    # tags sort by name, so the last one is the newest
    git tag | sort | tail -n 1
}

# since TAG: the subjects of the commits after it
since() {
    git log --format=%s $1..HEAD
}
