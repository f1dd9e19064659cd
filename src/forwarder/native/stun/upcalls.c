#include "upcalls.h"

#include <stdlib.h>

void qp_upcalls_init(struct qp_upcalls *upcalls, uint32_t max, void (*wake)(void *context), void *context)
{
  *upcalls = (struct qp_upcalls){ .max = max, .wake = wake, .context = context };
  upcalls->end = &upcalls->first;
  pthread_mutex_init(&upcalls->mutex, NULL);
}

void qp_upcalls_destroy(struct qp_upcalls *upcalls)
{
  for (struct qp_upcall *upcall = qp_upcalls_take(upcalls, SIZE_MAX), *next; upcall; upcall = next) {
    next = upcall->next;
    free(upcall);
  }
  pthread_mutex_destroy(&upcalls->mutex);
}

static enum qp_counter refusal_of(const struct qp_upcalls *upcalls, const struct qp_upcall_share *share)
{
  if (share->waiting && *share->waiting >= share->max)
    return QP_STUN_OVER_SHARE;
  return upcalls->count < upcalls->max ? QP_ALLOWED : QP_STUN_OVERLOADED;
}

/** Takes ownership of the upcall, unless it is refused. */
static enum qp_counter append(struct qp_upcalls *upcalls, struct qp_upcall *upcall, const struct qp_upcall_share *share)
{
  pthread_mutex_lock(&upcalls->mutex);
  enum qp_counter refusal = refusal_of(upcalls, share);
  bool is_first = upcalls->count == 0;
  if (refusal == QP_ALLOWED) {
    *upcalls->end = upcall;
    upcalls->end = &upcall->next;
    upcalls->count++;
    upcall->waiting = share->waiting;
    if (upcall->waiting)
      ++*upcall->waiting;
  }
  pthread_mutex_unlock(&upcalls->mutex);
  if (refusal == QP_ALLOWED && is_first)
    upcalls->wake(upcalls->context);
  return refusal;
}

enum qp_counter qp_upcall_datagram(struct qp_upcalls *upcalls, const uint8_t *data, size_t length,
                                   const struct qp_path *path, const struct qp_upcall_share *share)
{
  struct qp_upcall *upcall = malloc(sizeof *upcall + length);
  if (!upcall)
    return QP_STUN_OVERLOADED;
  *upcall = (struct qp_upcall){ .path = *path, .length = length };
  memcpy(upcall->data, data, length);
  enum qp_counter refusal = append(upcalls, upcall, share);
  if (refusal != QP_ALLOWED)
    free(upcall);
  return refusal;
}

void qp_upcall_fault(struct qp_upcalls *upcalls, int error, const char *call)
{
  const struct qp_upcall_share none = { 0 };
  struct qp_upcall *upcall = calloc(1, sizeof *upcall);
  if (!upcall)
    return;
  upcall->error = error;
  upcall->call = call;
  if (append(upcalls, upcall, &none) != QP_ALLOWED)
    free(upcall);
}

struct qp_upcall *qp_upcalls_take(struct qp_upcalls *upcalls, size_t max)
{
  pthread_mutex_lock(&upcalls->mutex);
  struct qp_upcall *first = upcalls->first, **end = &first;
  for (; *end && max > 0; end = &(*end)->next, max--) {
    upcalls->count--;
    if ((*end)->waiting)
      --*(*end)->waiting;
  }
  upcalls->first = *end;
  *end = NULL;
  if (!upcalls->first)
    upcalls->end = &upcalls->first;
  pthread_mutex_unlock(&upcalls->mutex);
  return first;
}
