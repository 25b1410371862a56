#include "fmt.h"

#include <stdio.h>

#include "codes.h"
#include "colour.h"

void print_code(const struct code *code) {
    printf("%s%d %s %s\n", COLOUR, code->number, MARK, code->text);
}
