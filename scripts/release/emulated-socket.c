// Preloaded under QEMU, whose user mode knows no SO_RXQ_OVFL: the addon asks for it to count losses, of which it then
// sees none.
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

int setsockopt(int socket, int level, int option, const void *value, socklen_t bytes)
{
  if (level == SOL_SOCKET && option == SO_RXQ_OVFL)
    return 0;
  return (int)syscall(SYS_setsockopt, socket, level, option, value, bytes);
}
