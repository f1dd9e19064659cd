/* The next process: what it finds pinned by the one before, and what it makes of that. */
#ifndef HEIR_H
#define HEIR_H

#include "folder.h"

/** Opens the folder, with the program attached to an interface where nothing comes in. */
void heir_prepare(void);
unsigned heir_interface(void);

/** The next process has everything that this one had. */
void heir_adopts(void);
/** The next process starts with nothing, nothing of the old one is in its way, and the one after it adopts. */
void heir_replaces(void);

/** The kernel's id of a program. */
uint32_t program_id(int program);
/** A program that passes everything, and has `count` maps. */
int load_other(const int *maps, unsigned count);

#endif
