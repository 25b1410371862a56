#ifndef COLOUR_H
#define COLOUR_H

#define COLOUR ""

#endif
