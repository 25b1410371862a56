#!/usr/bin/env bash
# Runs ci/run.sh in a copy of the repository.
here=$(cd "$(dirname "$0")/.." && pwd)
bad=0
begin() { rm -rf "$copy"; copy=$(mktemp -d); cp -R "$here/." "$copy"; cd "$copy" || exit; rm -rf .cache build; }
ok() { if ! eval "$2"; then echo "not ok: $1"; bad=1; fi; }

begin
out=$(bash ci/run.sh 2>&1); code=$?
ok "a good build" '[ $code = 0 ] && [ "$(tail -n 1 <<<"$out")" = "all steps passed" ]'
out=$(bash ci/run.sh 2>&1)
ok "the second time from the cache" 'grep -qx "cached package" <<<"$out"'

begin
echo "no placeholder" >src/greet.tmpl
out=$(bash ci/run.sh 2>&1); code=$?
ok "a failure: exit code" '[ $code = 3 ]'
ok "a failure: last line" '[ "$(tail -n 1 <<<"$out")" = "failed: lint" ]'
ok "nothing after it" '! grep -q "== package" <<<"$out"'

begin
bash ci/run.sh >/dev/null 2>&1
echo 'Hallo {name},' >src/greet.tmpl
bash ci/run.sh >/dev/null 2>&1
ok "a change of the same size" 'grep -q Hallo build/greetings.pack'

rm -rf "$copy"
if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad
