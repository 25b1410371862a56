#include "ring.h"

#include <string.h>

void ring_init(struct ring *r, void *storage, size_t size)
{
    memset(r, 0, sizeof *r);
    r->data = storage;
    r->size = size;
}

/* Takes the oldest message out. */
static void forget(struct ring *r)
{
    size_t all = ring_length(r) + 2;
    r->head = (r->head + all) % r->size;
    r->used -= all;
    r->count--;
}

static void copy_in(struct ring *r, size_t at, const unsigned char *from, size_t n)
{
    size_t first = r->size - at < n ? r->size - at : n;
    memcpy(r->data + at, from, first);
    memcpy(r->data, from + first, n - first);
}

static void copy_out(const struct ring *r, size_t at, unsigned char *to, size_t n)
{
    size_t first = r->size - at < n ? r->size - at : n;
    memcpy(to, r->data + at, first);
    memcpy(to + first, r->data, n - first);
}

int ring_put(struct ring *r, const void *message, size_t n)
{
    if (n > 0xffff || r->size < 2 || n > r->size - 2)
        return RING_BIG;
    size_t all = n + 2;
    while (r->used + all > r->size) {
        forget(r);
        r->dropped++;
    }
    size_t at = (r->head + r->used) % r->size;
    r->data[at] = n & 0xff;
    r->data[(at + 1) % r->size] = n >> 8;
    copy_in(r, (at + 2) % r->size, message, n);
    r->used += all;
    r->count++;
    return 0;
}

long ring_get(struct ring *r, void *to, size_t room)
{
    if (r->count == 0)
        return RING_EMPTY;
    size_t n = ring_length(r);
    if (n > room)
        return RING_SMALL;
    copy_out(r, (r->head + 2) % r->size, to, n);
    forget(r);
    return n;
}
