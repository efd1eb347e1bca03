// SPDX-License-Identifier: MIT
#include "native/napi/stream_server.h"

#include <stdint.h>

#include <new>
#include <vector>

#include "native/napi/address.h"
#include "native/napi/args.h"
#include "native/server/stream_server.h"
#include "native/sys/socket.h"

namespace sockkit::napi {

namespace {

using server::Block;
using server::Event;
using server::StreamConnection;

// lib/server.ts knows all of these.
enum Kind { kOpened, kGone, kSmall, kLarge, kEnded, kFailed, kRoom, kAcceptFailed, kLost, kClosed };
constexpr size_t kRecord = 4;  // Numbers: kind, token, and two more.
constexpr size_t kMostNews = 256;
constexpr size_t kMostEvents = 16;
constexpr size_t kMostRecords = 2 * kMostNews + kMostEvents;
// Small chunks come in memory that is shared with JavaScript, which is quicker than to make a
// Buffer for each here. There is room for one of every connection that has news.
constexpr size_t kSmallRoom = kMostNews * StreamConnection::kSmallBytes;
// What read() returns where there is no chunk and no errno.
constexpr int kNothingYet = 0;
constexpr int kEndOfStream = -200000;

constexpr double kMostBytes = 9007199254740991.0;
constexpr double kMostMs = 1e12;

double Clamp(const Napi::Value& value, double least, double most) {
  double number = value.IsNumber() ? value.As<Napi::Number>().DoubleValue() : least;
  if (!(number >= least)) return least;
  return number < most ? number : most;
}

}  // namespace

// The server itself, which stays for as long as a chunk of its memory is lent to JavaScript.
struct StreamCore {
  StreamCore(const server::StreamServerConfig& config, server::EventListener* listener)
      : server(config, listener) {}

  void Release() {
    if (--uses == 0) delete this;
  }

  server::StreamServer server;
  uint64_t uses = 1;
  uint64_t lentBytes = 0;
};

namespace {

// A block that JavaScript sees. It goes back to the pool when V8 no longer knows the memory, which
// is after the view was detached or collected, so no view ever shows another connection's bytes.
struct Lent {
  StreamCore* core;
  Block* block;

  static void Finalize(napi_env, void*, void* hint) {
    Lent* lent = static_cast<Lent*>(hint);
    lent->core->lentBytes -= lent->block->size;
    lent->core->server.blocks().Give(lent->block);
    lent->core->Release();
    delete lent;
  }
};

}  // namespace

// Lifetime, as of MessageServer: from a successful start() until the record kClosed has been taken,
// the object holds itself, the threadsafe function keeps the event loop alive, and a cleanup hook,
// which was added after that function was made and so runs before it goes, ends every thread.
//
// Everything but EventsWait() is on JavaScript's thread.
class StreamServer : public Napi::ObjectWrap<StreamServer>, private server::EventListener {
 public:
  static void Register(Napi::Env env, Napi::Object exports) {
    exports.Set("StreamServer",
                DefineClass(env, "StreamServer",
                            {
                                InstanceMethod<&StreamServer::Start>("start"),
                                InstanceMethod<&StreamServer::Close>("close"),
                                InstanceMethod<&StreamServer::Drain>("drain"),
                                InstanceMethod<&StreamServer::Read>("read"),
                                InstanceMethod<&StreamServer::Send>("send"),
                                InstanceMethod<&StreamServer::AwaitRoom>("awaitRoom"),
                                InstanceMethod<&StreamServer::Shutdown>("shutdown"),
                                InstanceMethod<&StreamServer::Finish>("finish"),
                                InstanceMethod<&StreamServer::Peer>("peer"),
                                InstanceMethod<&StreamServer::Stats>("stats"),
                                InstanceMethod<&StreamServer::SetRef>("setRef"),
                            }));
  }

  explicit StreamServer(const Napi::CallbackInfo& info)
      : Napi::ObjectWrap<StreamServer>(info), env_(info.Env()) {}

  ~StreamServer() override {
    Stop();
    if (core_ != nullptr) core_->Release();
  }

 private:
  struct Entry {
    StreamConnection* connection = nullptr;
    uint32_t generation = 0;
    bool finished = false;
    bool reading = false;      // JavaScript waits for a chunk.
    bool awaitedRoom = false;  // The descriptor has been with the readiness thread.
  };

