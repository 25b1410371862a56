#!/usr/bin/env bash
# restore.sh RUN NAME TARGET: puts the directory NAME of a run into TARGET, after checking it.
set -e

. $(dirname $0)/../lib/common.sh

mkdir -p $3
target=$(cd $3 && pwd)
cd $1
sha256sum --check --quiet SHA256SUMS || log "the run is damaged"
tar -xzf $2.tar.gz -C $target
log "$2 is in $target"
