/* blackbox SIZE <log */
#define _GNU_SOURCE
#include <stdio.h>
#include <stdlib.h>

#include "ring.h"

enum { SIZE_MIN = 3, SIZE_MAX_ = 1048576 };

int main(int argc, char **argv)
{
    char *end = "";
    long size = 0;
    if (argc == 2 && argv[1][0] >= '0' && argv[1][0] <= '9')
        size = strtol(argv[1], &end, 10);
    if (*end || size < SIZE_MIN || size > SIZE_MAX_) {
        fprintf(stderr, "usage: blackbox SIZE <log, SIZE from %d to %d\n", SIZE_MIN, SIZE_MAX_);
        return 2;
    }
    unsigned char *storage = malloc(size), *message = malloc(size);
    if (!storage || !message)
        return 1;
    struct ring ring;
    ring_init(&ring, storage, size);

    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    unsigned long refused = 0;
    while ((n = getline(&line, &room, stdin)) >= 0) {
        if (n > 0 && line[n - 1] == '\n')
            n--;
        if (ring_put(&ring, line, n) == RING_BIG)
            refused++;
    }
    long got;
    while ((got = ring_get(&ring, message, size)) >= 0) {
        fwrite(message, 1, got, stdout);
        putchar('\n');
    }
    if (ring_dropped(&ring))
        fprintf(stderr, "dropped %lu\n", ring_dropped(&ring));
    if (refused)
        fprintf(stderr, "refused %lu\n", refused);
    return 0;
}
