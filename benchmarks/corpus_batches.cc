#include "benchmarks/corpus_batches.h"

#include <cstdlib>
#include <map>

#include "tools/bench/corpus.h"

namespace duramen::benchmarks {
namespace {

constexpr TimeNs kStart = 1'768'464'000 * kNsPerSecond;  // 2026-01-15T08:00:00Z

}  // namespace

std::string corpus_body(std::size_t bytes) {
  bench::CorpusOptions options;
  options.start = kStart;
  bench::Corpus corpus(options);
  std::string body;
  body.reserve(bytes + 4096);
  while (body.size() < bytes) corpus.append_record(body);
  return body;
}

ingest::BuildOptions build_options() {
  ingest::BuildOptions options;
  options.received = kStart + kNsPerDay;
  return options;
}

std::shared_ptr<const model::RecordBatch> corpus_batch(std::size_t bytes) {
  static std::map<std::size_t, std::shared_ptr<const model::RecordBatch>> made;
  auto& batch = made[bytes];
  if (batch == nullptr) {
    auto parsed = ingest::parse_ndjson(corpus_body(bytes), build_options());
    if (!parsed || parsed->rejected != 0) std::abort();  // the corpus itself is broken
    batch = std::move(parsed->records);
  }
  return batch;
}

}  // namespace duramen::benchmarks
