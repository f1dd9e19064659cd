/* The state of the control thread, and its changes while the other threads forward. */
#ifndef RACE_H
#define RACE_H

#include "reader.h"

enum { READERS = 2, SUBJECTS = 3 };

struct session {
  bool is_open;
  uint32_t id;
};

struct race {
  struct qp_forwarder *rig;
  struct random random;
  _Atomic int64_t clock;
  uint32_t sender, anchor;
  struct session sessions[OWNERS][OWNER_SESSIONS];
  uint32_t buckets[SUBJECTS];
  uint64_t last_total;
  struct reader readers[READERS];
};

/** Makes a random change. */
void change(struct race *race);
/** Writes `count` connection IDs of an owner from `first` on; returns `count`. */
uint32_t write_cids(uint8_t *cids, unsigned owner, uint32_t first, uint32_t count);
/** Opens the bucket of a subject. */
void open_bucket(struct race *race, unsigned subject);
/** Sets or replaces the initial route of an owner. */
void set_initial_route(struct race *race, unsigned owner, uint32_t to);

#endif
