// SPDX-License-Identifier: MIT
//
// sendmmsg() and recvmmsg(). The arrays that the kernel reads are laid out in memory that
// JavaScript lends and lends again, so that a call allocates nothing. lib/sendmmsg.ts and
// lib/recvmmsg.ts reckon its size with the sizes that are asserted here.
#include <string.h>

#include <new>

#include "native/napi/address.h"
#include "native/napi/message.h"
#include "native/napi/sys.h"

namespace sockkit::napi {

namespace {

static_assert(sizeof(sys::BatchHeader) <= 64 && sizeof(iovec) <= 16 && sizeof(sys::Address) <= 136);
static_assert(alignof(sys::BatchHeader) <= Slot::kAlign && alignof(sys::Address) <= Slot::kAlign);

// Hands out arrays from a block of memory, one behind the other.
class Arena {
 public:
  explicit Arena(const Bytes& memory)
      : next_(static_cast<uint8_t*>(memory.data)), left_(memory.length) {
    if (reinterpret_cast<uintptr_t>(next_) % Slot::kAlign != 0) left_ = 0;
  }

  // Null where there is no room. Zeroed; none of these types needs more to begin with.
  template <typename T>
  T* Take(size_t count) {
    const size_t size = (count * sizeof(T) + Slot::kAlign - 1) & ~(Slot::kAlign - 1);
    if (size > left_) return nullptr;
    auto* taken = new (next_) uint8_t[size]();
    next_ += size;
    left_ -= size;
    return reinterpret_cast<T*>(taken);
  }

 private:
  uint8_t* next_;
  size_t left_;
};

// What lib/sendmmsg.ts says of each message.
struct Plan {
  int32_t vectors;  // How many of the buffers are this message's.
  int32_t address;  // Which of the records is where it goes, or -1.
};

template <typename T>
bool ReadList(napi_env env, napi_value value, const T** list, size_t* count) {
  Bytes bytes;
  if (!ReadBytes(env, value, &bytes) || bytes.length % sizeof(T) != 0 ||
      reinterpret_cast<uintptr_t>(bytes.data) % alignof(T) != 0) {
    return false;
  }
  *list = static_cast<const T*>(bytes.data);
  *count = bytes.length / sizeof(T);
  return true;
}

// Gives each message the control data that are in `value`, a list, or null for none at all.
bool AddControl(napi_env env, napi_value value, sys::BatchHeader* headers, size_t count) {
  bool isList = false;
  if (napi_is_array(env, value, &isList) != napi_ok) return false;
  if (!isList) return true;
  for (size_t i = 0; i < count; i++) {
    napi_value element;
    Bytes control;
    if (napi_get_element(env, value, static_cast<uint32_t>(i), &element) != napi_ok) return false;
    if (!ReadBytes(env, element, &control)) continue;
    if (control.length == 0) continue;
    msghdr& header = headers[i].msg_hdr;
    header.msg_control = control.data;
    header.msg_controllen = static_cast<decltype(header.msg_controllen)>(control.length);
  }
  return true;
}

// fd, all buffers, a Plan for each message, the records of the addresses, the control data or null,
// memory, flags. Where an address is refused, the first word of the records says which.
napi_value Sendmmsg(napi_env env, napi_callback_info info) {
  Args<7> args(env, info);
  int fd, flags;
  const Plan* plans;
  size_t count, addressCount, room = 0;
  Bytes recordBytes, memory;
  if (!args.Int(0, &fd) || !ReadList(env, args[2], &plans, &count) || count > sys::kMostMessages ||
      !args.Data(3, &recordBytes) || !args.Data(5, &memory) || !args.Int(6, &flags)) {
    return args.Refuse();
  }
  addressCount = recordBytes.length / sizeof(AddressRecord);
  for (size_t i = 0; i < count; i++) {
    if (plans[i].vectors < 0 || plans[i].address < -1 ||
        plans[i].address >= static_cast<int64_t>(addressCount)) {
      return args.Refuse();
    }
    room += static_cast<size_t>(plans[i].vectors);
  }
  Arena arena(memory);
  auto* headers = arena.Take<sys::BatchHeader>(count);
  auto* vectors = arena.Take<iovec>(room);
  auto* addresses = arena.Take<sys::Address>(addressCount);
  size_t vectorCount = 0;
  if (headers == nullptr || vectors == nullptr || addresses == nullptr ||
      !ReadVectors(env, args[1], vectors, room, &vectorCount) || vectorCount != room) {
    return args.Refuse();
  }
  for (size_t i = 0; i < addressCount; i++) {
    const Bytes one{static_cast<uint8_t*>(recordBytes.data) + i * sizeof(AddressRecord),
                    sizeof(AddressRecord)};
    AddressRecord record;
    ReadRecord(one, &record);
    int error = FromRecord(record, &addresses[i]);
    if (error >= 0) continue;
    record.kind = static_cast<uint32_t>(i);
    memcpy(recordBytes.data, &record.kind, sizeof(record.kind));
    return MakeNumber(env, error);
  }
  for (size_t i = 0; i < count; i++) {
    msghdr& header = headers[i].msg_hdr;
    const auto own = static_cast<size_t>(plans[i].vectors);
    header.msg_iov = vectors;
    header.msg_iovlen = static_cast<decltype(header.msg_iovlen)>(own);
    vectors += own;
    if (plans[i].address < 0) continue;
    header.msg_name = &addresses[plans[i].address].storage;
    header.msg_namelen = addresses[plans[i].address].length;
  }
  if (!AddControl(env, args[4], headers, count)) return args.Refuse();
  return MakeNumber(env, sys::sendmmsg(fd, headers, count, flags));
}

// fd, a buffer for each slot, the slots' offsets, slab, memory, flags
napi_value Recvmmsg(napi_env env, napi_callback_info info) {
  Args<6> args(env, info);
  int fd, flags;
  const int32_t* offsets;
  size_t count, vectorCount = 0;
  Bytes slab, memory;
  if (!args.Int(0, &fd) || !ReadList(env, args[2], &offsets, &count) ||
      count > sys::kMostMessages || !args.Data(3, &slab) || !args.Data(4, &memory) ||
      !args.Int(5, &flags)) {
    return args.Refuse();
  }
  Arena arena(memory);
  auto* headers = arena.Take<sys::BatchHeader>(count);
  auto* vectors = arena.Take<iovec>(count);
  if (headers == nullptr || vectors == nullptr ||
      !ReadVectors(env, args[1], vectors, count, &vectorCount) || vectorCount != count) {
    return args.Refuse();
  }
  for (size_t i = 0; i < count; i++) {
    Slot* slot = FindSlot(slab, offsets[i]);
    if (slot == nullptr) return args.Refuse();
    Prepare(slot, &vectors[i], 1, &headers[i].msg_hdr);
  }
  int received = sys::recvmmsg(fd, headers, count, flags);
  for (int i = 0; i < received; i++) {
    Keep(FindSlot(slab, offsets[i]), headers[i].msg_hdr, headers[i].msg_len);
  }
  return MakeNumber(env, received);
}

}  // namespace

void RegisterBatch(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "sendmmsg", Sendmmsg);
  AddFunction(env, exports, "recvmmsg", Recvmmsg);
}

}  // namespace sockkit::napi
