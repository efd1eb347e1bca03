// SPDX-License-Identifier: MIT
//
// Stopping what arrives at a stream socket before the kernel acknowledges it, so that what has been
// acknowledged is finite and can be read to its end.
#pragma once

namespace sockkit::sys {

// For a TCP socket: drops every packet that arrives for it from now on; on a listener, also those
// for connections that complete later. A classic BPF filter where the process may attach one (newer
// Linux wants a privilege for that on TCP sockets), or else the demand that packets have the
// largest TTL there is, which those of the usual systems have not (64 or 128). That leaves two
// gaps: a peer that sends with 255, and the packet that completes a handshake, with its data where
// it has any. 0 or -errno; -ENOPROTOOPT where the system has neither.
int DropIncoming(int fd);

// Waits until every packet that passed a socket before DropIncoming() took effect has been
// processed in full. 0 or -errno, and then packets that were in flight on another processor at that
// moment may still arrive.
int AwaitPackets();

// Whether the peer has ended its side, and all that it sent is here.
bool PeerEnded(int fd);

}  // namespace sockkit::sys
