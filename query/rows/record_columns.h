#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

#include "base/clock.h"
#include "model/ids.h"
#include "model/labels.h"
#include "query/rows/row.h"

namespace duramen::query {

/// The records of one unit of a scan, wherever they lie. Row numbers are 0 to rows() - 1.
/// Threading: one thread. Ownership: what message() gives is good until its next call, everything
/// else as long as this lives.
class RecordColumns {
 public:
  RecordColumns() = default;
  RecordColumns(const RecordColumns&) = delete;
  RecordColumns& operator=(const RecordColumns&) = delete;
  RecordColumns(RecordColumns&&) = delete;
  RecordColumns& operator=(RecordColumns&&) = delete;
  virtual ~RecordColumns() = default;

  virtual std::size_t rows() const = 0;
  virtual const std::vector<model::Labels>& streams() const = 0;
  /// Names of fields. A name may have several numbers, but no row has two of them.
  virtual std::size_t field_names() const = 0;
  virtual std::string_view field_name(std::size_t number) const = 0;

  virtual TimeNs time(std::size_t row) = 0;
  /// Of many rows at once.
  virtual void times(std::span<const std::uint32_t> rows, std::vector<TimeNs>& out) = 0;
  virtual void streams_of(std::span<const std::uint32_t> rows, std::vector<std::uint32_t>& out) = 0;
  virtual model::Seq seq(std::size_t row) = 0;
  virtual Position position(std::size_t row) = 0;
  virtual TimeNs received(std::size_t row) = 0;
  virtual std::uint32_t stream(std::size_t row) = 0;  ///< index into streams()
  virtual std::string_view message(std::size_t row) = 0;
  /// The numbers of the row's field names, in its order.
  virtual std::span<const std::uint32_t> fields(std::size_t row) = 0;
  /// The value of the row's field at `index` of fields().
  virtual FieldValue field(std::size_t row, std::size_t index) = 0;
};

}  // namespace duramen::query
