#!/usr/bin/env bash
# backup.sh CONF DEST: one run. See README.md for what it promises.
set -e

. $(dirname $0)/../lib/common.sh

conf=$1
dest=$2
keep=${KEEP:-7}
stamp=${STAMP:-$(date +%Y-%m-%dT%H%M%S)}
run=$dest/$stamp.partial
failed=0

mkdir -p $run

cat $conf | while read kind name rest; do
    case $kind in
        "#"*) ;;
        dir) pack_dir $name $rest $run || failed=1 ;;
        dump) dump_db $name "$rest" $run || failed=1 ;;
        *) log "what is a '$kind'?"; failed=1 ;;
    esac
done

(cd $run && sha256sum *.gz >SHA256SUMS)

prune $dest $keep

if [ $failed = 0 ]; then
    mv $run $dest/$stamp
    log "$stamp is complete"
else
    mv $run $dest/$stamp.failed
    log "$stamp FAILED"
    exit 1
fi