  // start(listenerFd, config, records: Float64Array, small: Uint8Array, onEvents): 0 or -errno.
  // Owns the listener from now on, also when it fails. Once. The two arrays are never seen by a
  // user.
  Napi::Value Start(const Napi::CallbackInfo& info) {
    int listener = -1;
    Bytes records;
    if (core_ != nullptr || !ReadInt(env_, info[0], &listener) || !info[1].IsObject() ||
        !ReadBytes(env_, info[2], &records) || !ReadBytes(env_, info[3], &small_) ||
        records.length < kMostRecords * kRecord * sizeof(double) || small_.length < kSmallRoom ||
        !info[4].IsFunction()) {
      return Number(kRefusedArgument);
    }
    records_ = static_cast<double*>(records.data);
    recordsReference_ = Napi::Persistent(info[2].As<Napi::Object>());
    smallReference_ = Napi::Persistent(info[3].As<Napi::Object>());
    const auto given = info[1].As<Napi::Object>();
    server::StreamServerConfig config;
    config.records = given.Get("records").ToBoolean();
    config.refuse = given.Get("refuse").ToBoolean();
    config.maxConnections = static_cast<uint32_t>(Clamp(given.Get("maxConnections"), 1, 1e6));
    config.idleTimeoutMs = static_cast<int64_t>(Clamp(given.Get("idleTimeoutMs"), 0, kMostMs));
    config.memoryBytes = static_cast<uint64_t>(Clamp(given.Get("memoryBytes"), 0, kMostBytes));
    lends_ = given.Get("lend").ToBoolean();
    lentMost_ = config.memoryBytes / 2;
    core_ = new (std::nothrow) StreamCore(config, this);
    if (core_ == nullptr || !MakeEventsFunction(info[4])) return Number(kRefusedArgument);
    int error = core_->server.Start(listener);
    if (error != 0) {
      napi_release_threadsafe_function(events_, napi_tsfn_release);
      events_ = nullptr;
      return Number(error);
    }
    napi_add_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    started_ = true;
    Ref();
    return Number(0);
  }

  bool MakeEventsFunction(const Napi::Value& callback) {
    napi_value name;
    return napi_create_string_utf8(env_, "sockkit.Server", NAPI_AUTO_LENGTH, &name) == napi_ok &&
           napi_create_threadsafe_function(env_, callback, nullptr, name, 0, 1, nullptr, nullptr,
                                           nullptr, nullptr, &events_) == napi_ok;
  }

  // On any of the server's threads. One call stands for all that waits when it is run.
  void EventsWait() override {
    napi_call_threadsafe_function(events_, nullptr, napi_tsfn_nonblocking);
  }

  static void OnEnvironmentEnd(void* self) {
    auto* that = static_cast<StreamServer*>(self);
    that->started_ = false;
    that->core_->server.Abort();
    that->entries_.clear();
  }

  void Stop() {
    if (!started_) return;
    started_ = false;
    napi_remove_env_cleanup_hook(env_, OnEnvironmentEnd, this);
    core_->server.Abort();
    entries_.clear();
    napi_release_threadsafe_function(events_, napi_tsfn_release);
    events_ = nullptr;
  }

  Napi::Value Close(const Napi::CallbackInfo&) {
    if (started_) core_->server.Close();
    return env_.Undefined();
  }

  // drain(chunks: array): how many records were written. The chunk of a record kLarge is the
  // array's element of that number.
  Napi::Value Drain(const Napi::CallbackInfo& info) {
    if (!started_) return Number(0);
    server::StreamServer& server = core_->server;
    count_ = 0;
    smallUsed_ = 0;
    // Taken before the news, and told after them: the last event says that there is no more news.
    Event event;
    while (waitingEvents_.size() < kMostEvents && server.TakeEvent(&event)) {
      waitingEvents_.push_back(event);
    }
    server::StreamServer::News news[kMostNews];
    const size_t taken = server.Take(news, kMostNews);
    for (size_t i = 0; i < taken; i++) {
      StreamConnection* connection = news[i].connection;
      if (connection->token == 0) AddEntry(connection);
      Entry* entry = FindEntry(connection->token);
      if (news[i].gone) {
        Put(kGone, connection->token);
        RemoveEntry(entry);
      } else if (entry->reading) {
        Deliver(entry, info[0]);
      }
    }
    server::ReadyToken tokens[64];
    size_t ready = 64;
    while (ready == 64 && count_ + 64 + kMostEvents <= kMostRecords) {
      ready = server.TakeSendable(tokens, 64);
      for (size_t i = 0; i < ready; i++) Put(kRoom, tokens[i].token);
    }
    if (ready == 64) EventsWait();  // There may be more of them.
    if (taken < kMostNews) {
      for (const Event& each : waitingEvents_) PutEvent(each);
      waitingEvents_.clear();
    }
    return Number(static_cast<int>(count_));
  }

  void PutEvent(const Event& event) {
    switch (event.kind) {
      case Event::Kind::kAcceptDelayed:
        Put(kAcceptFailed, 0, event.error, event.call[0] == 'p' ? 1 : 0);
        break;
      case Event::Kind::kListenerLost:
        Put(kLost, 0, event.error);
        break;
      default:
        Put(kClosed, 0);
        Stop();
        Unref();
    }
  }

