/* The next process, which adopts or replaces what the one before it pinned. */
#ifndef HEIR_H
#define HEIR_H

#include "folder.h"

/** Opens the folder, with the program attached to an interface that receives no frames. */
void heir_prepare(void);
unsigned heir_interface(void);

/** Checks that the next process has everything that this one had. */
void heir_adopts(void);
/** Checks that the next process starts with nothing, unhindered by the old pins, and that the one after it adopts. */
void heir_replaces(void);

/** Returns the kernel's id of a program. */
uint32_t program_id(int program);
/** Loads a program that passes every frame and uses `count` maps. */
int load_other(const int *maps, unsigned count);

#endif
