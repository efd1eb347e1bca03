// SPDX-License-Identifier: MIT
#include "native/server/events.h"

#include <new>

namespace sockkit::server {

EventQueue::~EventQueue() {
  Event event;
  while (Take(&event)) {
  }
}

void EventQueue::Add(const Event& event) {
  bool last = event.kind == Event::Kind::kClosed;
  Node* node = last ? &closed_ : new (std::nothrow) Node;
  bool wake = false;
  {
    Locked lock(mutex_);
    if (node == nullptr || (!last && count_ >= kMost)) {
      dropped_++;
      if (node != nullptr) delete node;
      return;
    }
    node->event = event;
    node->next = nullptr;
    (last_ != nullptr ? last_->next : first_) = node;
    last_ = node;
    wake = count_++ == 0;
  }
  if (wake) listener_->EventsWait();
}

bool EventQueue::Take(Event* event) {
  Locked lock(mutex_);
  Node* node = first_;
  if (node == nullptr) return false;
  first_ = node->next;
  if (first_ == nullptr) last_ = nullptr;
  count_--;
  *event = node->event;
  if (node != &closed_) delete node;
  return true;
}

uint64_t EventQueue::dropped() {
  Locked lock(mutex_);
  return dropped_;
}

}  // namespace sockkit::server
