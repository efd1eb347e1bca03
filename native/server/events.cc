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
  Node* node = Reserved(event.kind);
  const bool reserved = node != nullptr;
  if (!reserved) node = new (std::nothrow) Node;
  bool wake = false;
  {
    Locked lock(mutex_);
    if (node == nullptr || (!reserved && count_ >= kMost)) {
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

EventQueue::Node* EventQueue::Reserved(Event::Kind kind) {
  switch (kind) {
    case Event::Kind::kClosed:
      return &closed_;
    case Event::Kind::kOutputFailed:
      return &outputFailed_;
    case Event::Kind::kListenerLost:
      return &listenerLost_;
    default:
      return nullptr;
  }
}

bool EventQueue::Take(Event* event) {
  Locked lock(mutex_);
  Node* node = first_;
  if (node == nullptr) return false;
  first_ = node->next;
  if (first_ == nullptr) last_ = nullptr;
  count_--;
  *event = node->event;
  if (node != Reserved(node->event.kind)) delete node;
  return true;
}

uint64_t EventQueue::dropped() {
  Locked lock(mutex_);
  return dropped_;
}

}  // namespace sockkit::server
