/* blackbox SIZE <log */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

int main(int argc, char **argv)
{
    int size = argc == 2 ? atoi(argv[1]) : 0;
    if (size <= 0) {
        fprintf(stderr, "usage: blackbox SIZE <log\n");
        return 2;
    }
    struct ring ring;
    ring_init(&ring, malloc(size), size);

    char line[256];
    unsigned long refused = 0;
    while (fgets(line, sizeof line, stdin)) {
        line[strcspn(line, "\n")] = 0;
        if (ring_put(&ring, line, strlen(line)) == RING_BIG)
            refused++;
    }
    while (ring_get(&ring, line, sizeof line) >= 0)
        puts(line);
    if (ring_dropped(&ring))
        fprintf(stderr, "dropped %lu\n", ring_dropped(&ring));
    if (refused)
        fprintf(stderr, "refused %lu\n", refused);
    return 0;
}
