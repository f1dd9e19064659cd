/* See course.h. */
#include "course.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "packet.h"

struct qp_course qp_course_read(const char *path, const char *order)
{
  struct qp_course course = { .bursts = strcmp(order, "burst16") == 0 };
  FILE *file = fopen(path, "rb");
  long bytes = file && fseek(file, 0, SEEK_END) == 0 ? ftell(file) : 0;
  course.cid_count = (uint32_t)(bytes / qp_cid_bytes);
  course.cids = malloc((size_t)course.cid_count * qp_cid_bytes);
  if (course.cid_count == 0 || !course.cids || fseek(file, 0, SEEK_SET) != 0 ||
      fread(course.cids, qp_cid_bytes, course.cid_count, file) != course.cid_count) {
    perror(path);
    exit(1);
  }
  fclose(file);
  return course;
}

uint32_t qp_course_at(const struct qp_course *course, uint64_t n)
{
  uint64_t value = course->bursts ? n / qp_burst : qp_mix(n);
  return (uint32_t)(value % course->cid_count);
}

const uint8_t *qp_course_cid(const struct qp_course *course, uint32_t place)
{
  return course->cids + (size_t)place * qp_cid_bytes;
}
