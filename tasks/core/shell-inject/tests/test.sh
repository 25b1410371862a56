#!/bin/bash
# Runs hoist of /app in a copy, with names, notes and settings that would like to be more than text, and looks at the files.
export PATH=/usr/local/bin:/usr/bin:/bin LC_ALL=C.UTF-8
unset BASH_ENV ENV CDPATH IFS
reward=0
trap 'mkdir -p /logs/verifier; printf "%s\n" "$reward" >/logs/verifier/reward.txt; exit 0' EXIT
work=$(mktemp -d) || exit
cd "$work" || exit
in=/tmp/hoist-was-here
rm -rf "$in"

bad=0
must() { # WHAT FOUND WANT
    if [[ "$2" != "$3" ]]; then
        printf 'not so: %s\n  wanted: %q\n  found:  %q\n' "$1" "$3" "${2//"$work"/WORK}"
        bad=1
    fi
    if [ -e "$in" ]; then
        printf 'something ran: %s\n' "$1"
        bad=1
        rm -rf "$in"
    fi
}

# fresh ROOT-NAME: a copy of hoist with settings of our own, and an empty root
fresh() {
    chmod -R u+rwx "$work" 2>/dev/null
    rm -rf "${work:?}"/*
    mkdir -p "$work/h/etc" "$work/h/hooks" "$work/files" "$work/$1" || exit
    cp -R /app/hoist /app/lib "$work/h/" || exit
    printf '#!/bin/bash\nprintf "reload %%s %%s\\n" "$1" "$2" >>"$HOIST_ROOT/reloads"\n' >"$work/h/hooks/reload"
    printf '#!/bin/bash\ntouch %s\n' "$in" >"$work/h/evil"
    chmod +x "$work/h/hoist" "$work/h/hooks/reload" "$work/h/evil"
    printf '# The shop\n\nTITLE="Web shop"\nKEEP=2\nAFTER=reload\n' >"$work/h/etc/web.conf"
    printf 'MODE=640\n' >"$work/h/etc/api-2.conf"
    root=$work/$1
    cd "$work/files" || exit
    echo page >page.html
}
hoist() { timeout 20 env -i PATH="$PATH" LC_ALL=C.UTF-8 HOIST_ROOT="$root" bash "$work/h/hoist" "$@" 2>/dev/null; }
# refused WHAT ARGUMENTS...: exit code 2, a message, nothing changed
refused() {
    local what=$1 before after code said
    shift
    before=$(cd "$root" && find . | sort)
    said=$(timeout 20 env -i PATH="$PATH" LC_ALL=C.UTF-8 HOIST_ROOT="$root" bash "$work/h/hoist" "$@" 2>&1 >/dev/null)
    code=$?
    after=$(cd "$root" && find . | sort)
    must "$what: exit code" "$code" 2
    must "$what: a message" "${said:0:7}" "hoist: "
    must "$what: nothing changed" "$after" "$before"
}

fresh 'a root * with $(touch /tmp/hoist-was-here)'
echo css >style.css
must "deploy" "$(hoist deploy web -m first page.html style.css)" 1
must "list" "$(hoist list web)" $'page.html\nstyle.css'
must "deploy again" "$(hoist deploy web ./page.html "$work/files/style.css")" 2
must "the third" "$(hoist deploy web page.html)" 3
must "two are kept" "$(ls "$root/web/releases")" $'2\n3'
must "rollback" "$(hoist rollback web; readlink "$root/web/current")" $'2\nreleases/2'
must "rollback to" "$(hoist rollback web 3; readlink "$root/web/current")" $'3\nreleases/3'
refused "no older release" rollback api-2
refused "a release that is gone" rollback web 1
must "hook" "$(<"$root/reloads")" $'reload web 1\nreload web 2\nreload web 3'
must "mode" "$(hoist deploy api-2 page.html; stat -c %a "$root/api-2/current/page.html")" $'1\n640'
must "log without title" "$(<"$root/api-2/log")" $'1\tapi-2\t'
refused "a file that isn't there" deploy web page.html nothing.html
refused "an app that isn't there" list nothing
refused "no files" deploy web -m note
refused "no command" fly web

fresh root
notes=('$(touch /tmp/hoist-was-here)' '`touch /tmp/hoist-was-here`' '"; touch /tmp/hoist-was-here; "' 'costs $5, see "plan b" (*)' 'a\tb\n\\c' '-n' '-e x'
    "it's" '* ?' '  two  spaces ' '%s %d' '${HOME}' '&& || ; | > <' '' '[x]')
want=
n=0
for note in "${notes[@]}"; do
    n=$((n + 1))
    must "note $note" "$(hoist deploy web -m "$note" page.html)" "$n"
    want+="$n"$'\t'"Web shop"$'\t'"$note"$'\n'
done
must "the log" "$(cat "$root/web/log"; echo x)" "${want}x"
must "a note with tab and line end" "$(hoist deploy web -m $'a\tb\nc' page.html; tail -n 1 "$root/web/log")" $'16\n16\tWeb shop\ta b c'
must "history is the log" "$(hoist history web)" "$(<"$root/web/log")"
for text in '(*)' '[x]' '.*' '-n' '-e x' '$5' '\t' '$(touch /tmp/hoist-was-here)' '; touch /tmp/hoist-was-here' '--help' '-f/etc/passwd' ' two  sp'; do
    must "history $text" "$(hoist history web "$text"; echo $?)" "$(grep -F -e "$text" "$root/web/log"; echo 0)"
done

fresh root
names=('-overrides' 'a b.txt' '*' '$(touch hoist-was-here)' '`id`' "it's" 'a"b' '-rf' '--help' '-m' '--' ' x' '[a-z]' 'ü;x')
for name in "${names[@]}"; do printf '%s\n' "$name" >"./$name"; done
must "all of them" "$(hoist deploy web -m all -- "${names[@]}")" 1
for name in "${names[@]}"; do
    must "file $name" "$(cat "$root/web/current/$name"; stat -c %a "$root/web/current/$name")" "$name"$'\n644'
done
must "no others" "$(ls -A "$root/web/releases/1" | wc -l)" "${#names[@]}"
must "nothing came of a name" "$(ls -d hoist-was-here 2>&1 | wc -l; ls | wc -l)" $'1\n'"$((${#names[@]} + 1))"
must "without --" "$(hoist deploy web 'a b.txt' '*')" 2
must "list" "$(hoist list web)" "$(ls "$root/web/current/")"
refused "one is missing" deploy web -- '-overrides' '-nothing'

fresh root
hoist deploy web page.html >/dev/null
hoist deploy web page.html >/dev/null
mkdir "$root/other" && printf 'TITLE=x\n' >"$work/h/other.conf" && cp "$work/h/etc/web.conf" "$work/h/etc/-x.conf" && cp "$work/h/etc/web.conf" "$work/h/etc/a b.conf"
cp "$work/h/etc/web.conf" "$work/h/etc/Web.conf"
for app in ../other ../etc/web -x 'a b' Web 'web$(touch /tmp/hoist-was-here)' '' . 'web/' '*' $'web\n'; do
    refused "app '$app'" deploy "$app" page.html
    refused "list '$app'" list "$app"
done
for release in ../../other .. . 01/ '1$(touch /tmp/hoist-was-here)' -1 '' '*' '1 2' '/tmp'; do
    refused "release '$release'" rollback web "$release"
done

# value LINE...: settings of web
settings() { printf '%s\n' "$@" >"$work/h/etc/web.conf"; }
for line in 'KEEP=number[$(touch /tmp/hoist-was-here)]' 'KEEP=0' 'KEEP=-1' 'KEEP=100' 'KEEP=' 'KEEP=2; touch /tmp/hoist-was-here' 'KEEP=n' 'MODE=a+x' 'MODE=--reference=/bin/sh' \
    'MODE=4755' 'MODE=64' 'MODE=888' 'MODE=' 'AFTER=../evil' 'AFTER=nothing' 'AFTER=reload; touch /tmp/hoist-was-here' 'AFTER=$(touch /tmp/hoist-was-here)' 'AFTER=reload web' 'AFTER=.'; do
    settings "$line"
    refused "$line" deploy web page.html
done
lines=('TITLE=$(touch /tmp/hoist-was-here)' 'TITLE=`touch /tmp/hoist-was-here`' 'TITLE=a; touch /tmp/hoist-was-here' 'TITLE=Web shop' 'TITLE="Web shop"' 'TITLE="a "b" c"' 'TITLE=a = b'
    'TITLE=*' "TITLE='x'" 'TITLE=\t\\' 'TITLE=$HOME' 'TITLE="' 'TITLE=-n')
titles=('$(touch /tmp/hoist-was-here)' '`touch /tmp/hoist-was-here`' 'a; touch /tmp/hoist-was-here' 'Web shop' 'Web shop' 'a "b" c' 'a = b' '*' "'x'" '\t\\' '$HOME' '"' '-n')
for ((i = 0; i < ${#lines[@]}; i++)); do
    settings "${lines[i]}"
    must "${lines[i]}" "$(hoist deploy web -m n page.html >/dev/null; tail -n 1 "$root/web/log" | cut -f 2-)" "${titles[i]}"$'\tn'
done
mkdir "$work/evil-lib" "$work/evil-root"
settings 'PATH=/nowhere' "here=$work/evil-lib" "root=$work/evil-root" 'app=api-2' 'number=99' 'IFS=e' 'BASH_ENV=x' 'touch /tmp/hoist-was-here' '$(touch /tmp/hoist-was-here)' \
    'TITLE+=x' 'readonly note' '#TITLE=no' 'a[$(touch /tmp/hoist-was-here)]=1' 'TITLE=last' 'KEEP=1'
before=$(tail -n 1 "$root/web/log" | cut -f 1)
must "keys that nobody knows" "$(hoist deploy web -m n page.html; tail -n 1 "$root/web/log"; ls "$root/web/releases"; ls "$work/evil-root")" \
"$((before + 1))
$((before + 1))"$'\tlast\tn\n'"$((before + 1))"

out=$(cd /tmp && env -i PATH="$PATH" LC_ALL=C.UTF-8 timeout 60 bash /app/tests/run.sh 2>&1)
must "its own tests pass" "$?" 0
((bad == 0)) && reward=1
rm -rf "${work:?}"
