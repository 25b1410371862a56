# Plays the scenarios and prints what came of each.
KEEPLOG=${KEEPLOG:-/app/bin/keeplog}
base=$(mktemp -d)
count=0
umask 022

fresh() { # NAME: a folder of its own
    echo "== $1"
    count=$((count + 1))
    mkdir -p "$base/$count/logs dir" && cd "$base/$count/logs dir" || exit
}
# lines FILE TEXT...: a file with these lines
lines() {
    local file=$1
    shift
    printf '%s\n' "$@" >"$file"
}
run() { # [ARGUMENTS OF env] CONF
    env -i PATH="${FAKE:+$FAKE:}$PATH" LC_ALL=C "${@:1:$#-1}" timeout 20 "$KEEPLOG" "${!#}" 2>"$base/err" </dev/null
    echo "exit $?: $(<"$base/err")"
}
state() {
    local file
    for file in *; do
        if [ -d "$file" ]; then echo "$file/"; else echo "$file $(stat -c %a "$file"): $(paste -sd+ <"$file")"; fi
    done
}

fresh "twelve"
lines conf "a.log | 12 | 1"
lines a.log new
for n in {1..12}; do lines a.log.$n "old $n"; done
run conf
state

fresh "fewer than before, and a gap"
lines conf "a.log | 3 | 1"
lines a.log new
for n in 1 3 4 9 10 11 100; do lines a.log.$n "old $n"; done
run conf
state

fresh "none, and one"
lines conf "a.log|0|1" "b.log|1|1"
for log in a b; do for n in "" .1 .2; do lines $log.log$n "$log$n"; done; done
run conf
state

fresh "names that aren't numbers"
lines conf "a.log | 2 | 1"
for n in "" .1 .bak .1.gz .07 .0 .1a .-1 .2~; do lines "a.log$n" "content$n"; done
lines a.logs.1 other
lines ba.log.1 other
run conf
state

fresh "sizes"
lines conf "equal | 2 | 5" "less | 2 | 6" "empty | 2 | 0" "missing | 2 | 0" "more | 2 | 4"
for log in equal less more; do lines $log four; done
: >empty
run conf
state

fresh "modes"
lines conf "a | 2 | 1" "b | 2 | 1" "c | 2 | 1" "d | 2 | 1"
for log in a b c d; do lines $log line; lines $log.1 old; done
chmod 640 a; chmod 600 b; chmod 666 c; chmod 604 d; chmod 400 a.1
(umask 000 && run conf)
state
lines a again; lines b again; lines c again; lines d again
(umask 077 && run conf)
state

fresh "never wider"
lines conf "a.log | 2 | 1"
lines a.log line
chmod 600 a.log
mkdir "$base/bin$count"
FAKE=$base/bin$count
printf '#!/bin/bash\nif [ -e a.log.1 ]; then for file in a.log; do stat -c "%%a %%n" "$file"; done >>%q; fi\nexec %s "$@"\n' "$base/seen" "$(command -v chmod)" >"$FAKE/chmod"
chmod +x "$FAKE/chmod"
: >"$base/seen"
(umask 000 && run conf)
FAKE=
grep -v '^[0-6]00 ' "$base/seen"
state

fresh "blanks, comments, no line break at the end"
printf '# a.log | 9 | 1\n\n   \n\t a b.log\t|  2 |1  \n  # more\n  sub dir/c.log | 2 | 1 |  \nd.log | 2 | 1' >"my conf"
mkdir "sub dir"
lines "a b.log" one; lines "sub dir/c.log" one; lines d.log one
cd ..
run "logs dir/my conf"
cd "logs dir" || exit
state
(cd "sub dir" && state)

fresh "hooks"
lines conf 'a b | 2 | 1 | printf "%s " "$PWD" "$1" >told; ls >>told; cat >>told' "b | 2 | 1 | exit 3" "c | 2 | 1 | false; echo c | cat >later" "small | 2 | 99 | echo no >wrong"
lines "a b" one; lines b one; lines c one; lines small one
run "$PWD/conf"
sed -i "s|$base/$count/||; 1s|conf|conf|" told
state

fresh "a hook that fails last"
lines conf "a | 1 | 1 | true" "b | 1 | 1 | false"
lines a one; lines b one
run conf
state

fresh "one who holds the log open"
lines conf "a | 2 | 1"
lines a first
exec 9>>a
run conf
echo second >&9
exec 9>&-
state

fresh "one who writes in between"
lines conf "a | 2 | 1"
lines a first
mkdir "$base/bin$count"
FAKE=$base/bin$count
for tool in mv cp; do
    printf '#!/bin/bash\n%s "$@"\ncode=$?\nif [[ "${!#}" == *a.1 ]]; then echo "late, by %s" >>a; fi\nexit $code\n' "$(command -v $tool)" $tool >"$FAKE/$tool"
    chmod +x "$FAKE/$tool"
done
run conf
FAKE=
state
chmod 640 a
run conf
state

fresh "the lock is held"
lines conf "a | 2 | 1"
lines a one
sleep 60 &
mkdir conf.lock && echo $! >conf.lock/pid
cd ..
run "logs dir/conf"
cd "logs dir" || exit
state
kill $!
wait 2>/dev/null
run conf
state

fresh "a lock that was left"
lines conf "a | 2 | 1"
lines a one
true &
mkdir conf.lock && echo $! >conf.lock/pid
wait $!
run conf
state

fresh "the lock in a hook, and another run"
lines conf 'a | 2 | 1 | [ "$(cat conf.lock/pid)" -gt 1 ] && '"$(printf %q "$KEEPLOG")"' conf 2>said; echo $? >>said' "b | 2 | 1"
lines a one; lines b one
run conf
state

fresh "stopped"
lines conf 'a | 2 | 1 | kill -TERM $(cat conf.lock/pid); sleep 0.2'
lines a one
run conf | sed 's/exit [0-9]*:.*/ended/'
state

cd /
rm -rf "$base"
