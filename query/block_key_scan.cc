#include "query/block_key_scan.h"

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "model/index_keys.h"
#include "model/template.h"
#include "query/filter/template_judge.h"
#include "store/block_reader.h"

namespace duramen::query {
namespace {

/// The filter of a block takes at most this part of what the block takes on disk.
constexpr std::uint64_t kFilterShare = 10;

class KeyScan {
 public:
  explicit KeyScan(store::BlockReader& block) : block_(block) {}

  Result<index::BlockKeys> run() {
    for (std::size_t id = 0; id < block_.templates().size(); ++id) {
      if (block_.templates()[id].rows != 0) DURAMEN_TRY_VOID(add_template(id));
    }
    for (std::size_t column = 0; column < block_.field_columns().size(); ++column) {
      DURAMEN_TRY_VOID(add_field(column));
    }
    for (const model::Labels& labels : block_.streams()) {
      for (const auto& [name, value] : labels.pairs()) {
        add_text(value);
        const std::string pair = model::pair_text(name, value);
        keys_.add(model::KeyKind::kPair, pair);
        keys_.add_label(pair);
      }
    }
    index::BlockKeys keys = keys_.take();
    keys.filter_bytes_limit = block_.cost().value_bytes / kFilterShare;
    return keys;
  }

 private:
  Result<void> add_template(std::size_t id) {
    if (id != 0) {
      for_each_constant(block_.templates()[id].text,
                        [this](std::string_view piece) { add_text(piece); });
    }
    // First: a template has its columns only if it has the rows that its head says.
    DURAMEN_TRY_VOID(block_.places_in_template());
    for (std::size_t slot = 0; slot < block_.slots_of(id).size(); ++slot) {
      DURAMEN_TRY(const store::ColumnValues* values, block_.variables(id, slot));
      add_values(*values);
    }
    return {};
  }

  Result<void> add_field(std::size_t column) {
    DURAMEN_TRY(const store::ColumnValues* values, block_.field(column));
    add_values(*values);
    const std::string& name = block_.field_columns()[column].name;
    std::string_view last;
    for (std::size_t i = 0; i < values->size(); ++i) {
      const std::string_view value = (*values)[i];
      if (i != 0 && value == last) continue;
      keys_.add(model::KeyKind::kPair, model::pair_text(name, value));
      last = value;
    }
    return {};
  }

  void add_values(const store::ColumnValues& values) {
    std::string_view last;
    for (std::size_t i = 0; i < values.size(); ++i) {
      const std::string_view value = values[i];
      if (value != last) add_text(value);
      last = value;
    }
  }

  void add_text(std::string_view text) {
    model::for_each_key_of_text(text, scratch_, [this](model::KeyKind kind, std::string_view key) {
      keys_.add(kind, key);
    });
  }

  store::BlockReader& block_;
  index::BlockKeysBuilder keys_;
  std::string scratch_;
};

/// The plain way: row by row.
index::BlockKeys keys_of_rows(const model::RowSet& rows) {
  index::BlockKeysBuilder keys;
  for (std::size_t row = 0; row < rows.rows(); ++row) {
    model::for_each_key_of_row(rows.records(), row, [&](model::KeyKind kind, std::string_view key) {
      keys.add(kind, key);
    });
  }
  for (const model::Labels& labels : rows.records().streams) {
    for (const auto& [name, value] : labels.pairs()) keys.add_label(model::pair_text(name, value));
  }
  index::BlockKeys out = keys.take();
  constexpr std::uint64_t kUsualCompression = 8;
  out.filter_bytes_limit = rows.records().raw_bytes() / kUsualCompression / kFilterShare;
  return out;
}

/// Tokens never run over the border of a slot, unless somebody wrote the block by hand.
bool is_regular(const store::BlockReader& block) {
  for (std::size_t id = 1; id < block.templates().size(); ++id) {
    if (!shape_of_template(block.templates()[id].text, block.slots_of(id)).regular) return false;
  }
  return true;
}

}  // namespace

Result<index::BlockKeys> keys_of_block(const store::Snapshot& snapshot,
                                       const store::BlockRef& block) {
  auto reader = snapshot.open(block);
  if (reader && is_regular(**reader)) {
    auto keys = KeyScan(**reader).run();
    if (keys) return keys;
  }
  DURAMEN_TRY(const model::RowSet rows, snapshot.read(block));
  return keys_of_rows(rows);
}

}  // namespace duramen::query
