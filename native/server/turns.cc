// SPDX-License-Identifier: MIT
#include "native/server/turns.h"

#include <stdlib.h>
#include <string.h>

namespace sockkit::server {

struct Turns::Place {
  const std::atomic<bool>* finished;
  Place* next = nullptr;
  bool granted = false;
  Condition wake;
};

Turns::~Turns() {
  free(asides_);
}

bool Turns::TryTake() {
  Locked lock(mutex_);
  if (taken_ || first_ != nullptr || (draining_ && unprinted_ > 0)) return false;
  taken_ = true;
  return true;
}

void Turns::Take(const std::atomic<bool>* finished) {
  Locked lock(mutex_);
  if (!taken_ && first_ == nullptr && (!draining_ || unprinted_ == 0 || finished->load())) {
    taken_ = true;
    return;
  }
  Place place;
  place.finished = finished;
  if (last_ != nullptr) {
    last_->next = &place;
  } else {
    first_ = &place;
  }
  last_ = &place;
  if (waiting_.fetch_add(1, std::memory_order_acq_rel) == 0) contention_.Signal();
  GrantNext();
  while (!place.granted) place.wake.Wait(mutex_);
}

// Hands the turn to whoever is next, where nobody has it. The mutex is held.
void Turns::GrantNext() {
  if (taken_) return;
  Place* before = nullptr;
  Place* place = first_;
  if (draining_ && unprinted_ > 0) {
    while (place != nullptr && !place->finished->load()) {
      before = place;
      place = place->next;
    }
  }
  if (place == nullptr) return;
  (before != nullptr ? before->next : first_) = place->next;
  if (last_ == place) last_ = before;
  waiting_.fetch_sub(1, std::memory_order_acq_rel);
  taken_ = true;
  place->granted = true;
  place->wake.Signal();
}

void Turns::Pass(BeforeWait* before) {
  char* text = nullptr;
  size_t length = 0;
  mutex_.Lock();
  while (TakeAsides(&text, &length)) {
    mutex_.Unlock();
    output_->Write(text, length, before);
    free(text);
    mutex_.Lock();
    // Asides may come faster than they are written: whoever waits for the turn does not wait for
    // more of them, and writes what is left when passing it on.
    if (first_ != nullptr) break;
  }
  taken_ = false;
  GrantNext();
  mutex_.Unlock();
}

bool Turns::Aside(const char* text, size_t length) {
  Locked lock(mutex_);
  static const char kDropped[] = "(further lines were dropped)\n";
  if (asides_ == nullptr) asides_ = static_cast<char*>(malloc(kAsideBytes + sizeof(kDropped)));
  if (asides_ == nullptr || asidesDropped_) return false;
  if (length > kAsideBytes - asideLength_) {
    asidesDropped_ = true;
    text = kDropped;
    length = sizeof(kDropped) - 1;
  }
  memcpy(asides_ + asideLength_, text, length);
  asideLength_ += length;
  return !taken_ && first_ == nullptr;
}

void Turns::Flush() {
  if (TryTake()) Pass();
}

// The mutex is held. The caller frees the text.
bool Turns::TakeAsides(char** text, size_t* length) {
  if (asides_ == nullptr) return false;
  *text = asides_;
  *length = asideLength_;
  asides_ = nullptr;
  asideLength_ = 0;
  asidesDropped_ = false;
  return true;
}

void Turns::BeginDrain(uint32_t count) {
  Locked lock(mutex_);
  draining_ = true;
  unprinted_ += count;
}

void Turns::FinishedDone() {
  Locked lock(mutex_);
  unprinted_--;
  GrantNext();
}

}  // namespace sockkit::server
