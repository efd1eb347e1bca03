// SPDX-License-Identifier: MIT
#include "native/napi/control.h"

#include <errno.h>
#include <string.h>

#include "native/napi/args.h"
#include "native/napi/sys.h"
#include "native/sys/control.h"

namespace sockkit::napi {

namespace {

using sys::Control;

uint32_t FamilyNumber(int family) {
  return family == AF_INET ? 4 : family == AF_INET6 ? 6 : 0;
}

int NumberFamily(uint32_t number) {
  return number == 4 ? AF_INET : number == 6 ? AF_INET6 : AF_UNSPEC;
}

// memory, where to begin, where to end, record. Fills in the record and returns where the next one
// begins; 0 where there was none.
napi_value NextControl(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  Bytes memory, buffer;
  int begin, end;
  if (!args.Data(0, &memory) || !args.Int(1, &begin) || !args.Int(2, &end) ||
      !args.Data(3, &buffer) || begin < 0 || end < begin ||
      static_cast<size_t>(end) > memory.length || buffer.length != sizeof(ControlRecord)) {
    return args.Refuse();
  }
  auto offset = static_cast<size_t>(begin);
  Control item;
  if (!sys::NextControl(memory.data, static_cast<size_t>(end), &offset, &item)) {
    return MakeNumber(env, 0);
  }
  ControlRecord record = {};
  record.kind = item.kind;
  record.family = FamilyNumber(item.family);
  record.level = item.level;
  record.type = item.type;
  record.offset = static_cast<uint32_t>(item.data - static_cast<const uint8_t*>(memory.data));
  record.length = static_cast<uint32_t>(item.length);
  memcpy(record.words, item.words, sizeof(record.words));
  record.seconds = static_cast<double>(item.seconds);
  ToRecord(item.address, &record.address);
  ToRecord(item.specDst, &record.specDst);
  memcpy(buffer.data, &record, sizeof(record));
  return MakeNumber(env, static_cast<int64_t>(offset));
}

int PutPktinfo(const ControlRecord& record, sys::ControlBuffer* control) {
  sys::Address address;
  if (record.address.kind == AddressRecord::kIPv4 || record.address.kind == AddressRecord::kIPv6) {
    int error = FromRecord(record.address, &address);
    if (error < 0) return error;
  }
  return control->Pktinfo(NumberFamily(record.family), record.words[0], address);
}

int Put(const ControlRecord& record, const Bytes& data, sys::ControlBuffer* control) {
  const int family = NumberFamily(record.family);
  const uint32_t* words = record.words;
  switch (record.kind) {
    case Control::kRaw:
      return control->Raw(record.level, record.type, data.data, data.length);
    case Control::kRights:
      return control->Raw(SOL_SOCKET, SCM_RIGHTS, data.data, data.length);
    case Control::kCredentials:
      return control->Credentials(words[0], words[1], words[2]);
    case Control::kPktinfo:
      return PutPktinfo(record, control);
    case Control::kTtl:
      return control->Ttl(family, static_cast<int>(words[0]));
    case Control::kTos:
      return control->Tos(family, static_cast<int>(words[0]));
    default:
      return -EOPNOTSUPP;
  }
}

// record, data, out, where to put it. Returns where the next one would be.
napi_value PutControl(napi_env env, napi_callback_info info) {
  Args<4> args(env, info);
  Bytes buffer, data, out;
  int offset;
  ControlRecord record;
  if (!args.Data(0, &buffer) || buffer.length != sizeof(record) || !args.Data(1, &data) ||
      !args.Data(2, &out) || !args.Int(3, &offset) || offset < 0 ||
      static_cast<size_t>(offset) > out.length) {
    return args.Refuse();
  }
  memcpy(&record, buffer.data, sizeof(record));
  sys::ControlBuffer control{static_cast<uint8_t*>(out.data), out.length,
                             static_cast<size_t>(offset)};
  int error = Put(record, data, &control);
  return MakeNumber(env, error < 0 ? error : static_cast<int64_t>(control.used));
}

}  // namespace

void RegisterControl(Napi::Env env, Napi::Object exports) {
  AddFunction(env, exports, "nextControl", NextControl);
  AddFunction(env, exports, "putControl", PutControl);
}

}  // namespace sockkit::napi
