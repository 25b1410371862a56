export GOPROXY=off GOCACHE=$work/.retake-go
said=$(go test -count=1 -v @TESTS@ 2>&1) && ok=1 || ok=0
printf '%s\n' "$said"
((ok)) && grep -q '^--- PASS' <<<"$said" && reward=1
