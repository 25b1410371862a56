#!/usr/bin/env bash
# codes.sh LIST OUT: writes OUT.h and OUT.c, line by line
set -eu
list=$1 out=$2
count=0
printf '#include "codes.h"\n\nconst struct code codes[] = {\n' >"$out.c"
while read -r number text; do
    printf '    {%d, "%s"},\n' "$number" "$text" >>"$out.c"
    count=$((count + 1))
done <"$list"
printf '};\n' >>"$out.c"
{
    printf '#ifndef CODES_H\n#define CODES_H\n\n#define CODES %d\n\n' "$count"
    printf 'struct code {\n    int number;\n    const char *text;\n};\n\nextern const struct code codes[];\n\n#endif\n'
} >"$out.h"
