// SPDX-License-Identifier: MIT
#include "native/server/turns.h"

#include <poll.h>

#include <string>
#include <vector>

#include "native/server/output.h"
#include "native/server/sync.h"
#include "native/test/check.h"
#include "native/test/files.h"
#include "native/test/threads.h"

namespace sockkit::test {
namespace {

using server::Output;
using server::Turns;

const std::atomic<bool> kFinished{true};
const std::atomic<bool> kUnfinished{false};

// Turns at a file, and threads that queue for one and write a word in it.
struct Stage {
  Stage() : turns(&output) {
    REQUIRE(output.Open(file.fd()) == 0);
    REQUIRE(turns.Open() == 0);
  }
  ~Stage() {
    for (Task* task : tasks) delete task;
  }
  // Returns when the thread is in the queue, or has written where the turn was free.
  void Queue(const std::string& word, const std::atomic<bool>* finished = &kFinished) {
    tasks.push_back(new Task([this, word, finished] {
      turns.Take(finished);
      output.Write(word.data(), word.size());
      turns.Pass();
    }));
    CHECK(AwaitQuiet());
  }
  // What is written when every thread has had its turn.
  std::string End() {
    for (Task* task : tasks) task->Join();
    return file.text();
  }
  bool ContentionTold() {
    pollfd wake = {turns.contention().fd(), POLLIN, 0};
    return ::poll(&wake, 1, 0) == 1;
  }

  TemporaryFile file;
  Output output;
  Turns turns;
  std::vector<Task*> tasks;
};

TEST(FirstComeFirstServed) {
  Stage stage;
  stage.turns.Take(&kFinished);
  for (const char* word : {"a", "b", "c", "d", "e", "f"}) stage.Queue(word);
  CHECK_EQ(stage.file.text(), "");
  stage.turns.Pass();
  CHECK_EQ(stage.End(), "abcdef");
}

TEST(WithoutTheDrainUnfinishedMessagesKeepTheirPlace) {
  Stage stage;
  stage.turns.Take(&kUnfinished);
  stage.Queue("a", &kUnfinished);
  stage.Queue("b");
  stage.turns.Pass();
  CHECK_EQ(stage.End(), "ab");
}

TEST(TryTakeOvertakesNobody) {
  Stage stage;
  CHECK(stage.turns.TryTake());
  CHECK(!stage.turns.TryTake());
  stage.turns.Pass();
  CHECK(stage.turns.TryTake());
  stage.Queue("a");
  CHECK(!stage.turns.TryTake());
  stage.turns.Pass();
  CHECK_EQ(stage.End(), "a");
  CHECK(stage.turns.TryTake());
  stage.turns.Pass();
}

TEST(TheHolderIsToldOfContention) {
  Stage stage;
  stage.turns.Take(&kFinished);
  CHECK(!stage.turns.contended());
  CHECK(!stage.ContentionTold());
  stage.Queue("a");
  CHECK(stage.turns.contended());
  CHECK(stage.ContentionTold());
  // Cleared by the holder, it says nothing of those who come while others wait already.
  stage.turns.contention().Clear();
  CHECK(!stage.ContentionTold());
  stage.Queue("b");
  CHECK(!stage.ContentionTold());
  CHECK(stage.turns.contended());
  stage.turns.Pass();
  stage.End();
  CHECK(!stage.turns.contended());
  stage.turns.contention().Clear();
  stage.turns.Take(&kFinished);
  CHECK(!stage.ContentionTold());
  stage.Queue("c");
  CHECK(stage.ContentionTold());
  stage.turns.Pass();
}

TEST(InTheDrainFinishedMessagesGoFirst) {
  Stage stage;
  stage.turns.Take(&kUnfinished);
  stage.Queue("a", &kUnfinished);
  stage.Queue("B");
  stage.Queue("c", &kUnfinished);
  stage.Queue("D");
  stage.turns.BeginDrain(2);
  stage.turns.Pass();
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.file.text(), "BD");
  // Nobody has the turn, but what is unfinished waits for the two to be done.
  stage.turns.FinishedDone();
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.file.text(), "BD");
  stage.Queue("E");
  CHECK_EQ(stage.file.text(), "BDE");
  stage.Queue("f", &kUnfinished);
  CHECK_EQ(stage.file.text(), "BDE");
  stage.turns.FinishedDone();
  CHECK_EQ(stage.End(), "BDEacf");
}

