#include <benchmark/benchmark.h>

#include "benchmarks/corpus_batches.h"
#include "model/template.h"
#include "model/tokens.h"

namespace duramen::benchmarks {
namespace {

constexpr std::size_t kBody = 4 << 20;

/// Bytes are those of the messages, items are messages.
void count(benchmark::State& state, const model::RecordBatch& batch) {
  state.SetBytesProcessed(state.iterations() * static_cast<std::int64_t>(batch.messages.size()));
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch.rows()));
}

void tokenize_messages(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  for (auto _ : state) {
    std::size_t tokens = 0;
    for (std::size_t i = 0; i < batch->rows(); ++i) {
      model::for_each_token(batch->message(i), [&](const model::Token& t) { tokens += t.size; });
    }
    benchmark::DoNotOptimize(tokens);
  }
  count(state, *batch);
}
BENCHMARK(tokenize_messages)->Unit(benchmark::kMillisecond);

void split_messages(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  model::MessageSplitter splitter;
  model::TemplateTable templates;
  std::vector<model::Slice> variables;
  for (auto _ : state) {
    templates.clear();
    variables.clear();
    for (std::size_t i = 0; i < batch->rows(); ++i) {
      if (splitter.split(batch->message(i), variables)) templates.add(splitter.text());
    }
    benchmark::DoNotOptimize(variables.data());
  }
  count(state, *batch);
}
BENCHMARK(split_messages)->Unit(benchmark::kMillisecond);

void find_word(benchmark::State& state) {
  const auto batch = corpus_batch(kBody);
  for (auto _ : state) {
    std::size_t found = 0;
    for (std::size_t i = 0; i < batch->rows(); ++i) {
      found += model::contains_word(batch->message(i), "timeout") ? 1 : 0;
    }
    benchmark::DoNotOptimize(found);
  }
  count(state, *batch);
}
BENCHMARK(find_word)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace duramen::benchmarks
