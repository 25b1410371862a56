#!/bin/bash
# Runs /app's Makefile on sources of our own, with a compiler and a generator that write down when they are called.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH MAKEFLAGS MAKEFILES MFLAGS GNUMAKEFLAGS CC CFLAGS
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
work=$(mktemp -d) || exit
export LOG=$work/log SLOW=
printf '#!/bin/bash\nnames= kind=link\nfor a; do case $a in -c) kind=cc ;; -M | -MM | -E) kind=other ;; *.c) names+=" ${a##*/}" ;; esac; done\nif [ $kind != link ]; then echo "$kind$names" >>"$LOG"; else echo link >>"$LOG"; fi\nexec cc "$@"\n' >"$work/cc"
chmod +x "$work/cc"

bad=0
must() { # WHAT FOUND WANT
    if [[ "$2" != "$3" ]]; then
        printf 'not so: %s\n  wanted: %q\n  found:  %q\n' "$1" "$3" "${2//"$work"/WORK}"
        bad=1
    fi
}
# generator [DELAY-OR-END]: installs a generator that logs, made an hour ago
generator() {
    printf '#!/bin/bash\necho gen >>"$LOG"\n%s\nexec bash %q "$@"\n' "${1:-}" "$work/codes.sh" >tools/codes.sh
    touch -d '1 hour ago' tools/codes.sh
}
fresh() {
    cd / && rm -rf "$work/w" && mkdir "$work/w" && cp -R /tests/app/. "$work/w" && cp /app/Makefile "$work/w/" && cd "$work/w" || exit
    cp /tests/app/tools/codes.sh "$work/codes.sh"
    find . -type f -exec touch -d '1 hour ago' {} +
    generator
}
# built WHAT WANT ARGUMENTS...: runs make; WANT is what is called, sorted
built() {
    local what=$1 want=$2
    shift 2
    : >"$LOG"
    timeout 60 make CC="$work/cc" "$@" >"$work/out" 2>&1 </dev/null
    must "$what: exit code" "$?" 0
    must "$what: calls" "$(sort "$LOG" | tr '\n' ',')" "$want"
}
all="cc codes.c,cc fmt.c,cc main.c,cc table.c,gen,link,"

fresh
built "a fresh one" "$all"
must "what it prints" "$(build/blip 404 200)" $'404 - not here\n200 - fine'
must "where things are" "$(ls -A)" $'Makefile\nbuild\ncheck\ndata\nsrc\ntools'
built "once more" ""
built "once more, with -j" "" -j8
sed -i 's/MARK "-"/MARK "="/' src/fmt.h
built "a header" "cc fmt.c,cc main.c,cc table.c,link,"
must "a header: arrives" "$(build/blip 404)" "404 = not here"
sed -i 's/COLOUR ""/COLOUR ">"/' src/colour.h
built "a header of one source" "cc fmt.c,link,"
must "a header of one source: arrives" "$(build/blip 404)" ">404 = not here"
sed -i 's/MOST 100/MOST 2/' src/limits_of_blip.h
built "a header of a header" "cc main.c,cc table.c,link,"
must "a header of a header: arrives" "$(build/blip)" $'>200 = fine\n>301 = moved'
touch src/main.c
built "a source" "cc main.c,link,"
sed -i 's/fine/very fine/' data/codes.txt
built "the list" "$all"
must "the list: arrives" "$(build/blip 200)" ">200 = very fine"
touch tools/codes.sh
built "the generator" "$all"
built "nothing" ""
rm build/codes.h
: >"$LOG"
must "without the generated header" "$(make CC="$work/cc" >/dev/null 2>&1; echo $?; build/blip 200; grep -c gen "$LOG")" $'0\n>200 = very fine\n1'
built "nothing again" ""
sed -i '/colour.h/d; s/COLOUR, //; s/"%s%d/"%d/' src/fmt.c
rm src/colour.h
built "a header that was deleted" "cc fmt.c,link,"
must "a header that was deleted: program" "$(build/blip 200)" "200 = very fine"
printf '#define NEW "!"\n' >src/new.h
sed -i 's/#include "fmt.h"/&\n#include "new.h"/; s/%s\\n"/%s%s\\n"/; s/code->text)/code->text, NEW)/' src/fmt.c
built "a new header" "cc fmt.c,link,"
sed -i 's/!/?/' src/new.h
built "a change of it" "cc fmt.c,link,"
must "a change of it: arrives" "$(build/blip 200)" "200 = very fine?"
for n in 1 2; do
    must "check $n" "$(make CC="$work/cc" check 2>&1 | grep -c -E '^(ok|FAILED): ')" 3
done
make clean >/dev/null 2>&1
must "clean" "$(ls -A)" $'Makefile\ncheck\ndata\nsrc\ntools'

for one in main table fmt codes; do
    fresh
    built "build/$one.o alone" "cc $one.c,gen," "build/$one.o"
done
fresh
built "the header alone" "gen," build/codes.h
built "the rest" "cc codes.c,cc fmt.c,cc main.c,cc table.c,link," -j8
fresh
generator 'sleep 0.4'
built "-j8, a slow generator" "$all" -j8
touch data/codes.txt
built "-j8, a slow generator, changed" "$all" -j8
fresh
built "clean and all would be two goals" "$all" -j8 all build/blip
fresh
built "flags" "$all" CFLAGS='-O0 -DMOST_NOTHING'

# What a failing or killed command leaves behind.
for end in 'exit 1' 'kill -9 0'; do
    fresh
    generator "printf 'const int x;\n' >\"\$2.c\"; printf '#define CODES 0\nstruct code { int number; const char *text; };\nextern const struct code codes[];\n' >\"\$2.h\"; $end"
    (
        set -m
        make CC="$work/cc" >/dev/null 2>&1 &
        wait $!
    ) >/dev/null 2>&1
    generator
    built "after '$end'" "$all"
    must "after '$end': program" "$(build/blip 404)" "404 - not here"
    sed -i 's/moved/gone/' data/codes.txt
    generator "printf 'const int x;\n' >\"\$2.c\"; $end"
    (
        set -m
        make CC="$work/cc" >/dev/null 2>&1 &
        wait $!
    ) >/dev/null 2>&1
    generator
    built "changed, after '$end'" "$all"
    must "changed, after '$end': program" "$(build/blip 301)" "301 - gone"
done
cd / && rm -rf "$work"
((bad == 0)) && reward=1
