/* A folder in a bpf file system of this process's own, where the rig's kernel is pinned in place of its usual one. */
#ifndef FOLDER_H
#define FOLDER_H

#include "rig.h"

#define FOLDER "/sys/fs/bpf/relay"

enum {
  /** The program and its maps. */
  PINNED_OBJECTS = 10,
};

/** Loads the rig's kernel with an empty folder, and the six sessions into it; undone with `folder_close`. */
void folder_open(void);
void folder_close(void);
/** Lets go of the rig's kernel, as a process does that ends, and loads it as the next one does. */
void folder_restart(void);

/** How many pins there are. */
unsigned folder_count(void);
/** What is pinned under a name, opened. */
int folder_pin(const char *name);
/** Removes a pin. */
void folder_unpin(const char *name);
/** Pins `file` in place of what has the name. */
void folder_replace(const char *name, int file);

#endif
