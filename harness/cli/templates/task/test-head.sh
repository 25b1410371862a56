#!/bin/bash
# Lays the hidden tests over a copy of /app and runs them there. Whatever tests are made of comes from /tests alone.
unset BASH_ENV ENV CDPATH
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
work=$(mktemp -d) && cp -R /app/. "$work" && cd "$work" || exit
find . -name .git -prune -o \( -name conftest.py -o -name sitecustomize.py -o -name usercustomize.py -o -name pytest.ini \
    -o -name tox.ini -o -path '*/.cargo/config*' \) -exec rm -rf {} +
while IFS= read -r path; do rm -rf -- "./$path"; done </tests/replaced.txt
cp -R /tests/files/. . || exit
