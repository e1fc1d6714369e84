#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "index/index.h"
#include "model/record_batch.h"
#include "query/deletion/deletions.h"
#include "query/engine.h"
#include "query/indexer.h"
#include "query/tail/tails.h"
#include "tests/base/temporary_directory.h"
#include "tests/query/oracle/row.h"
#include "tests/store/store_fixture.h"

namespace duramen::query {

using Random = std::mt19937_64;

inline std::size_t below(Random& random, std::size_t limit) { return random() % limit; }
inline bool one_in(Random& random, std::size_t n) { return below(random, n) == 0; }
template <class List>
const auto& one_of(Random& random, const List& list) {
  return list[below(random, list.size())];
}

/// Names of fields and labels that random rows have and random queries ask for: some clash with
/// each other, with built-in names, and with what is made of them.
const std::vector<std::string>& field_names();
const std::vector<std::string>& label_names();

/// Rows of every shape: what containers write, and what none would.
class RandomRecords {
 public:
  /// Of an explosion, large batches hold more templates than a block keeps
  /// (model/template_words.h), so that words become variables.
  RandomRecords(Random& random, bool explosion);
  std::shared_ptr<model::RecordBatch> batch(TimeNs now);

 private:
  std::string word();
  std::string message();
  std::string from_vocabulary();
  std::string structured();
  std::string unusual();
  std::string of_explosion();
  void add_fields(model::RecordBatch& batch);
  model::Labels labels();
  TimeNs time(TimeNs now, std::size_t shape, std::size_t row);

  Random& random_;
  std::vector<std::string> vocabulary_;
  std::vector<std::string> earlier_;
  const bool explosion_;
};

/// A real store with an index that is behind, damaged or gone at times, and beside it all rows that
/// it must hold, as the oracle sees them.
class RandomWorld {
 public:
  explicit RandomWorld(Random& random);

  const std::vector<oracle::Row>& rows() const { return rows_; }
  /// Many rows: fewer steps and queries do.
  bool is_large() const { return explosion_; }
  QueryEngine& engine() { return *engine_; }
  /// Of this life: without threads.
  Tails& tails() { return *tails_; }
  std::size_t life() const { return life_; }
  void set_tail_limits(const TailLimits& limits);
  /// Queries may keep few rows only: pipes may give up, and what needs no pipe takes many passes.
  bool has_little_memory() const { return limits_.memory_bytes < QueryLimits().memory_bytes; }
  /// Appends, seals, indexes, damages the index, restarts, or drops old days.
  void step();
  /// Only what loses no row: may happen between two pages.
  void step_without_loss();
  /// Deletes what matches the filter in the range, to the end or only until it is hidden.
  void remove(const QueryRequest& what);

 private:
  void append();
  void restart();
  void open_tails();
  void expire();
  void hide(const QueryRequest& what, const Filter& filter);
  void open_index();
  void step_index();
  /// Flips, cuts off or removes something in the index's directory.
  void damage_index();

  Random& random_;
  const bool explosion_ = one_in(random_, 6);
  RandomRecords records_{random_, explosion_};
  store::TemporaryStore store_;
  TemporaryDirectory index_directory_;
  std::unique_ptr<index::Index> index_;
  std::unique_ptr<Indexer> indexer_;
  QueryLimits limits_;
  std::unique_ptr<QueryEngine> engine_;
  TailLimits tail_limits_;
  std::unique_ptr<Tails> tails_;
  std::unique_ptr<Deletions> deletions_;
  std::size_t life_ = 0;
  std::uint64_t tail_ids_ = 0;
  std::vector<oracle::Row> rows_;
};

}  // namespace duramen::query
