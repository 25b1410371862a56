/* The last messages that fit. See README.md for what it promises. */
#ifndef RING_H
#define RING_H

#include <stddef.h>

enum { RING_EMPTY = -1, RING_SMALL = -2, RING_BIG = -3 };

struct ring {
    unsigned char *data;
    size_t size;
    size_t head; /* where the oldest message begins */
    size_t used; /* bytes in use from there on */
    size_t count;
    unsigned long dropped;
};

void ring_init(struct ring *r, void *storage, size_t size);

/* 0, or RING_BIG */
int ring_put(struct ring *r, const void *message, size_t n);

/* the length of the message that was copied to `to`, or RING_EMPTY, or RING_SMALL */
long ring_get(struct ring *r, void *to, size_t room);

static inline size_t ring_count(const struct ring *r) { return r->count; }
static inline unsigned long ring_dropped(const struct ring *r) { return r->dropped; }

/* The length of the oldest message; only of a ring that has one. */
static inline size_t ring_length(const struct ring *r)
{
    return r->data[r->head] | (size_t)r->data[(r->head + 1) % r->size] << 8;
}

#endif
