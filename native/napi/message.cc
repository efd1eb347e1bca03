// SPDX-License-Identifier: MIT
#include "native/napi/message.h"

#include <string.h>

#include "native/napi/address.h"
#include "native/napi/sys.h"
#include "native/sys/control.h"

namespace sockkit::napi {

namespace {

// One more than the kernel takes, so that it is the kernel that says EMSGSIZE.
constexpr size_t kMostVectors = sys::kMostVectors + 1;

// The greatest whole number up to which a double has every one.
constexpr double kMostSafe = 9007199254740991;

bool ReadSize(napi_env env, napi_value value, int64_t* number) {
  double given = 0;
  if (napi_get_value_double(env, value, &given) != napi_ok) return false;
  if (!(given >= -1 && given <= kMostSafe)) return false;
  *number = static_cast<int64_t>(given);
  return static_cast<double>(*number) == given;
}

bool IsNull(napi_env env, napi_value value) {
  napi_valuetype type = napi_undefined;
  return napi_typeof(env, value, &type) == napi_ok && type == napi_null;
}

napi_value Socketpair(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int domain, type, protocol;
  Bytes buffer;
  int pair[2];
  if (!args.Int(0, &domain) || !args.Int(1, &type) || !args.Int(2, &protocol) ||
      !args.Data(3, &buffer) || buffer.length != sizeof(pair)) {
    return args.Refuse();
  }
  int result = sys::socketpair(domain, type, protocol, pair);
  if (result >= 0) memcpy(buffer.data, pair, sizeof(pair));
  return MakeNumber(env, result);
}

napi_value Sendto(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, flags;
  Bytes data, buffer;
  AddressRecord record;
  if (!args.Int(0, &fd) || !args.Data(1, &data) || !args.Data(2, &buffer) ||
      !ReadRecord(buffer, &record) || !args.Int(3, &flags)) {
    return args.Refuse();
  }
  sys::Address address;
  int error = FromRecord(record, &address);
  if (error < 0) return MakeNumber(env, error);
  return MakeNumber(env, sys::sendto(fd, data.data, data.length, flags, address));
}

napi_value Recvfrom(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int fd, flags;
  Bytes data, record;
  if (!args.Int(0, &fd) || !args.Data(1, &data) || !args.Data(2, &record) ||
      record.length != sizeof(AddressRecord) || !args.Int(3, &flags)) {
    return args.Refuse();
  }
  sys::Address address;
  ssize_t result = sys::recvfrom(fd, data.data, data.length, flags, &address);
  if (result >= 0) WriteRecord(address, record);
  return MakeNumber(env, result);
}

// fd, data, the address's record or null, control data or null, flags
napi_value Sendmsg(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd, flags;
  iovec vectors[kMostVectors];
  size_t count = 0;
  Bytes buffer, control;
  sys::Address address;
  if (!args.Int(0, &fd) || !args.Int(4, &flags) ||
      !ReadVectors(env, args[1], vectors, kMostVectors, &count)) {
    return args.Refuse();
  }
  if (!IsNull(env, args[2])) {
    AddressRecord record;
    if (!args.Data(2, &buffer) || !ReadRecord(buffer, &record)) return args.Refuse();
    int error = FromRecord(record, &address);
    if (error < 0) return MakeNumber(env, error);
  }
  if (!IsNull(env, args[3]) && !args.Data(3, &control)) return args.Refuse();
  msghdr header = {};
  if (address.length > 0) {
    header.msg_name = &address.storage;
    header.msg_namelen = address.length;
  }
  header.msg_iov = vectors;
  header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(count);
  if (control.length > 0) {
    header.msg_control = control.data;
    header.msg_controllen = static_cast<decltype(header.msg_controllen)>(control.length);
  }
  return MakeNumber(env, sys::sendmsg(fd, header, flags));
}

// fd, buffers, slab, the slot's offset, flags
napi_value Recvmsg(napi_env env, napi_callback_info info) {
  Args<5> args(env, info);
  int fd, offset, flags;
  iovec vectors[kMostVectors];
  size_t count = 0;
  Bytes slab;
  if (!args.Int(0, &fd) || !ReadVectors(env, args[1], vectors, kMostVectors, &count) ||
      !args.Data(2, &slab) || !args.Int(3, &offset) || !args.Int(4, &flags)) {
    return args.Refuse();
  }
  Slot* slot = FindSlot(slab, offset);
  if (slot == nullptr) return args.Refuse();
  msghdr header;
  Prepare(slot, vectors, count, &header);
  ssize_t result = sys::recvmsg(fd, &header, flags);
  if (result >= 0) Keep(slot, header, static_cast<size_t>(result));
  return MakeNumber(env, result);
}

// outFd, inFd, offset or -1 for the file's own, count
napi_value Sendfile(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  int outFd, inFd;
  int64_t offset, count;
  if (!args.Int(0, &outFd) || !args.Int(1, &inFd) || !ReadSize(env, args[2], &offset) ||
      !ReadSize(env, args[3], &count) || count < 0) {
    return args.Refuse();
  }
  return MakeNumber(
      env, sys::sendfile(outFd, inFd, offset < 0 ? nullptr : &offset, static_cast<size_t>(count)));
}

// slab, the slot's offset, record: the sender's address.
napi_value SlotAddress(napi_env env, napi_callback_info info) {
  Args<3> args(env, info);
  int offset;
  Bytes slab, record;
  if (!args.Data(0, &slab) || !args.Int(1, &offset) || !args.Data(2, &record)) return args.Refuse();
  const Slot* slot = FindSlot(slab, offset);
  if (slot == nullptr || !WriteRecord(slot->Sender(), record)) return args.Refuse();
  return MakeNumber(env, 0);
}

// slab, the slot's offset: closes the descriptors that came and nobody has seen.
napi_value CloseRights(napi_env env, napi_callback_info info) {
  Args<2> args(env, info);
  int offset;
  Bytes slab;
  if (!args.Data(0, &slab) || !args.Int(1, &offset)) return args.Refuse();
  Slot* slot = FindSlot(slab, offset);
  if (slot == nullptr) return args.Refuse();
  if (slot->hasRights != 0 && slot->controlLength <= slot->room) {
    sys::CloseRights(slot->control(), slot->controlLength);
  }
  slot->hasRights = 0;
  slot->controlLength = 0;
  return MakeNumber(env, 0);
}

}  // namespace

sys::Address Slot::Sender() const {
  sys::Address address;
  address.length = nameLength;
  address.ClipLength();
  memcpy(&address.storage, name, address.length);
  return address;
}

Slot* FindSlot(const Bytes& slab, int offset) {
  const size_t at = static_cast<size_t>(offset);
  if (offset < 0 || slab.length < at || slab.length - at < sizeof(Slot)) return nullptr;
  auto* slot = reinterpret_cast<Slot*>(static_cast<uint8_t*>(slab.data) + at);
  if (reinterpret_cast<uintptr_t>(slot) % Slot::kAlign != 0) return nullptr;
  return slot->room <= slab.length - at - sizeof(Slot) ? slot : nullptr;
}

void Prepare(Slot* slot, iovec* vectors, size_t count, msghdr* header) {
  memset(header, 0, sizeof(*header));
  header->msg_name = slot->name;
  header->msg_namelen = sizeof(slot->name);
  header->msg_iov = vectors;
  header->msg_iovlen = static_cast<decltype(header->msg_iovlen)>(count);
  if (slot->room == 0) return;
  header->msg_control = slot->control();
  header->msg_controllen = static_cast<decltype(header->msg_controllen)>(slot->room);
}

void Keep(Slot* slot, const msghdr& header, size_t bytes) {
  slot->bytes = static_cast<uint32_t>(bytes);
  slot->flags = header.msg_flags;
  slot->nameLength = header.msg_namelen;
  slot->controlLength = static_cast<uint32_t>(header.msg_controllen);
  slot->hasRights =
      slot->controlLength > 0 && sys::HasRights(slot->control(), slot->controlLength) ? 1 : 0;
}

bool ReadVectors(napi_env env, napi_value value, iovec* vectors, size_t room, size_t* count) {
  Bytes bytes;
  bool isList = false;
  if (napi_is_array(env, value, &isList) != napi_ok) return false;
  if (!isList) {
    if (room == 0 || !ReadBytes(env, value, &bytes)) return false;
    vectors[0] = {bytes.data, bytes.length};
    *count = 1;
    return true;
  }
  uint32_t length = 0;
  if (napi_get_array_length(env, value, &length) != napi_ok) return false;
  *count = length < room ? length : room;
  for (size_t i = 0; i < *count; i++) {
    napi_value element;
    if (napi_get_element(env, value, static_cast<uint32_t>(i), &element) != napi_ok ||
        !ReadBytes(env, element, &bytes)) {
      return false;
    }
    vectors[i] = {bytes.data, bytes.length};
  }
  return true;
}

void RegisterMessage(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "socketpair", Socketpair);
  AddFunction(env, exports, "sendto", Sendto);
  AddFunction(env, exports, "recvfrom", Recvfrom);
  AddFunction(env, exports, "sendmsg", Sendmsg);
  AddFunction(env, exports, "recvmsg", Recvmsg);
  AddFunction(env, exports, "sendfile", Sendfile);
  AddFunction(env, exports, "slotAddress", SlotAddress);
  AddFunction(env, exports, "closeRights", CloseRights);
}

}  // namespace sockkit::napi
