// SPDX-License-Identifier: MIT
//
// Calls that are about the descriptor and not about the socket behind it. The contract is that of
// native/sys/socket.h.
#pragma once

namespace sockkit::sys {

// fcntl(F_DUPFD_CLOEXEC): another descriptor of the same socket, close-on-exec. Flags that belong
// to the socket, such as O_NONBLOCK, are shared.
int dup(int fd);

// fcntl(F_SETFD, FD_CLOEXEC), for a descriptor that was inherited.
int setCloseOnExec(int fd);

}  // namespace sockkit::sys
