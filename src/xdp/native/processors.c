#include "processors.h"

#include <stdio.h>
#include <unistd.h>

/** Returns the last number + 1 of ranges such as `0-3,8-11`, in order; 0 if they cannot be read. */
static uint32_t read_possible(void)
{
  unsigned last = 0, count = 0;
  FILE *file = fopen("/sys/devices/system/cpu/possible", "re");
  while (file && fscanf(file, "%u%*[-,]", &last) == 1)
    count = last + 1;
  if (file)
    fclose(file);
  return count;
}

uint32_t qp_processor_count(void)
{
  uint32_t possible = read_possible();
  /* Packets that arrive on a processor beyond these go to user space. */
  return possible > 0 ? possible : (uint32_t)sysconf(_SC_NPROCESSORS_CONF);
}
