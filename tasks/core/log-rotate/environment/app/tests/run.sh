#!/usr/bin/env bash
# Rotates logs in a folder of its own.
here=$(cd "$(dirname "$0")/.." && pwd)
bad=0
ok() { if ! eval "$2"; then echo "not ok: $1"; bad=1; fi; }
fresh() { cd / && rm -rf "$work" && work=$(mktemp -d) && cd "$work" || exit 2; }
work=$(mktemp -d)

fresh
echo "a.log | 3 | 4" >conf
for line in one two three four five; do
    echo "$line" >>a.log
    "$here/bin/keeplog" conf 2>/dev/null
done
ok "the newest is LOG.1" '[ "$(cat a.log.1)" = five ]'
ok "no more than KEEP" '[ "$(echo a.log.*)" = "a.log.1 a.log.2 a.log.3" ]'
ok "the new log is empty" '[ -f a.log ] && [ ! -s a.log ]'

fresh
echo "a.log|2|100" >conf
echo short >a.log
"$here/bin/keeplog" conf 2>/dev/null
ok "small logs stay" '[ "$(cat a.log)" = short ]'

fresh
printf '%s' "a.log | 2 | 1 | echo told \$1 >told" >conf
echo line >a.log
chmod 640 a.log
"$here/bin/keeplog" conf 2>/dev/null
ok "the mode stays" '[ "$(stat -c %a a.log)" = 640 ]'
ok "the hook runs" '[ "$(cat told 2>/dev/null)" = "told a.log" ]'
ok "no lock is left" '[ ! -e conf.lock ]'

fresh
echo "a.log | 2 | 1" >conf
echo line >a.log
mkdir conf.lock && echo $$ >conf.lock/pid
"$here/bin/keeplog" conf 2>err
ok "one at a time" '[ "$(cat a.log)" = line ] && [ "$(cat err)" = "keeplog: another one is at work" ]'

cd / && rm -rf "$work"
if [ $bad = 0 ]; then echo "all ok"; fi
exit $bad
