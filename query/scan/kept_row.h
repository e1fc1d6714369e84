#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "query/rows/row.h"
#include "query/scan/unit_reader.h"

namespace duramen::query {

/// A row on its way to the answer: as a line when nothing comes after, else as a Row.
struct KeptRow {
  Position position;
  std::string json;
  Row row;
  const ScanUnit* unit = nullptr;  ///< where it lies, and
  std::uint32_t number = 0;        ///< its number there, until it is read

  std::size_t memory_bytes() const {
    return sizeof(KeptRow) + json.capacity() + row.memory_bytes();
  }
};

}  // namespace duramen::query
