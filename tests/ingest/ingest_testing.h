#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "ingest/ingest.h"
#include "ingest/ndjson.h"
#include "model/record_sink.h"

namespace duramen::ingest::testing {

/// 2026-11-21T10:00:00Z
inline constexpr TimeNs kNow = 1'795'255'200 * kNsPerSecond;

inline BuildOptions build_options() {
  BuildOptions options;
  options.received = kNow;
  return options;
}

/// A row as a reader would see it.
struct Row {
  TimeNs time = 0;
  std::string message;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> fields;
  std::map<std::string, std::string> json_fields;
  friend bool operator==(const Row&, const Row&) = default;
};

inline Row row_of(const model::RecordBatch& batch, std::size_t row) {
  Row out;
  out.time = batch.time[row];
  out.message = batch.message(row);
  for (const auto& [name, value] : batch.streams[batch.stream[row]].pairs())
    out.labels[name] = value;
  for (std::uint32_t f = batch.first_field(row); f < batch.fields_end[row]; ++f) {
    auto& fields = batch.field_kind[f] == model::FieldKind::kText ? out.fields : out.json_fields;
    fields[batch.field_names[batch.field_name[f]]] = batch.value(f);
  }
  return out;
}

inline std::vector<Row> rows_of(const model::RecordBatch& batch) {
  std::vector<Row> rows;
  for (std::size_t i = 0; i < batch.rows(); ++i) rows.push_back(row_of(batch, i));
  return rows;
}

/// A sink in memory that answers when it is told to, or at once.
class FakeSink final : public model::RecordSink {
 public:
  void append(model::AppendRequest request, Done done) override {
    requests.push_back(request);
    if (refuse) {
      done(*refuse);
    } else if (hold) {
      waiting.push_back(std::move(done));
    } else {
      done(ack_for(requests.size() - 1));
    }
  }
  model::AppendAck ack_for(std::size_t i) const {
    return {model::Seq(1), model::Seq(requests[i].records->rows()), model::NodeId(7), duplicate};
  }
  /// Acknowledges what waits.
  void release() {
    for (auto& done : waiting) done(ack_for(0));
    waiting.clear();
  }

  std::vector<model::AppendRequest> requests;
  std::vector<Done> waiting;
  std::optional<Error> refuse;
  bool hold = false;
  bool duplicate = false;
};

}  // namespace duramen::ingest::testing
