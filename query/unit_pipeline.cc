#include "query/unit_pipeline.h"

#include <tbb/parallel_pipeline.h>
#include <tbb/task_arena.h>

#include <algorithm>
#include <memory>
#include <optional>
#include <utility>

#include "base/mutex.h"

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
};

class Run {
 public:
  Run(const ReadContext& context, std::span<const ScanUnit> units, const UnitPipeline& pipeline)
      : context_(context), units_(units), pipeline_(pipeline) {}

  Result<void> run() {
    if (units_.size() < 2) {
      while (Token* token = next()) {
        read(*token);
        take(*token);
      }
    } else {
      run_parallel();
    }
    const MutexLock lock(mutex_);
    if (error_) return *error_;
    return {};
  }

 private:
  void run_parallel() {
    const auto threads = static_cast<std::size_t>(tbb::this_task_arena::max_concurrency());
    tbb::parallel_pipeline(
        threads * 2, tbb::make_filter<void, Token*>(tbb::filter_mode::serial_in_order,
                                                    [this](tbb::flow_control& control) {
                                                      Token* token = next();
                                                      if (token == nullptr) control.stop();
                                                      return token;
                                                    }) &
                         tbb::make_filter<Token*, Token*>(tbb::filter_mode::parallel,
                                                          [this](Token* token) {
                                                            read(*token);
                                                            return token;
                                                          }) &
                         tbb::make_filter<Token*, void>(tbb::filter_mode::serial_in_order,
                                                        [this](Token* token) { take(*token); }));
  }

  /// Nothing when there are no more units, or none are wanted.
  Token* next() {
    const MutexLock lock(mutex_);
    if (done_ || at_ == units_.size()) return nullptr;
    const auto bounds = pipeline_.bounds(units_[at_]);
    if (!bounds) return nullptr;
    if (free_.empty()) {
      tokens_.push_back(std::make_unique<Token>(context_));
      free_.push_back(tokens_.back().get());
    }
    Token* token = free_.back();
    free_.pop_back();
    token->unit = &units_[at_++];
    token->bounds = *bounds;
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

  void take(Token& token) {
    const bool wanted = token.readable && (!token.rows.empty() || token.counted);
    if (wanted && !is_done()) {
      auto more = pipeline_.take({*token.unit, token.reader, token.rows, token.counted});
      if (!more) {
        fail(std::move(more).error());
      } else if (!*more) {
        const MutexLock lock(mutex_);
        done_ = true;
      }
    }
    const MutexLock lock(mutex_);
    free_.push_back(&token);
  }

  bool is_done() {
    const MutexLock lock(mutex_);
    return done_;
  }

  void fail(Error error) {
    const MutexLock lock(mutex_);
    if (!error_) error_ = std::move(error);
    done_ = true;
  }

  const ReadContext& context_;
  const std::span<const ScanUnit> units_;
  const UnitPipeline& pipeline_;
  Mutex mutex_;
  std::size_t at_ DURAMEN_GUARDED_BY(mutex_) = 0;
  std::vector<std::unique_ptr<Token>> tokens_ DURAMEN_GUARDED_BY(mutex_);
  std::vector<Token*> free_ DURAMEN_GUARDED_BY(mutex_);
  std::optional<Error> error_ DURAMEN_GUARDED_BY(mutex_);
  bool done_ DURAMEN_GUARDED_BY(mutex_) = false;
};

}  // namespace

Result<void> run_pipeline(const ReadContext& context, std::span<const ScanUnit> units,
                          const UnitPipeline& pipeline) {
  return Run(context, units, pipeline).run();
}

}  // namespace duramen::query
