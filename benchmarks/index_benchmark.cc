#include <benchmark/benchmark.h>

#include "benchmarks/corpus_batches.h"
#include "benchmarks/temporary_directory.h"
#include "index/index.h"

namespace duramen::benchmarks {
namespace {

constexpr std::size_t kBody = 12 << 20;  // about 4 MiB of messages: a block
constexpr std::uint64_t kBlocks = 64;
constexpr const char* kSegment = "2026-01-15.default";

index::BlockKeys keys_of(const model::RecordBatch& batch) {
  index::BlockKeysBuilder keys;
  std::string scratch;
  const auto add = [&](model::KeyKind kind, std::string_view key) { keys.add(kind, key); };
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    model::for_each_key_of_text(batch.message(row), scratch, add);
  }
  for (const model::Labels& stream : batch.streams) {
    for (const auto& [name, value] : stream.pairs()) {
      model::for_each_key_of_text(value, scratch, add);
      keys.add_label(model::pair_text(name, value));
    }
  }
  return keys.take();
}

const index::BlockKeys& corpus_keys() {
  static const index::BlockKeys kKeys = keys_of(*corpus_batch(kBody));
  return kKeys;
}

/// An index of one segment in a directory of its own.
struct CorpusIndex {
  CorpusIndex() {
    index::IndexOptions options;
    options.directory = directory.path() + "/index";
    auto opened = index::Index::open(options, metrics);
    if (opened) index = *std::move(opened);
  }
  /// `count` blocks more, all alike.
  bool add(std::uint64_t count) {
    for (; count != 0; --count) {
      if (index == nullptr || !index->add(kSegment, model::BlockId(next++), corpus_keys())) {
        return false;
      }
    }
    return true;
  }
  TemporaryDirectory directory;
  MetricRegistry metrics;
  std::unique_ptr<index::Index> index;
  std::uint64_t next = 1;
};

void collect_block_keys(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  for (auto _ : state) benchmark::DoNotOptimize(keys_of(*batch));
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch->raw_bytes()));
  state.counters["hashes"] = static_cast<double>(corpus_keys().hashes.size());
}
BENCHMARK(collect_block_keys)->Unit(benchmark::kMillisecond);

/// Items are blocks; a part of 16 is written, with its syncs.
void write_index_part(benchmark::State& state) {
  CorpusIndex corpus;
  for (auto _ : state) {
    if (!corpus.add(16) || !corpus.index->flush()) {
      state.SkipWithError("add");
      break;
    }
    state.PauseTiming();
    static_cast<void>(corpus.index->drop(kSegment));
    state.ResumeTiming();
  }
  state.SetItemsProcessed(state.iterations() * 16);
}
BENCHMARK(write_index_part)->Unit(benchmark::kMillisecond)->UseRealTime();

/// Items are blocks: four parts of 16 become one.
void seal_index(benchmark::State& state) {
  for (auto _ : state) {
    state.PauseTiming();
    CorpusIndex corpus;
    const bool added = corpus.add(kBlocks) && corpus.index->flush();
    state.ResumeTiming();
    if (!added || !corpus.index->seal(kSegment)) {
      state.SkipWithError("seal");
      break;
    }
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(kBlocks));
}
BENCHMARK(seal_index)->Unit(benchmark::kMillisecond)->UseRealTime()->Iterations(3);

void find_in_index(benchmark::State& state, model::KeyKind kind, const std::string& text) {
  CorpusIndex corpus;
  if (!corpus.add(kBlocks) || !corpus.index->seal(kSegment)) {
    state.SkipWithError("add");
    return;
  }
  const auto view = corpus.index->view(kSegment);
  const model::IndexKey key{kind, text};
  index::LookupCost cost;
  for (auto _ : state) benchmark::DoNotOptimize(view->find(key, cost));
  state.counters["rows"] =
      benchmark::Counter(static_cast<double>(cost.rows), benchmark::Counter::kAvgIterations);
}
BENCHMARK_CAPTURE(find_in_index, absent_token, model::KeyKind::kToken, "absent12345")
    ->Unit(benchmark::kMicrosecond);
BENCHMARK_CAPTURE(find_in_index, word, model::KeyKind::kWord, "connection")
    ->Unit(benchmark::kMicrosecond);

}  // namespace
}  // namespace duramen::benchmarks