TEST(InTheDrainMessagesBecomeFinished) {
  Stage stage;
  std::atomic<bool> finished{false};
  stage.turns.Take(&kUnfinished);
  stage.Queue("a", &kUnfinished);
  stage.Queue("B", &finished);
  finished = true;
  stage.turns.BeginDrain(1);
  stage.turns.Pass();
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.file.text(), "B");
  stage.turns.FinishedDone();
  CHECK_EQ(stage.End(), "Ba");
}

TEST(InTheDrainAFreeTurnIsKeptForFinishedMessages) {
  Stage stage;
  stage.turns.BeginDrain(1);
  CHECK(!stage.turns.TryTake());
  stage.Queue("b", &kUnfinished);
  CHECK_EQ(stage.file.text(), "");
  stage.Queue("A");
  CHECK_EQ(stage.file.text(), "A");
  stage.turns.FinishedDone();
  CHECK_EQ(stage.End(), "Ab");
  CHECK(stage.turns.TryTake());
  stage.turns.Pass();
}

// Messages go on being printed while the drain looks which are finished: it may count one, and that
// may be done, before it says how many there are.
TEST(AFinishedMessageMayBeDoneBeforeTheDrainBegins) {
  Stage stage;
  stage.turns.Take(&kUnfinished);
  stage.Queue("b", &kUnfinished);
  stage.Queue("A");
  stage.turns.FinishedDone();
  stage.turns.BeginDrain(2);
  stage.turns.Pass();
  CHECK(AwaitQuiet());
  CHECK_EQ(stage.file.text(), "A");
  stage.turns.FinishedDone();
  CHECK_EVENTUALLY_EQ(stage.file.text(), "Ab");
  REQUIRE(stage.file.text() == "Ab");
  CHECK_EQ(stage.End(), "Ab");
}

TEST(AllFinishedMessagesMayBeDoneBeforeTheDrainBegins) {
  Stage stage;
  stage.turns.Take(&kUnfinished);
  stage.Queue("a", &kUnfinished);
  stage.turns.FinishedDone();
  stage.turns.BeginDrain(1);
  stage.turns.Pass();
  CHECK_EVENTUALLY_EQ(stage.file.text(), "a");
  REQUIRE(stage.file.text() == "a");
  CHECK(stage.turns.TryTake());
  stage.turns.Pass();
}

TEST(ManyThreadsHaveOneTurnEach) {
  constexpr int kThreads = 8;
  constexpr int kTurns = 300;
  Stage stage;
  int counter = 0;  // Not atomic: whoever has the turn has it alone.
  int taken = 0;
  for (int i = 0; i < kThreads; i++) {
    stage.tasks.push_back(new Task([&, i] {
      for (int turn = 0; turn < kTurns; turn++) {
        if ((i + turn) % 3 != 0 || !stage.turns.TryTake()) {
          stage.turns.Take(turn % 2 == 0 ? &kFinished : &kUnfinished);
        }
        int before = counter;
        if (turn % 8 == 0) sched_yield();
        counter = before + 1;
        stage.output.Write("xy", 2);
        taken++;
        stage.turns.Pass();
      }
    }));
  }
  const std::string text = stage.End();
  CHECK_EQ(counter, kThreads * kTurns);
  CHECK_EQ(taken, counter);
  CHECK_EQ(text.size(), 2u * kThreads * kTurns);
  CHECK_EQ(text.find("xx"), std::string::npos);
  CHECK(!stage.turns.contended());
}

}  // namespace
}  // namespace sockkit::test

int main(int argc, char** argv) {
  return sockkit::test::RunTests(argc, argv);
}