  void Put(Kind kind, uint64_t token, double one = 0, double two = 0) {
    double* record = records_ + kRecord * count_++;
    record[0] = kind;
    record[1] = static_cast<double>(token);
    record[2] = one;
    record[3] = two;
  }

  void Deliver(Entry* entry, napi_value chunks) {
    const uint64_t token = entry->connection->token;
    // There is room for a small one of each: see Start().
    char* const small = static_cast<char*>(small_.data) + smallUsed_;
    StreamConnection::Taken taken;
    switch (entry->connection->Take(small, &taken)) {
      case StreamConnection::Got::kNothing:
        return;
      case StreamConnection::Got::kEnd:
        Put(kEnded, token);
        break;
      case StreamConnection::Got::kError:
        Put(kFailed, token, taken.error);
        break;
      case StreamConnection::Got::kSmall:
        Put(kSmall, token, static_cast<double>(smallUsed_), static_cast<double>(taken.length));
        smallUsed_ += taken.length;
        break;
      case StreamConnection::Got::kChunk:
        napi_set_element(env_, chunks, static_cast<uint32_t>(count_), MakeChunk(taken.block));
        Put(kLarge, token, static_cast<double>(count_));
        break;
    }
    entry->reading = false;
  }

  // Takes the block. A Buffer that is JavaScript's, or an ArrayBuffer that is lent.
  napi_value MakeChunk(Block* block) {
    napi_value chunk = nullptr;
    if (lends_ && core_->lentBytes < lentMost_) {
      Lent* lent = new (std::nothrow) Lent{core_, block};
      // Refused by runtimes that keep all of JavaScript's memory in one place.
      if (lent != nullptr &&
          napi_create_external_arraybuffer(env_, block->data, block->used, Lent::Finalize, lent,
                                           &chunk) == napi_ok) {
        core_->uses++;
        core_->lentBytes += block->size;
        return chunk;
      }
      delete lent;
    }
    napi_create_buffer_copy(env_, block->used, block->data, nullptr, &chunk);
    core_->server.blocks().Give(block);
    return chunk;
  }

  // read(token, lent: an ArrayBuffer of the chunk before, or undefined): a chunk; the length of a
  // small one, which is at the beginning of `small`; kNothingYet, and then a record of drain() will
  // tell; kEndOfStream; or -errno.
  Napi::Value Read(const Napi::CallbackInfo& info) {
    Entry* entry = EntryOf(info[0]);
    if (entry == nullptr) return Number(kRefusedArgument);
    if (!info[1].IsUndefined()) napi_detach_arraybuffer(env_, info[1]);
    StreamConnection::Taken taken;
    switch (entry->connection->Take(small_.data, &taken)) {
      case StreamConnection::Got::kEnd:
        return Number(kEndOfStream);
      case StreamConnection::Got::kError:
        return Number(taken.error);
      case StreamConnection::Got::kSmall:
        return Number(static_cast<int>(taken.length));
      case StreamConnection::Got::kChunk:
        return Napi::Value(env_, MakeChunk(taken.block));
      default:
        entry->reading = true;
        return Number(kNothingYet);
    }
  }

  // send(token, data, offset): what send() returns for data from there on, without waiting.
  Napi::Value Send(const Napi::CallbackInfo& info) {
    Entry* entry = EntryOf(info[0]);
    double offset = 0;
    if (entry == nullptr || napi_get_value_double(env_, info[2], &offset) != napi_ok ||
        !(offset >= 0 && offset <= kMostBytes)) {
      return Number(kRefusedArgument);
    }
    Bytes data;
    const auto begin = static_cast<size_t>(offset);
    if (!ReadBytes(env_, info[1], &data) || begin > data.length) return Number(kRefusedArgument);
    const char* from = static_cast<const char*>(data.data) + begin;
    const ssize_t sent = entry->connection->Send(from, data.length - begin);
    return Napi::Value(env_, MakeNumber(env_, sent));
  }

  Napi::Value AwaitRoom(const Napi::CallbackInfo& info) {
    Entry* entry = EntryOf(info[0]);
    if (entry == nullptr) return Number(kRefusedArgument);
    entry->awaitedRoom = true;
    return Number(core_->server.AwaitRoom(*entry->connection));
  }

  Napi::Value Shutdown(const Napi::CallbackInfo& info) {
    Entry* entry = EntryOf(info[0]);
    return Number(entry == nullptr ? kRefusedArgument : entry->connection->ShutdownSending());
  }

