/* Reads commands and says what the ring does: n SIZE, p HEX, g ROOM. The storage has guards on both sides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ring.h"

enum { GUARD = 64 };
static unsigned char *block, *message, *out;
static size_t size;

int main(void)
{
    struct ring ring;
    char word[4];
    message = malloc(200000);
    out = malloc(200000);
    while (scanf("%1s", word) == 1) {
        if (*word == 'n') {
            if (scanf("%zu", &size) != 1)
                return 1;
            free(block);
            block = malloc(size + 2 * GUARD);
            memset(block, 0xA5, size + 2 * GUARD);
            ring_init(&ring, block + GUARD, size);
            printf("new\n");
        } else if (*word == 'p') {
            size_t n = 0;
            unsigned byte;
            if (scanf("%zu", &n) != 1)
                return 1;
            for (size_t i = 0; i < n; i++) {
                if (scanf("%2x", &byte) != 1)
                    return 1;
                message[i] = byte;
            }
            printf("put %d", ring_put(&ring, message, n));
            printf(" count %zu dropped %lu\n", ring_count(&ring), ring_dropped(&ring));
        } else {
            size_t room;
            if (scanf("%zu", &room) != 1)
                return 1;
            memset(out, 0x5A, room + 8);
            long n = ring_get(&ring, out, room);
            printf("get %ld ", n);
            for (long i = 0; i < n && i < 200000; i++)
                printf("%02x", out[i]);
            int over = 0;
            for (size_t i = room; i < room + 8; i++)
                over |= out[i] != 0x5A;
            printf("%s count %zu\n", over ? " OVER" : "", ring_count(&ring));
        }
        for (size_t i = 0; i < GUARD; i++)
            if (block[i] != 0xA5 || block[GUARD + size + i] != 0xA5) {
                printf("GUARD\n");
                return 1;
            }
        fflush(stdout);
    }
    printf("end\n");
    return 0;
}
