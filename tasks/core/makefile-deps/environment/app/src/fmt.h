#ifndef FMT_H
#define FMT_H

#define MARK "-"

struct code;

void print_code(const struct code *code);

#endif