  // finish(token, how, lent): may be called again until the connection is gone, with more force.
  Napi::Value Finish(const Napi::CallbackInfo& info) {
    int how = 0;
    Entry* entry = EntryOf(info[0], true);
    if (!info[2].IsUndefined()) napi_detach_arraybuffer(env_, info[2]);
    if (entry == nullptr || !ReadInt(env_, info[1], &how) || how < 1 || how > 3) {
      return env_.Undefined();
    }
    if (!entry->finished && entry->awaitedRoom) core_->server.ForgetRoom(*entry->connection);
    entry->finished = true;
    entry->reading = false;
    entry->connection->Finish(static_cast<StreamConnection::Ending>(how));
    return env_.Undefined();
  }

  // peer(token, record, own): fills an address record; the descriptor, or a negative number.
  Napi::Value Peer(const Napi::CallbackInfo& info) {
    Entry* entry = EntryOf(info[0]);
    Bytes record;
    if (entry == nullptr || !ReadBytes(env_, info[1], &record)) return Number(kRefusedArgument);
    sys::Address address = entry->connection->peer();
    if (info[2].ToBoolean()) {
      int error = sys::getsockname(entry->connection->fd(), &address);
      if (error != 0) return Number(error);
      sys::UnmapV4(&address);
    }
    WriteRecord(address, record);
    return Number(entry->connection->fd());
  }

  // stats(fields: Float64Array(7))
  Napi::Value Stats(const Napi::CallbackInfo& info) {
    Bytes fields;
    if (core_ == nullptr || !ReadBytes(env_, info[0], &fields) ||
        fields.length < 7 * sizeof(double)) {
      return env_.Undefined();
    }
    const server::StreamServerStats stats = core_->server.Stats();
    const uint64_t values[7] = {stats.connections, stats.open,     stats.refused,    stats.threads,
                                stats.bytesIn,     stats.bytesOut, stats.memoryBytes};
    auto* to = static_cast<double*>(fields.data);
    for (size_t i = 0; i < 7; i++) to[i] = static_cast<double>(values[i]);
    return env_.Undefined();
  }

  Napi::Value SetRef(const Napi::CallbackInfo& info) {
    if (!started_) return env_.Undefined();
    if (info[0].ToBoolean()) {
      napi_ref_threadsafe_function(env_, events_);
    } else {
      napi_unref_threadsafe_function(env_, events_);
    }
    return env_.Undefined();
  }

  // A token is an entry's number, and above that how often the entry was used: what belongs to a
  // connection that is gone finds none. The first is 1 << kIndexBits.
  static constexpr int kIndexBits = 21;

  void AddEntry(StreamConnection* connection) {
    size_t index = entries_.size();
    if (free_.empty()) {
      entries_.emplace_back();
    } else {
      index = free_.back();
      free_.pop_back();
    }
    Entry& entry = entries_[index];
    entry = {connection, entry.generation + 1, false, false, false};
    connection->token = static_cast<uint64_t>(entry.generation) << kIndexBits | index;
    Put(kOpened, connection->token, connection->fd());
  }

  void RemoveEntry(Entry* entry) {
    core_->server.Free(entry->connection);
    entry->connection = nullptr;
    free_.push_back(static_cast<size_t>(entry - entries_.data()));
  }

  Entry* FindEntry(uint64_t token) {
    const size_t index = token & ((1u << kIndexBits) - 1);
    if (index >= entries_.size()) return nullptr;
    Entry* entry = &entries_[index];
    const bool is = entry->connection != nullptr && entry->generation == token >> kIndexBits;
    return is ? entry : nullptr;
  }

  Entry* EntryOf(napi_value value, bool finished = false) {
    double token = 0;
    if (!started_ || napi_get_value_double(env_, value, &token) != napi_ok ||
        !(token >= 0 && token <= kMostBytes)) {
      return nullptr;
    }
    Entry* entry = FindEntry(static_cast<uint64_t>(token));
    return entry != nullptr && (finished || !entry->finished) ? entry : nullptr;
  }

  Napi::Value Number(int number) { return Napi::Number::New(env_, number); }

  const Napi::Env env_;
  StreamCore* core_ = nullptr;  // One of its uses is ours.
  napi_threadsafe_function events_ = nullptr;
  bool started_ = false;
  bool lends_ = false;
  uint64_t lentMost_ = 0;
  std::vector<Entry> entries_;
  std::vector<size_t> free_;
  std::vector<Event> waitingEvents_;

  Napi::ObjectReference recordsReference_;  // Of what `records_` and `small_` point to.
  Napi::ObjectReference smallReference_;
  double* records_ = nullptr;
  size_t count_ = 0;
  Bytes small_;
  size_t smallUsed_ = 0;
};

void RegisterStreamServer(Napi::Env env, Napi::Object exports) {
  StreamServer::Register(env, exports);
}

}  // namespace sockkit::napi
