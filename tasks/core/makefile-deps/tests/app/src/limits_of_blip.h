#ifndef LIMITS_OF_BLIP_H
#define LIMITS_OF_BLIP_H

/* No more codes than these are shown. */
#define MOST 100

#endif
