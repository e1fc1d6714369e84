#include <benchmark/benchmark.h>

#include <algorithm>
#include <future>
#include <numeric>

#include "benchmarks/corpus_batches.h"
#include "benchmarks/temporary_directory.h"
#include "store/block.h"
#include "store/journal_entry.h"
#include "store/store.h"

namespace duramen::benchmarks {
namespace {

constexpr std::size_t kBody = 4 << 20;
constexpr std::size_t kEpochBody = 32 << 20;
constexpr std::uint64_t kBlockRawBytes = 4 << 20;

/// Rows as the block builder takes them: by stream, then by seq, up to the size of a block.
struct BlockRows {
  BlockRows() : set(corpus_batch(kEpochBody), first_row()) {
    const model::RecordBatch& batch = set.records();
    std::vector<std::uint32_t> order(batch.rows());
    std::iota(order.begin(), order.end(), 0U);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return batch.stream[a] < batch.stream[b];
    });
    for (const std::uint32_t row : order) {
      if (raw_bytes >= kBlockRawBytes) break;
      raw_bytes += batch.message(row).size();
      rows.push_back({&set, row});
    }
  }
  static model::RowIdentity first_row() {
    return {model::Seq(1), model::NodeId(1), model::Seq(1), build_options().received};
  }
  model::RowSet set;
  std::vector<store::RowRef> rows;
  std::uint64_t raw_bytes = 0;
};

/// Bytes are those of the messages, items are rows.
void count(benchmark::State& state, std::uint64_t raw_bytes, std::size_t rows) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(raw_bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(rows));
}

void encode_block(benchmark::State& state) {
  const BlockRows block;
  std::size_t packed = 0;
  for (auto _ : state) {
    const auto encoded = store::encode_block(block.rows, {});
    if (!encoded) {
      state.SkipWithError(encoded.error().message.c_str());
      break;
    }
    packed = encoded->bytes.size();
  }
  count(state, block.raw_bytes, block.rows.size());
  state.counters["ratio"] =
      static_cast<double>(block.raw_bytes) / static_cast<double>(std::max<std::size_t>(packed, 1));
}
BENCHMARK(encode_block)->Unit(benchmark::kMillisecond);

void decode_block(benchmark::State& state) {
  const BlockRows block;
  const auto encoded = store::encode_block(block.rows, {});
  if (!encoded) {
    state.SkipWithError(encoded.error().message.c_str());
    return;
  }
  const store::BlockBytes& bytes = encoded->bytes;
  for (auto _ : state) {
    const auto rows = store::decode_block(bytes.head, bytes.rows, bytes.vars, bytes.fields);
    if (!rows || rows->rows() != block.rows.size()) {
      state.SkipWithError("decode_block");
      break;
    }
  }
  count(state, block.raw_bytes, block.rows.size());
}
BENCHMARK(decode_block)->Unit(benchmark::kMillisecond);

void pack_journal_columns(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  for (auto _ : state) {
    const auto packed = store::pack_columns(*batch);
    if (!packed) {
      state.SkipWithError(packed.error().message.c_str());
      break;
    }
    benchmark::DoNotOptimize(packed->bytes.data());
  }
  count(state, batch->raw_bytes(), batch->rows());
}
BENCHMARK(pack_journal_columns)->Unit(benchmark::kMillisecond);

/// From append() to its ack, with the sync; wall time. Epochs are built meanwhile.
void append_to_journal(benchmark::State& state) {
  const TemporaryDirectory directory;
  const SystemClock clock;
  MetricRegistry metrics;
  store::StoreOptions options;
  options.directory = directory.path();
  auto opened = store::Store::open(options, clock, metrics);
  if (!opened) {
    state.SkipWithError(opened.error().message.c_str());
    return;
  }
  const auto batch = corpus_batch(kBody);
  for (auto _ : state) {
    std::promise<Result<model::AppendAck>> acked;
    auto answer = acked.get_future();
    (*opened)->append({batch, std::nullopt},
                      [&](Result<model::AppendAck> ack) { acked.set_value(std::move(ack)); });
    const auto ack = answer.get();
    if (!ack) {
      state.SkipWithError(ack.error().message.c_str());
      break;
    }
  }
  count(state, batch->raw_bytes(), batch->rows());
}
BENCHMARK(append_to_journal)->Unit(benchmark::kMillisecond)->UseRealTime();

}  // namespace
}  // namespace duramen::benchmarks
