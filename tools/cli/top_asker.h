#pragma once

#include <memory>
#include <optional>
#include <thread>

#include "base/mutex.h"
#include "base/result.h"
#include "tools/cli/arguments.h"
#include "tools/cli/client.h"
#include "tools/cli/top_sample.h"

namespace duramen::cli {

/// Asks a daemon for everything that a frame shows. `order`: of which streams it names, when it has
/// more than it names. Blocking: three requests. Errors: those of Client and of the answers.
Result<TopSample> take_top_sample(Client& client, TopOrder order);

/// The same on a thread of its own: whoever waits for an answer must still hear Ctrl-C.
/// Threading: one thread uses it. None of it blocks but the destructor, which waits for an answer
/// that is outstanding (see busy()).
class TopAsker {
 public:
  explicit TopAsker(std::unique_ptr<Client> client);
  TopAsker(const TopAsker&) = delete;
  TopAsker& operator=(const TopAsker&) = delete;
  TopAsker(TopAsker&&) = delete;
  TopAsker& operator=(TopAsker&&) = delete;
  ~TopAsker();

  /// Can be read when there is an answer to take().
  int descriptor() const { return ready_; }
  /// Does nothing while an answer is outstanding.
  void ask(TopOrder order);
  bool busy() const;
  std::optional<Result<TopSample>> take();

 private:
  void run();
  std::optional<TopOrder> next();

  const std::unique_ptr<Client> client_;  ///< of the thread
  const int ready_;
  mutable Mutex mutex_;
  CondVar changed_;
  std::optional<TopOrder> wanted_ DURAMEN_GUARDED_BY(mutex_);
  std::optional<Result<TopSample>> answer_ DURAMEN_GUARDED_BY(mutex_);
  bool busy_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool stop_ DURAMEN_GUARDED_BY(mutex_) = false;
  std::thread thread_;  ///< last: it uses the others
};

}  // namespace duramen::cli
