#include "index/filter_reader.h"

#include <algorithm>
#include <utility>

#include "index/bits.h"

namespace duramen::index {
namespace {

bool is_zero(const std::string& bits) {
  return std::all_of(bits.begin(), bits.end(), [](char c) { return c == 0; });
}

}  // namespace

Result<FilterReader> FilterReader::open(const std::string& path, std::uint64_t size,
                                        std::size_t blocks,
                                        std::shared_ptr<const FilterHead> head) {
  DURAMEN_TRY(auto file, File::open_to_read(path));
  DURAMEN_TRY(const auto real_size, file.size());
  if (head == nullptr) {
    DURAMEN_TRY(const auto bytes,
                file.read(0, std::min<std::uint64_t>(real_size, max_filter_head(blocks))));
    DURAMEN_TRY(auto decoded, decode_filter_head(bytes, blocks));
    head = std::make_shared<const FilterHead>(std::move(decoded));
  }
  if (real_size != size || head->file_bytes() != size) {
    return Error{ErrorCode::kDataLoss, "filter: not of its size"};
  }
  return FilterReader(std::move(file), std::move(head));
}

Result<BlockSet> FilterReader::find(std::uint64_t hash, LookupCost& cost) const {
  BlockSet found = BlockSet::none(head_->blocks);
  for (const FilterGroup& group : head_->groups) {
    DURAMEN_TRY_VOID(find_in(group, hash, found, cost));
  }
  return found;
}

Result<void> FilterReader::find_in(const FilterGroup& group, std::uint64_t hash, BlockSet& found,
                                   LookupCost& cost) const {
  const HashRows rows = hash_rows(hash, group.rows());
  std::string all;
  std::string bits;
  for (std::size_t i = 0; i < rows.count; ++i) {
    DURAMEN_TRY(const auto bytes, page(group, rows.row[i] / group.rows_in_page()));
    ++cost.rows;
    cost.bytes_read += bytes.size();
    take_bits(bytes, group.bit_of(rows.row[i]), group.columns.size(), i == 0 ? all : bits);
    for (std::size_t b = 0; b < bits.size(); ++b) all[b] = static_cast<char>(all[b] & bits[b]);
    if (is_zero(all)) return {};
  }
  for (std::size_t c = 0; c < group.columns.size(); ++c) {
    if (rows.count == 0 || test_bit(all, c)) found.set(group.columns[c]);
  }
  return {};
}

Result<std::string> FilterReader::page(const FilterGroup& group, std::uint32_t number) const {
  DURAMEN_TRY(auto bytes, file_.read(group.page_offset(number), group.page_bytes(number)));
  DURAMEN_TRY_VOID(check_page(bytes));
  return bytes;
}

}  // namespace duramen::index
