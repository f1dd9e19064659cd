/* A folder in this process's own bpf file system, in which the rig's kernel is pinned instead of its usual one. */
#ifndef FOLDER_H
#define FOLDER_H

#include "../rig.h"

#define FOLDER "/sys/fs/bpf/relay"

enum {
  /** The program and its maps. */
  PINNED_OBJECTS = 10,
};

/** Loads the rig's kernel with an empty folder, with the six sessions in it. Undone by `folder_close`. */
void folder_open(void);
void folder_close(void);
/** Releases the rig's kernel, as a process does that ends, and loads it as the next process does. */
void folder_restart(void);

/** Returns the number of pins. */
unsigned folder_count(void);
/** Opens the object pinned under a name. */
int folder_pin(const char *name);
/** Removes a pin. */
void folder_unpin(const char *name);
/** Pins `file` in place of the pin with that name. */
void folder_replace(const char *name, int file);

#endif
