/* A queue of places, in order of arrival. */
#ifndef QP_QUEUE_H
#define QP_QUEUE_H

#include <stddef.h>
#include <stdint.h>

struct qp_place;

/** The link of a place in a queue. */
struct qp_queue_link {
  struct qp_queue_link *before, *after;
  struct qp_place *place;
};

struct qp_queue {
  struct qp_queue_link *first, *last;
  uint32_t count;
};

static inline void qp_queue_append(struct qp_queue *queue, struct qp_queue_link *link, struct qp_place *place)
{
  *link = (struct qp_queue_link){ .before = queue->last, .place = place };
  *(queue->last ? &queue->last->after : &queue->first) = link;
  queue->last = link;
  queue->count++;
}

static inline void qp_queue_take_out(struct qp_queue *queue, struct qp_queue_link *link)
{
  *(link->before ? &link->before->after : &queue->first) = link->after;
  *(link->after ? &link->after->before : &queue->last) = link->before;
  queue->count--;
}

#endif
