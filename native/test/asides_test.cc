// SPDX-License-Identifier: MIT
//
// What is said between messages: Turns::Aside().
#include <string>
#include <vector>

#include "native/server/output.h"
#include "native/server/turns.h"
#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/net.h"
#include "native/test/threads.h"

namespace sockkit::test {
namespace {

const std::atomic<bool> kFinished{true};

struct Stage {
  Stage() : turns(&output) {
    REQUIRE(output.Open(file.fd()) == 0);
    REQUIRE(turns.Open() == 0);
  }
  void Aside(std::string_view text) {
    if (turns.Aside(text.data(), text.size())) turns.Flush();
  }
  void Write(std::string_view text) { output.Write(text.data(), text.size()); }

  TemporaryFile file;
  server::Output output;
  server::Turns turns;
};

TEST(WithNobodyPrintingAnAsideIsWrittenAtOnce) {
  Stage stage;
  stage.Aside("one\n");
  CHECK_EQ(stage.file.text(), "one\n");
  stage.Aside("");
  stage.Aside("two\n");
  CHECK_EQ(stage.file.text(), "one\ntwo\n");
  CHECK(stage.turns.TryTake());
  stage.turns.Pass();
}

TEST(AnAsideWaitsForTheEndOfTheMessage) {
  Stage stage;
  stage.turns.Take(&kFinished);
  stage.Write("mess");
  std::string said = "an aside\n";
  stage.Aside(said);
  said.assign(said.size(), '#');  // It was copied.
  stage.Aside("another\n");
  stage.Write("age\n");
  CHECK_EQ(stage.file.text(), "message\n");
  stage.turns.Pass();
  CHECK_EQ(stage.file.text(), "message\nan aside\nanother\n");
}

TEST(AnAsideIsWrittenBeforeTheNextMessage) {
  Stage stage;
  stage.turns.Take(&kFinished);
  stage.Write("first\n");
  Task second([&] {
    stage.turns.Take(&kFinished);
    stage.Write("second\n");
    stage.turns.Pass();
  });
  CHECK(AwaitQuiet());
  stage.Aside("aside\n");
  stage.turns.Pass();
  second.Join();
  CHECK_EQ(stage.file.text(), "first\naside\nsecond\n");
}

TEST(TooManyAsidesAreDroppedAndALineSaysSo) {
  constexpr size_t kKept = 64 * 1024;
  const std::string dropped = "(further lines were dropped)\n";
  const std::string line = Noise(1024, 3, "abc");
  Stage stage;
  stage.turns.Take(&kFinished);
  std::string expected;
  for (size_t length = 0; length < kKept; length += line.size()) {
    stage.Aside(line);
    expected += line;
  }
  stage.Aside("x");
  stage.Aside("");
  stage.Aside(line);
  stage.turns.Pass();
  CHECK(stage.file.text() == expected + dropped);

  // Afterwards there is room again, and the line comes again where that is used up.
  stage.turns.Take(&kFinished);
  stage.Aside(std::string(kKept + 1, 'y'));
  stage.Aside("z");
  stage.turns.Pass();
  stage.Aside("at once\n");
  CHECK(stage.file.text() == expected + dropped + dropped + "at once\n");
}

// Says something more each time that what it said before is being written.
class Talker : public server::BeforeWait {
 public:
  explicit Talker(server::Turns* turns, PipeReader* reader) : turns_(turns), reader_(reader) {}
  void WillWait() override {
    turns_->Aside(text_.data(), text_.size());
    if (waits++ == 0) reader_->Start();
  }
  int waits = 0;

 private:
  // More than a pipe takes at once, so that each write has to wait.
  const std::string text_ = std::string(64 * 1024, 'a');
  server::Turns* const turns_;
  PipeReader* const reader_;
};

TEST(AsidesWithoutEndKeepNobodyFromTheTurn) {
  PipeReader reader;
  server::Output output;
  REQUIRE(::fcntl(reader.fd(), F_SETPIPE_SZ, 4096) >= 0);
  REQUIRE(output.Open(reader.fd()) == 0);
  server::Turns turns(&output);
  REQUIRE(turns.Open() == 0);
  Talker talker(&turns, &reader);
  turns.Take(&kFinished);
  Task second([&] {
    turns.Take(&kFinished);
    turns.Pass();
  });
  CHECK(AwaitQuiet());
  talker.WillWait();
  turns.Pass(&talker);
  second.Join();
  CHECK(talker.waits > 1);
  output.Close();
  reader.Finish();
}

TEST(AsidesFromManyThreadsStayOutOfMessages) {
  constexpr int kEach = 200;
  Stage stage;
  std::vector<Task*> tasks;
  for (int i = 0; i < 3; i++) {
    tasks.push_back(new Task([&] {
      for (int turn = 0; turn < kEach; turn++) {
        stage.turns.Take(&kFinished);
        stage.Write("<mess");
        stage.Write("age>");
        stage.turns.Pass();
      }
    }));
    tasks.push_back(new Task([&] {
      for (int turn = 0; turn < kEach; turn++) stage.Aside("{aside}");
    }));
  }
  for (Task* task : tasks) delete task;
  size_t messages = 0;
  size_t asides = 0;
  const std::string text = stage.file.text();
  std::string_view rest = text;
  while (!rest.empty()) {
    std::string_view word = rest.substr(0, rest.find_first_of(">}") + 1);
    (word == "<message>" ? messages : asides)++;
    if (word != "<message>" && !CHECK_EQ(word, "{aside}")) break;
    rest.remove_prefix(word.size());
  }
  CHECK_EQ(messages, 3u * kEach);
  CHECK_EQ(asides, 3u * kEach);
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
