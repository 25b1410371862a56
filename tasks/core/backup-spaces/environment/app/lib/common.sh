# What the scripts share.

log() {
    echo "ferry: $*" >&2
}

# pack_dir NAME PATH RUN
pack_dir() {
    tar -czf $3/$1.tar.gz -C $(dirname $2) $(basename $2)
}

# dump_db NAME COMMAND RUN
dump_db() {
    # gzip passes the exit code of the command on
    bash -c "$2" | gzip -n >$3/$1.sql.gz
}

# prune DEST KEEP: removes the oldest runs
prune() {
    cd $1
    ls | sort -r | tail -n +$(($2 + 1)) | xargs rm -rf
}
