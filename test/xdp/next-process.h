/* The next process, which adopts or replaces what the one before it pinned. */
#ifndef NEXT_PROCESS_H
#define NEXT_PROCESS_H

#include "machine/folder.h"

/** Opens the folder, with the program attached to an interface that receives no frames. */
void next_process_prepare(void);
unsigned next_process_interface(void);

/** Checks that the next process has everything that this one had. */
void next_process_adopts(void);
/** Checks that the next process starts with nothing, unhindered by the old pins, and that the one after it adopts. */
void next_process_replaces(void);

/** Returns the kernel's id of a program. */
uint32_t program_id(int program);
/** Loads a program that passes every frame and uses `count` maps. */
int load_other(const int *maps, unsigned count);

#endif
