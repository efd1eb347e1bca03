// SPDX-License-Identifier: MIT
//
// Where the lines of a trace go: standard error, or a sink that stands before it.
//
// A line is one write, under one lock, so lines never mix. A reader who is slow is waited for, as
// strace waits for its own; one that takes nothing for a second is not waited for any more: lines
// are dropped then, until there is room again, and a line says how many. So a trace that nobody
// reads delays the program once, and neither stops it nor changes what it does.
#pragma once

#include <stddef.h>

#include "native/sys/trace_line.h"

namespace sockkit::sys::trace {

// This thread's number, as /proc and strace have it.
int ThreadId();

// Adds the number of the thread where several have spoken, and writes the line.
void Write(Line* line);

// A text of our own, whole lines.
void Say(const char* text, size_t length);

// Who gets the lines in place of standard error: a message server whose output leads to the same
// file, and which puts them between its messages. It is called under the lock of the trace, on any
// thread, and must neither wait nor make a call that is traced.
class Sink {
 public:
  virtual void TraceLine(const char* text, size_t length) = 0;

 protected:
  ~Sink() = default;
};

// Whether both lead to one file, pipe or terminal.
bool LeadsToStderr(int fd);

// The first one that asked is the sink until it takes itself away; others are not needed then.
void AddSink(Sink* sink);

// After this the sink is not called any more.
void RemoveSink(Sink* sink);

// For tests: where the lines go, in place of standard error. -1 is standard error again.
void SetOutput(int fd);

}  // namespace sockkit::sys::trace
