#include "maps.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "calls.h"

void qp_kernel_set_routes(struct qp_kernel *kernel, const uint8_t *cids, uint32_t count, uint32_t session)
{
  enum { AT_ONCE = 64 };
  uint32_t values[AT_ONCE];
  for (uint32_t i = 0; i < AT_ONCE; i++)
    values[i] = session;
  for (uint32_t done = 0; kernel && done < count;) {
    uint32_t wanted = count - done < AT_ONCE ? count - done : AT_ONCE;
    const uint8_t *from = cids + (size_t)done * sizeof(struct qp_cid);
    bool is_set = qp_bpf_set_batch(kernel->routes, from, values, wanted) == 0;
    /* A full map ends the batch early. */
    for (uint32_t i = 0; i < wanted && !is_set; i++)
      if (qp_bpf_set(kernel->routes, from + (size_t)i * sizeof(struct qp_cid), &session) < 0)
        kernel->refused_routes++;
    done += wanted;
  }
}

void qp_kernel_remove_route(struct qp_kernel *kernel, const uint8_t *cid)
{
  if (kernel)
    qp_bpf_remove(kernel->routes, cid);
}

/** Makes the program leave unknown senders to user space instead of dropping them. */
static void lack_sender(struct qp_kernel *kernel, const struct qp_udp_address *address)
{
  const uint32_t first = 0;
  struct qp_config config;
  kernel->may_lack_senders = true;
  if (qp_bpf_get(kernel->config, &first, &config) == 0) {
    config.may_lack_senders = true;
    qp_bpf_set(kernel->config, &first, &config);
  }
  /* No entry is better than one that charges another session. */
  qp_bpf_remove(kernel->senders, address);
}

void qp_kernel_set_sender(struct qp_kernel *kernel, const struct qp_udp_address *address, uint32_t session)
{
  if (kernel && qp_bpf_set(kernel->senders, address, &session) < 0)
    lack_sender(kernel, address);
}

void qp_kernel_remove_sender(struct qp_kernel *kernel, const struct qp_udp_address *address)
{
  if (kernel)
    qp_bpf_remove(kernel->senders, address);
}

enum { SET_KEY_BYTES = sizeof(struct qp_ip) };

static bool is_among(const uint8_t *keys, uint32_t count, size_t key_bytes, const uint8_t *key)
{
  for (uint32_t i = 0; i < count; i++)
    if (memcmp(keys + i * key_bytes, key, key_bytes) == 0)
      return true;
  return false;
}

/** Removes all elements of a map except those with the `count` keys at `kept`. */
static void keep_keys(int map, const uint8_t *kept, uint32_t count, size_t key_bytes)
{
  uint8_t key[SET_KEY_BYTES], next[SET_KEY_BYTES];
  int end = qp_bpf_next_key(map, NULL, key);
  while (end == 0) {
    end = qp_bpf_next_key(map, key, next);
    if (!is_among(kept, count, key_bytes, key))
      qp_bpf_remove(map, key);
    memcpy(key, next, key_bytes);
  }
}

void qp_kernel_set_local_addresses(struct qp_kernel *kernel, const struct qp_ip *ips, uint32_t count)
{
  const uint8_t yes = 1;
  keep_keys(kernel->local_addresses, (const uint8_t *)ips, count, sizeof *ips);
  for (uint32_t i = 0; i < count; i++)
    qp_bpf_set(kernel->local_addresses, &ips[i], &yes);
}

void qp_kernel_set_redirect_targets(struct qp_kernel *kernel, const uint32_t *interface_indexes, uint32_t count)
{
  keep_keys(kernel->redirect_targets, (const uint8_t *)interface_indexes, count, sizeof *interface_indexes);
  for (uint32_t i = 0; i < count; i++)
    qp_bpf_set(kernel->redirect_targets, &interface_indexes[i], &interface_indexes[i]);
}

int qp_kernel_walk(int map, uint32_t key_bytes, void (*visit)(void *context, const void *key, uint32_t session),
                   void *context)
{
  /* More than one hash bucket of the kernel holds in a table whose size fits its contents. */
  enum { AT_ONCE = 4096 };
  uint8_t *keys = malloc((size_t)AT_ONCE * key_bytes);
  uint32_t *sessions = malloc(AT_ONCE * sizeof *sessions);
  uint32_t cursor = 0;
  int error = keys && sessions ? 0 : -ENOMEM;
  for (bool is_first = true; error == 0; is_first = false) {
    uint32_t count = AT_ONCE;
    error = qp_bpf_get_batch(map, &cursor, is_first, keys, sessions, &count);
    for (uint32_t i = 0; (error == 0 || error == -ENOENT) && i < count; i++)
      visit(context, keys + (size_t)i * key_bytes, sessions[i]);
  }
  free(keys);
  free(sessions);
  return error == -ENOENT ? 0 : -error;
}
