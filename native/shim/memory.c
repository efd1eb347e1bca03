// SPDX-License-Identifier: MIT
#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "native/shim/shim.h"

// The kernel copies, and stops where the memory cannot be read, as it would in the call itself.
static long copy(void* to, const void* from, size_t length) {
  const struct iovec own = {to, length};
  const struct iovec other = {(void*)(uintptr_t)from, length};
  return syscall(SYS_process_vm_readv, getpid(), &own, 1UL, &other, 1UL, 0UL);
}

int shim_take(void* to, const void* from, size_t length) {
  const int saved = errno;
  const long got = copy(to, from, length);
  int taken = got == (long)length;
  // Some containers do not allow the call.
  if (got < 0 && (errno == EPERM || errno == ENOSYS) && from != NULL) {
    memcpy(to, from, length);
    taken = 1;
  }
  errno = saved;
  return taken;
}

size_t shim_copy(void* to, const struct iovec* from, int count, size_t skip, size_t length) {
  const int saved = errno;
  size_t copied = 0;
  for (int i = 0; i < count && copied < length; i++) {
    struct iovec piece;
    if (!shim_take(&piece, &from[i], sizeof piece)) break;
    if (skip >= piece.iov_len) {
      skip -= piece.iov_len;
      continue;
    }
    size_t wanted = piece.iov_len - skip;
    if (wanted > length - copied) wanted = length - copied;
    const long got = copy((uint8_t*)to + copied, (const uint8_t*)piece.iov_base + skip, wanted);
    if (got > 0) copied += (size_t)got;
    if (got < (long)wanted) break;
    skip = 0;
  }
  errno = saved;
  return copied;
}

int shim_total(const struct iovec* pieces, size_t count, size_t* total) {
  *total = 0;
  for (size_t at = 0; at < count; at += SHIM_PIECES) {
    struct iovec some[SHIM_PIECES];
    const size_t taken = count - at < SHIM_PIECES ? count - at : SHIM_PIECES;
    if (!shim_take(some, pieces + at, taken * sizeof *some)) return 0;
    for (size_t i = 0; i < taken; i++) *total += some[i].iov_len;
  }
  return 1;
}

int shim_first(struct iovec out[SHIM_PIECES], const struct iovec* pieces, size_t count,
               size_t limit) {
  int used = 0;
  for (size_t i = 0; i < count && used < SHIM_PIECES && limit > 0; i++) {
    if (!shim_take(&out[used], &pieces[i], sizeof *out)) break;
    if (out[used].iov_len == 0) continue;
    if (out[used].iov_len > limit) out[used].iov_len = limit;
    limit -= out[used].iov_len;
    used++;
  }
  return used;
}
