#include <benchmark/benchmark.h>
#include <simdjson.h>

#include "benchmarks/corpus_batches.h"
#include "ingest/ndjson.h"
#include "ingest/stream_rates.h"
#include "tools/bench/corpus.h"

namespace duramen::benchmarks {
namespace {

constexpr std::size_t kBody = 4 << 20;

void count_bytes(benchmark::State& state, std::size_t bytes, std::size_t items) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(bytes));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(items));
}

/// NDJSON to columns: bytes are those of the body, items are records.
void parse_json(benchmark::State& state) {
  const std::string body = corpus_body(kBody);
  std::size_t rows = 0;
  for (auto _ : state) {
    auto parsed = ingest::parse_ndjson(body, build_options());
    if (!parsed) {
      state.SkipWithError(parsed.error().message.c_str());
      break;
    }
    rows = parsed->records->rows();
    benchmark::DoNotOptimize(parsed->records->messages.data());
  }
  count_bytes(state, body.size(), rows);
}
BENCHMARK(parse_json)->Unit(benchmark::kMillisecond);

/// What counting by stream adds to that: bytes are those of the body, items are records.
void count_streams(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  const SystemClock clock;
  MetricRegistry metrics;
  ingest::StreamRates rates(clock, metrics);
  for (auto _ : state) rates.add(ingest::BatchTally(batch, rates.limits().streams_per_batch));
  count_bytes(state, kBody, batch->rows());
}
BENCHMARK(count_streams)->Unit(benchmark::kMicrosecond);

/// The part of it under the lock, on the thread that acknowledges.
void add_to_stream_rates(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  const SystemClock clock;
  MetricRegistry metrics;
  ingest::StreamRates rates(clock, metrics);
  const ingest::BatchTally tally(batch, rates.limits().streams_per_batch);
  for (auto _ : state) rates.add(tally);
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(tally.counts().size()));
}
BENCHMARK(add_to_stream_rates)->Unit(benchmark::kMicrosecond);

/// A yardstick: simdjson's parser of many documents over the same bytes, which only copies the
/// messages out.
void parse_json_yardstick(benchmark::State& state) {
  const std::string body = corpus_body(kBody);
  const simdjson::padded_string padded(body);
  simdjson::dom::parser parser;
  std::size_t rows = 0;
  for (auto _ : state) {
    rows = 0;
    std::string messages;
    simdjson::dom::document_stream documents;
    if (parser.parse_many(padded, body.size()).get(documents) != simdjson::SUCCESS) {
      state.SkipWithError("parse_many");
      break;
    }
    for (const auto document : documents) {
      std::string_view log;
      if (document["log"].get(log) == simdjson::SUCCESS) messages += log;
      ++rows;
    }
    benchmark::DoNotOptimize(messages.data());
  }
  count_bytes(state, body.size(), rows);
}
BENCHMARK(parse_json_yardstick)->Unit(benchmark::kMillisecond);

void generate_corpus(benchmark::State& state) {
  std::size_t bytes = 0;
  for (auto _ : state) bytes = corpus_body(kBody).size();
  count_bytes(state, bytes, 0);
}
BENCHMARK(generate_corpus)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duramen::benchmarks
