/* bpf(2), a function for each command that is used; each returns what the call gives, or −errno. Any thread. */
#ifndef QP_CALLS_H
#define QP_CALLS_H

#include <linux/bpf.h>
#include <stdint.h>

int qp_bpf_set(int map, const void *key, const void *value);
int qp_bpf_get(int map, const void *key, void *value);
int qp_bpf_remove(int map, const void *key);
/** Sets `count` elements, back to back; Linux 5.6 for hash maps. */
int qp_bpf_set_batch(int map, const void *keys, const void *values, uint32_t count);
/**
 * Reads up to `*count` elements of a hash map from `cursor` on and moves it; `cursor` is 0 for the first ones. The end
 * is −ENOENT, with the last elements, of which `*count` tells the number in any case.
 */
int qp_bpf_get_batch(int map, uint32_t *cursor, int is_first, void *keys, void *values, uint32_t *count);
/** The key that follows `key`, or the first one if that is null; −ENOENT at the end. */
int qp_bpf_next_key(int map, const void *key, void *next);

/** What the kernel tells of a map, a program or a link. */
int qp_bpf_describe(int file, void *info, uint32_t bytes);
/** Opens what is pinned at a path. */
int qp_bpf_open(const char *path);
int qp_bpf_pin(int file, const char *path);

/** A link, which detaches the program when the last file of it is closed and no pin is left. */
int qp_bpf_link(int program, unsigned interface_index, uint32_t flags);
/** Detaches it at once; the kernel takes its time where the last pin of it goes. Linux 5.9. */
int qp_bpf_detach(int link);

#endif
