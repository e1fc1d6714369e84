#include "query/scan/unit_pipeline.h"

#include <algorithm>
#include <deque>
#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"
#include "base/parallel.h"

namespace duramen::query {
namespace {

/// A unit on its way.
struct Token {
  explicit Token(const ReadContext& context) : reader(context) {}
  UnitReader reader;
  const ScanUnit* unit = nullptr;
  PositionBounds bounds;
  std::vector<std::uint32_t> rows;
  std::optional<std::uint64_t> counted;
  bool readable = false;
  bool finished = false;  ///< may be taken
};

/// Each worker reads a unit and then takes all that are finished and whose turn it is, unless
/// another one does so already.
class Run {
 public:
  Run(const ReadContext& context, std::span<const ScanUnit> units, const UnitPipeline& pipeline)
      : context_(context),
        units_(units),
        pipeline_(pipeline),
        workers_(std::min(processors(), units.size())) {}

  Result<void> run() {
    for_each_index(workers_, [this](std::size_t) {
      while (Token* token = next()) {
        read(*token);
        deliver(*token);
      }
    });
    const MutexLock lock(mutex_);
    if (error_) return *error_;
    return {};
  }

 private:
  /// Nothing when there are no more units, or none are wanted. Waits while so many units are ahead
  /// of the one whose turn it is, which another worker reads or takes.
  Token* next() {
    const MutexLock lock(mutex_);
    while (!done_ && in_order_.size() >= 2 * workers_) changed_.wait(mutex_);
    if (done_ || at_ == units_.size()) return nullptr;
    const auto bounds = pipeline_.bounds(units_[at_]);
    if (!bounds) {
      at_ = units_.size();
      return nullptr;
    }
    if (free_.empty()) {
      tokens_.push_back(std::make_unique<Token>(context_));
      free_.push_back(tokens_.back().get());
    }
    Token* token = free_.back();
    free_.pop_back();
    in_order_.push_back(token);
    token->unit = &units_[at_++];
    token->bounds = *bounds;
    token->finished = false;
    return token;
  }

  void read(Token& token) {
    token.readable = false;
    if (is_done()) return;
    if (auto done = try_read(token); !done) fail(std::move(done).error());
  }

  Result<void> try_read(Token& token) {
    token.rows.clear();
    token.counted.reset();
    DURAMEN_TRY(token.readable, token.reader.open(*token.unit));
    if (!token.readable) return {};
    if (pipeline_.count) token.counted = pipeline_.count(token.reader);
    if (token.counted) return {};
    DURAMEN_TRY(token.readable, token.reader.select(pipeline_.range, token.bounds, token.rows));
    if (!token.readable) return {};
    DURAMEN_TRY(token.readable, token.reader.load(token.rows, pipeline_.load));
    return {};
  }

  void deliver(Token& finished) {
    {
      const MutexLock lock(mutex_);
      finished.finished = true;
      if (delivering_) return;  // who does so will find it
      delivering_ = true;
    }
    while (Token* token = next_in_order()) take(*token);
  }

  /// The token whose turn it is, when it is finished; else delivering ends.
  Token* next_in_order() {
    const MutexLock lock(mutex_);
    delivering_ = !in_order_.empty() && in_order_.front()->finished;
    return delivering_ ? in_order_.front() : nullptr;
  }

  void take(Token& token) {
    const bool wanted = token.readable && (!token.rows.empty() || token.counted);
    bool more = true;
    if (wanted && !is_done()) {
      auto taken = pipeline_.take({*token.unit, token.reader, token.rows, token.counted});
      if (!taken) {
        fail(std::move(taken).error());
      } else {
        more = *taken;
      }
    }
    const MutexLock lock(mutex_);
    done_ = done_ || !more;
    in_order_.pop_front();
    free_.push_back(&token);
    changed_.notify_all();
  }

  bool is_done() {
    const MutexLock lock(mutex_);
    return done_;
  }

  void fail(Error error) {
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(error);
    done_ = true;
    changed_.notify_all();
  }

  const ReadContext& context_;
  const std::span<const ScanUnit> units_;
  const UnitPipeline& pipeline_;
  const std::size_t workers_;
  Mutex mutex_;
  CondVar changed_;
  std::size_t at_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Token>> tokens_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<Token*> free_ DURAMEN_GUARDED_BY(mutex_);
  std::deque<Token*> in_order_ DURAMEN_GUARDED_BY(mutex_);  ///< being read, or not yet taken
  std::optional<Error> error_ DURAMEN_GUARDED_BY(mutex_);
  bool delivering_ DURAMEN_GUARDED_BY(mutex_) = false;
  bool done_ DURAMEN_GUARDED_BY(mutex_) = false;
};

}  // namespace

Result<void> run_pipeline(const ReadContext& context, std::span<const ScanUnit> units,
                          const UnitPipeline& pipeline) {
  return Run(context, units, pipeline).run();
}

}  // namespace duramen::query
