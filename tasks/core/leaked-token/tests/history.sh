# Makes the history of /app; fixed authors and dates, so that its ids are the same everywhere.
set -eu
cd "${1:-/app}"
token=pgn_live_8Jq4vT0sWm2XcR7e
git init -q -b main .
printf "/AGENTS.md\n/.build\n" >>.git/info/exclude
at() { # MINUTE NAME
    export GIT_AUTHOR_DATE="2026-03-0$1:00 +0100" GIT_COMMITTER_DATE="2026-03-0$1:00 +0100"
    export GIT_AUTHOR_NAME=$2 GIT_COMMITTER_NAME=$2
    export GIT_AUTHOR_EMAIL=${2,,}@example.org GIT_COMMITTER_EMAIL=${2,,}@example.org
}
save() { # FILES..., message on standard input
    git add "$@"
    git commit -q -F -
}

at "2T09:10" Jo
cat >pigeon.sh <<'EOF'
#!/usr/bin/env bash
# pigeon.sh MESSAGE: posts a message to our channel
set -eu
cd "$(dirname "$0")"

curl -sS -H "Authorization: Bearer $PIGEON_TOKEN" --data-urlencode "text=$1" https://chat.example/api/post
EOF
chmod +x pigeon.sh
cat >README.md <<'EOF'
# pigeon

`pigeon.sh MESSAGE` posts a message to our channel. `tests/run.sh` runs the tests; they need no network.
EOF
save pigeon.sh README.md <<<"A pigeon"

at "2T10:40" Priya
mkdir -p tests
cat >tests/run.sh <<'EOF'
#!/usr/bin/env bash
# Runs pigeon.sh with a curl of our own that says what it was asked.
set -u
cd "$(dirname "$0")/.."
bin=$(mktemp -d)
printf '#!/bin/bash\nprintf "%%s\\n" "$@"\n' >"$bin/curl"
chmod +x "$bin/curl"
bad=0
check() { # WHAT FOUND WANT
    if [ "$2" = "$3" ]; then echo "ok: $1"; else echo "FAILED: $1: found '$2', want '$3'"; bad=1; fi
}
said=$(PATH="$bin:$PATH" ./pigeon.sh "hello there" | tail -n 2)
check "the message is encoded by curl" "$said" "text=hello there
https://chat.example/api/post"
exit $bad
EOF
chmod +x tests/run.sh
save tests/run.sh <<<"Tests"

at "3T16:55" Jo
mkdir -p config
printf '%s\n' '# Settings of the real thing' 'PIGEON_CHANNEL=releases' "PIGEON_TOKEN=$token" 'PIGEON_RETRIES=1' >config/prod.env
sed -i 's|^curl|set -a; . config/prod.env; set +a\ncurl|; s|--data-urlencode "text|--retry "$PIGEON_RETRIES" --data-urlencode "channel=$PIGEON_CHANNEL" --data-urlencode "text|' pigeon.sh
save config pigeon.sh <<'EOF'
Settings in a file

The token is in there until the vault is there.
EOF

at "4T09:05" Priya
printf '\nSettings are in `config/prod.env`.\n' >>README.md
save README.md <<<"README: where the settings are"
git tag -a -m "pigeon 0.2

Settings, tests." v0.2

git checkout -q -b beta
at "4T11:30" Mika
mkdir -p docs
cat >docs/try.md <<EOF
# Trying it by hand

    curl -H "Authorization: Bearer $token" --data text=hi https://chat.example/api/post
EOF
save docs <<<"How to try it by hand (draft)"
cat >>docs/try.md <<'EOF'

An answer of `{"ok":true}` means that it was posted.
EOF
git add docs
git commit -q --amend -m "How to try it by hand"
at "4T14:20" Mika
{ head -n 2 README.md; printf '`docs/try.md` says how to try the service by hand.\n\n'; tail -n +3 README.md; } >README.new
mv README.new README.md
save README.md <<<"README: trying it by hand"

git checkout -q main
at "5T10:00" Jo
mkdir -p etc
git mv config/prod.env etc/prod.env
sed -i 's|config/prod.env|etc/prod.env|' pigeon.sh README.md
save pigeon.sh README.md etc <<<"Settings live in etc/"

at "5T10:30" Jo
git merge -q --no-ff -m "Merge branch 'beta'" beta

at "6T17:45" Priya
sed -i 's|curl -sS|curl -sS -o /dev/null -w "%{http_code}\\n"|' pigeon.sh
save pigeon.sh <<<"Print the status and nothing else"
