/* bpf(2), with one function per command. Each returns the result of the call, or −errno. Any thread. */
#ifndef QP_CALLS_H
#define QP_CALLS_H

#include <linux/bpf.h>
#include <stdint.h>

int qp_bpf_set(int map, const void *key, const void *value);
int qp_bpf_get(int map, const void *key, void *value);
int qp_bpf_remove(int map, const void *key);
/** Sets `count` adjacent elements. Linux 5.6 for hash maps. */
int qp_bpf_set_batch(int map, const void *keys, const void *values, uint32_t count);
/**
 * Reads up to `*count` elements of a hash map and advances `cursor`; `is_first` starts at the beginning. Sets `*count`
 * to the number read in any case. The last elements come with −ENOENT.
 */
int qp_bpf_get_batch(int map, uint32_t *cursor, int is_first, void *keys, void *values, uint32_t *count);
/** Reads the key that follows `key`, or the first one if `key` is null; −ENOENT at the end. */
int qp_bpf_next_key(int map, const void *key, void *next);

/** Reads the kernel's description of a map, a program or a link. */
int qp_bpf_describe(int file, void *info, uint32_t bytes);
/** Opens the object pinned at a path. */
int qp_bpf_open(const char *path);
int qp_bpf_pin(int file, const char *path);

/** Creates a link. It detaches the program once its last file is closed and no pin is left. */
int qp_bpf_link(int program, unsigned interface_index, uint32_t flags);
/** Detaches a link at once. Without it, the kernel detaches some time after the last pin is gone. Linux 5.9. */
int qp_bpf_detach(int link);

#endif
