#pragma once

#include <cstdint>
#include <memory>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "model/record_batch.h"
#include "store/block.h"
#include "store/block_reader.h"

namespace duramen::store {

/// Rows under construction for a block test.
class Rows {
 public:
  Rows() { stream({{"app", "web"}, {"host", "h1"}}); }
  void stream(std::vector<model::Labels::Pair> labels) {
    stream_ = batch_->intern_stream(model::Labels(std::move(labels)));
  }
  void field(std::string_view name, std::string_view value,
             model::FieldKind kind = model::FieldKind::kText) {
    batch_->add_field(batch_->intern_field_name(name), kind, value);
  }
  void add(std::string_view message, TimeNs time = 1'700'000'000'000'000'000) {
    batch_->add_row(stream_, time, message);
  }
  std::size_t size() const { return batch_->rows(); }
  model::RowSet as_accepted_here() const {
    return {batch_, model::RowIdentity{model::Seq(1), model::NodeId(7), model::Seq(1), 42}};
  }
  model::RowSet with(std::vector<model::RowIdentity> identities) const {
    return {batch_, std::move(identities)};
  }

 private:
  std::shared_ptr<model::RecordBatch> batch_ = std::make_shared<model::RecordBatch>();
  std::uint32_t stream_ = 0;
};

std::vector<RowRef> all_rows(const model::RowSet& set);
/// Encodes all rows; a failure is a test failure.
BlockBytes encoded(const model::RowSet& set, int zstd_level = 3);
Result<model::RowSet> decoded(const BlockBytes& bytes);
/// Gives the values of an encoded block, as a store would.
BlockReader::Fetch fetch_from(const BlockBytes& bytes);
/// All rows again, read by columns, in an order that the seed decides.
Result<model::RowSet> read_by_columns(BlockReader& reader, std::uint64_t seed);
/// Empty when both hold the same rows: streams, times, messages, fields in order, identities.
std::string difference(const model::RowSet& a, const model::RowSet& b);
/// Encodes, decodes both ways and compares all rows.
void expect_round_trip(const model::RowSet& set);

/// Lines as containers write them: JSON, access log, key=value, stack traces.
std::string typical_line(std::mt19937_64& random);
/// Anything: from one byte to long, any byte values, digits only, slot bytes, …
std::string odd_line(std::mt19937_64& random);
/// Typical and odd rows with fields, several streams and origins.
model::RowSet mixed_rows(std::uint64_t seed, std::size_t rows);

}  // namespace duramen::store
