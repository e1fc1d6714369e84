#pragma once

#include <span>
#include <utility>
#include <vector>

#include "model/record_batch.h"
#include "query/rows/record_columns.h"

namespace duramen::query {

/// Records that lie in memory as they came, or as a whole block was decoded.
class BatchColumns final : public RecordColumns {
 public:
  explicit BatchColumns(model::RowSet set) : set_(std::move(set)), records_(set_.records()) {}

  std::size_t rows() const override { return records_.rows(); }
  const std::vector<model::Labels>& streams() const override { return records_.streams; }
  std::size_t field_names() const override { return records_.field_names.size(); }
  std::string_view field_name(std::size_t number) const override {
    return records_.field_names[number];
  }
  TimeNs time(std::size_t row) override { return records_.time[row]; }
  void times(std::span<const std::uint32_t> rows, std::vector<TimeNs>& out) override {
    out.clear();
    for (const std::uint32_t row : rows) out.push_back(records_.time[row]);
  }
  void streams_of(std::span<const std::uint32_t> rows, std::vector<std::uint32_t>& out) override {
    out.clear();
    for (const std::uint32_t row : rows) out.push_back(records_.stream[row]);
  }
  model::Seq seq(std::size_t row) override { return set_.identity(row).seq; }
  Position position(std::size_t row) override {
    const model::RowIdentity identity = set_.identity(row);
    return {records_.time[row], identity.node, identity.origin_seq};
  }
  TimeNs received(std::size_t row) override { return set_.identity(row).received; }
  std::uint32_t stream(std::size_t row) override { return records_.stream[row]; }
  std::string_view message(std::size_t row) override { return records_.message(row); }
  std::span<const std::uint32_t> fields(std::size_t row) override {
    const std::uint32_t first = records_.first_field(row);
    return std::span(records_.field_name).subspan(first, records_.fields_end[row] - first);
  }
  FieldValue field(std::size_t row, std::size_t index) override {
    const std::size_t f = records_.first_field(row) + index;
    return {records_.value(f), records_.field_kind[f]};
  }

 private:
  const model::RowSet set_;
  const model::RecordBatch& records_;
};

}  // namespace duramen::query
