// SPDX-License-Identifier: MIT
//
// What traced calls leave in a file, and what pieces of a line look like.
#pragma once

#include <string>
#include <string_view>

#include "native/sys/address.h"
#include "native/sys/trace.h"
#include "native/sys/trace_line.h"
#include "native/sys/trace_output.h"
#include "native/test/check.h"
#include "native/test/files.h"

namespace sockkit::test {

// The lines that `run` made, with every pointer as PTR.
template <typename Run>
std::string Traced(Run run, sys::trace::Format format = sys::trace::Format::kText) {
  TemporaryFile file;
  sys::trace::SetOutput(file.fd());
  sys::trace::Start(format);
  run();
  sys::trace::Start(sys::trace::Format::kOff);
  sys::trace::SetOutput(-1);
  std::string text = file.text();
  for (size_t at = 0; (at = text.find("0x7", at)) != std::string::npos; at += 3) {
    size_t end = text.find_first_not_of("0123456789abcdef", at + 2);
    if (end - at >= 12) text.replace(at, end - at, "PTR");
  }
  return text;
}

// The same as JSON, without what differs from run to run: from "call" on.
template <typename Run>
std::string TracedJson(Run run) {
  std::string text = Traced(run, sys::trace::Format::kJson);
  for (size_t at = 0; (at = text.find("\"time\":", at)) != std::string::npos;) {
    text.erase(at, text.find("\"call\"", at) - at);
  }
  return text;
}

// What `put` makes of a line, between the parentheses, or the braces of "args".
template <typename Put>
std::string Made(Put put, bool json = false) {
  sys::trace::Line line("f", json);
  put(&line);
  line.Result(0);
  size_t length;
  const char* text = line.Finish(&length);
  std::string all(text, length);
  if (!json) {
    CHECK_EQ(all.substr(0, 2), "f(");
    CHECK_EQ(all.substr(all.size() - 6), ") = 0\n");
    return all.substr(2, all.size() - 8);
  }
  const std::string tail = "},\"result\":0}\n";
  const size_t start = all.find("\"args\":{") + 8;
  CHECK_EQ(all.substr(all.size() - tail.size()), tail);
  return all.substr(start, all.size() - start - tail.size());
}

inline sys::Address Ip(const char* text, uint16_t port) {
  sys::Address address;
  CHECK_EQ(sys::ParseIp(text, port, &address), 0);
  return address;
}

inline sys::Address Unix(std::string_view path) {
  sys::Address address;
  CHECK_EQ(sys::MakeUnix(path.data(), path.size(), &address), 0);
  return address;
}

}  // namespace sockkit::test
