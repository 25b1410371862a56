#include <stdio.h>
#include <stdlib.h>

#include "codes.h"
#include "fmt.h"
#include "table.h"

int main(int argc, char **argv) {
    if (argc < 2) {
        print_all();
        return 0;
    }
    for (int i = 1; i < argc; i++) {
        const struct code *found = find_code(atoi(argv[i]));
        if (!found) {
            fprintf(stderr, "blip: nothing is known of %s\n", argv[i]);
            return 1;
        }
        print_code(found);
    }
    return 0;
}
