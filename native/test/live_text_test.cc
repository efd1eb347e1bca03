// SPDX-License-Identifier: MIT
#include "native/server/live_text.h"

#include <stdint.h>

#include <string>
#include <string_view>
#include <vector>

#include "native/test/check.h"
#include "native/test/net.h"

namespace sockkit::test {
namespace {

using server::LiveText;

// Converts `chunks` as one stream. The buffer is just as large as the header asks for, so that a
// sanitizer sees a byte too many.
std::string Convert(const std::vector<std::string_view>& chunks) {
  LiveText text;
  std::string all;
  for (std::string_view chunk : chunks) {
    std::vector<char> out(LiveText::kGrowth * (chunk.size() + LiveText::kKept));
    size_t made = text.Convert(chunk.data(), chunk.size(), out.data());
    CHECK(made <= out.size());
    all.append(out.data(), made);
  }
  std::vector<char> out(LiveText::kGrowth * LiveText::kKept);
  size_t made = text.Finish(out.data());
  CHECK(made <= out.size());
  all.append(out.data(), made);
  return all;
}

std::string Convert(std::string_view whole) {
  return Convert(std::vector<std::string_view>{whole});
}

std::string Hex(uint8_t byte) {
  char text[8];
  snprintf(text, sizeof(text), "\\x%02X", byte);
  return text;
}

std::string Utf8(uint32_t code) {
  std::string bytes;
  auto put = [&](uint32_t byte) { bytes += static_cast<char>(byte); };
  if (code < 0x80) {
    put(code);
  } else if (code < 0x800) {
    put(0xC0 | code >> 6);
    put(0x80 | (code & 63));
  } else if (code < 0x10000) {
    put(0xE0 | code >> 12);
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  } else {
    put(0xF0 | code >> 18);
    put(0x80 | (code >> 12 & 63));
    put(0x80 | (code >> 6 & 63));
    put(0x80 | (code & 63));
  }
  return bytes;
}

// The length of the valid character that `text` begins with, by decoding and encoding it again; 0
// where there is none.
size_t ValidLength(std::string_view text, uint32_t* code) {
  uint8_t first = static_cast<uint8_t>(text[0]);
  size_t length = first < 0x80 ? 1 : first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  *code = length == 1 ? first : first & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) *code = *code << 6 | (static_cast<uint8_t>(text[i]) & 63);
  if (*code > 0x10FFFF || (*code >= 0xD800 && *code <= 0xDFFF)) return 0;
  return text.substr(0, length) == Utf8(*code) ? length : 0;
}

// What Convert() is to make of it, written the slow and plain way.
std::string Expected(std::string_view text) {
  std::string all;
  while (!text.empty()) {
    uint32_t code = 0;
    size_t length = ValidLength(text, &code);
    bool control = (code < 0x20 && code != '\n' && code != '\t') || (code >= 0x7F && code < 0xA0);
    size_t taken = length > 0 ? length : 1;
    for (size_t i = 0; i < taken; i++) {
      all += length > 0 && !control ? std::string(1, text[i]) : Hex(static_cast<uint8_t>(text[i]));
    }
    text.remove_prefix(taken);
  }
  return all;
}

// No byte that a terminal obeys, in UTF-8 or not, other than \n and \t.
bool Harmless(std::string_view text) {
  for (size_t i = 0; i < text.size(); i++) {
    uint8_t byte = static_cast<uint8_t>(text[i]);
    if (byte < 0x20 && byte != '\n' && byte != '\t') return false;
    if (byte == 0x7F) return false;
    uint8_t next = i + 1 < text.size() ? static_cast<uint8_t>(text[i + 1]) : 0;
    if (byte == 0xC2 && next >= 0x80 && next < 0xA0) return false;
  }
  for (std::string_view rest = text; !rest.empty();) {
    uint32_t code = 0;
    size_t length = ValidLength(rest, &code);
    if (length == 0) return false;
    rest.remove_prefix(length);
  }
  return true;
}

TEST(EveryByteAlone) {
  for (int byte = 0; byte < 256; byte++) {
    bool plain = (byte >= 0x20 && byte < 0x7F) || byte == '\n' || byte == '\t';
    std::string input(1, static_cast<char>(byte));
    CHECK_EQ(Convert(input), plain ? input : Hex(static_cast<uint8_t>(byte)));
  }
}

TEST(WhatIsSaidInWords) {
  CHECK_EQ(Convert(""), "");
  CHECK_EQ(Convert("a line\n\tand a tab"), "a line\n\tand a tab");
  CHECK_EQ(Convert("\x1B[2J\r\n"), "\\x1B[2J\\x0D\n");
  CHECK_EQ(Convert("\xE2\x82\xAC \xC3\xA9 \xF0\x9F\x90\x85"),
           "\xE2\x82\xAC \xC3\xA9 \xF0\x9F\x90\x85");
  CHECK_EQ(Convert("\xC2\x9B"), "\\xC2\\x9B");  // U+009B, which begins a sequence like ESC [.
  CHECK_EQ(Convert("\xC2\xA0"), "\xC2\xA0");    // The first after the C1 controls.
  CHECK_EQ(Convert("\x9B"), "\\x9B");
  CHECK_EQ(Convert("\xC0\x9B"), "\\xC0\\x9B");  // Overlong forms of ESC.
  CHECK_EQ(Convert("\xE0\x80\x9B"), "\\xE0\\x80\\x9B");
  CHECK_EQ(Convert("\xF0\x80\x80\x9B"), "\\xF0\\x80\\x80\\x9B");
  CHECK_EQ(Convert("\xE0\x82\x9B"), "\\xE0\\x82\\x9B");  // Of U+009B.
  CHECK_EQ(Convert("\xED\xA0\x80"), "\\xED\\xA0\\x80");  // A surrogate.
  CHECK_EQ(Convert("\xED\x9F\xBF"), "\xED\x9F\xBF");
  CHECK_EQ(Convert("\xF4\x90\x80\x80"), "\\xF4\\x90\\x80\\x80");  // U+110000.
  CHECK_EQ(Convert("\xF4\x8F\xBF\xBF"), "\xF4\x8F\xBF\xBF");
  CHECK_EQ(Convert("\xFF\xFE"), "\\xFF\\xFE");
  // A character that is cut short, and what breaks it.
  CHECK_EQ(Convert("\xE2\x82"), "\\xE2\\x82");
  CHECK_EQ(Convert("\xE2\x82z"), "\\xE2\\x82z");
  CHECK_EQ(Convert("\xE2\x82\n"), "\\xE2\\x82\n");
  CHECK_EQ(Convert("\xE2\x82\xC3\xA9"), "\\xE2\\x82\xC3\xA9");
  CHECK_EQ(Convert("\xF0\x9F\x90\x1B"), "\\xF0\\x9F\\x90\\x1B");
}

TEST(EveryCharacter) {
  std::string all;
  for (uint32_t code = 0; code <= 0x10FFFF; code++) {
    if (code < 0xD800 || code > 0xDFFF) all += Utf8(code);
  }
  std::string converted = Convert(all);
  CHECK(converted == Expected(all));
  CHECK(Harmless(converted));
}

TEST(EveryBeginningOfThreeBytes) {
  for (int first = 0xC0; first < 0x100; first++) {
    std::string all;
    for (int second = 0; second < 0x100; second++) {
      for (int third : {0x00, 0x1B, 0x41, 0x7F, 0x80, 0x9B, 0xA0, 0xBF, 0xC2, 0xFF}) {
        all += static_cast<char>(first);
        all += static_cast<char>(second);
        all += static_cast<char>(third);
      }
    }
    std::string converted = Convert(all);
    if (!CHECK(converted == Expected(all))) printf("  after %02X\n", first);
    CHECK(Harmless(converted));
  }
}

TEST(ChunksMakeNoDifference) {
  const std::string inputs[] = {
      "a\xE2\x82\xAC\xC3\xA9\xF0\x9F\x90\x85z",
      "\xC2\x9B\xC2\xA0\xE2\x82\xF0\x9F\x90\xF4\x90\x80\x80",
      "\xF0\x9F\x90\xE2\x82\xC2",
      Noise(60, 1),
  };
  for (std::string_view input : inputs) {
    const std::string whole = Convert(input);
    CHECK_EQ(whole, Expected(input));
    for (size_t i = 0; i <= input.size(); i++) {
      for (size_t j = i; j <= input.size(); j++) {
        CHECK_EQ(Convert({input.substr(0, i), input.substr(i, j - i), input.substr(j)}), whole);
      }
    }
    std::vector<std::string_view> bytes;
    for (size_t i = 0; i < input.size(); i++) bytes.push_back(input.substr(i, 1));
    CHECK_EQ(Convert(bytes), whole);
  }
}

TEST(NoiseIsMadeHarmless) {
  // The second alphabet is made of what characters and their mistakes are made of.
  const std::string_view alphabets[] = {
      "", "\x1B\x41\x7F\x80\x8F\x90\x9B\x9F\xA0\xBF\xC2\xC3\xE0\xE2\xED\xEF\xF0\xF3\xF4\xF5"};
  for (std::string_view alphabet : alphabets) {
    for (uint64_t seed = 0; seed < 300; seed++) {
      const std::string input = Noise(1000, seed, alphabet);
      std::vector<std::string_view> chunks;
      for (size_t at = 0; at < input.size();) {
        size_t length = 1 + (seed * 7 + at) % 13;
        chunks.push_back(std::string_view(input).substr(at, length));
        at += length;
      }
      std::string converted = Convert(chunks);
      CHECK(converted == Expected(input));
      CHECK(Harmless(converted));
      CHECK(converted.size() <= LiveText::kGrowth * input.size());
    }
  }
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
