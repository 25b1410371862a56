#ifndef TABLE_H
#define TABLE_H

#include "limits_of_blip.h"

struct code;

/* The code with this number, or NULL. */
const struct code *find_code(int number);

void print_all(void);

#endif
