// SPDX-License-Identifier: MIT
#pragma once

namespace sockkit::sys {

// Attaches a classic BPF program that drops every packet which arrives for this socket from now
// on, before the kernel acknowledges it; on a listener, connections that complete later inherit
// it. 0 or -errno; -ENOPROTOOPT where the system has no socket filters.
int DropIncoming(int fd);

// Waits until every packet that passed a socket before DropIncoming() took effect has been
// processed in full: after this, what a recv() finds is all there will be. 0 or -errno, and then
// packets that were in flight on another processor at that moment may still be added.
int AwaitPackets();

}  // namespace sockkit::sys
