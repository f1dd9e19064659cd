/* Takes the place of `getrandom` (linked with `--wrap`): the same hash key each time, to see a failure again. */
#include <string.h>
#include <sys/random.h>

ssize_t __wrap_getrandom(void *buffer, size_t bytes, unsigned flags);

ssize_t __wrap_getrandom(void *buffer, size_t bytes, unsigned flags)
{
  (void)flags;
  memset(buffer, 0x5c, bytes);
  return (ssize_t)bytes;
}
