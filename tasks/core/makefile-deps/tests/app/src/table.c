#include "table.h"

#include <stddef.h>

#include "codes.h"
#include "fmt.h"

const struct code *find_code(int number) {
    for (int i = 0; i < CODES && i < MOST; i++)
        if (codes[i].number == number)
            return &codes[i];
    return NULL;
}

void print_all(void) {
    for (int i = 0; i < CODES && i < MOST; i++)
        print_code(&codes[i]);
}
