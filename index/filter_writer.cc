#include "index/filter_writer.h"

#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"
#include "index/bits.h"

namespace duramen::index {
namespace {

/// Writes pages one after the other.
class PageWriter {
 public:
  explicit PageWriter(const File& file) : file_(&file) {}

  Result<void> page(std::string_view rows) {
    ByteWriter out(buffer_);
    out.raw(rows);
    out.u64(checksum64(rows));
    return buffer_.size() < kBuffer ? Result<void>() : write();
  }
  Result<void> end() {
    DURAMEN_TRY_VOID(write());
    return file_->sync();
  }

 private:
  static constexpr std::size_t kBuffer = 256 << 10;

  Result<void> write() {
    DURAMEN_TRY_VOID(file_->append(buffer_));
    buffer_.clear();
    return {};
  }

  const File* file_;
  std::string buffer_;
};

FilterHead head_of(const std::map<std::uint8_t, std::vector<std::uint16_t>>& groups,
                   std::size_t blocks) {
  FilterHead head;
  head.blocks = blocks;
  for (const auto& [size_class, columns] : groups) head.groups.push_back({size_class, columns, 0});
  return head;
}

/// All rows of a group, one after the other.
std::string matrix_of(const FilterGroup& group, const std::vector<const BlockKeys*>& blocks) {
  const std::size_t columns = group.columns.size();
  std::string bits((group.rows() * columns + 7) / 8, '\0');
  for (std::size_t column = 0; column < columns; ++column) {
    for (const std::uint64_t hash : blocks[group.columns[column]]->hashes) {
      const HashRows rows = hash_rows(hash, group.rows());
      for (std::size_t i = 0; i < rows.count; ++i) set_bit(bits, rows.row[i] * columns + column);
    }
  }
  return bits;
}

Result<void> write_group(PageWriter& writer, const FilterGroup& group, const std::string& bits) {
  std::string rows;
  std::size_t at = 0;
  for (std::uint32_t page = 0; page < group.pages(); ++page) {
    const std::size_t count = group.rows_of_page(page) * group.columns.size();
    take_bits(bits, at, count, rows);
    at += count;
    DURAMEN_TRY_VOID(writer.page(rows));
  }
  return {};
}

/// The rows of one group of one part, in order.
class RowStream {
 public:
  RowStream(const FilterReader& part, const FilterGroup& group) : part_(&part), group_(&group) {}

  std::size_t columns() const { return group_->columns.size(); }
  /// Good until the next call.
  Result<std::string_view> next() {
    if (row_ % group_->rows_in_page() == 0) {
      DURAMEN_TRY(page_, part_->page(*group_, row_ / group_->rows_in_page()));
    }
    take_bits(page_, group_->bit_of(row_++), columns(), bits_);
    return std::string_view(bits_);
  }

 private:
  const FilterReader* part_;
  const FilterGroup* group_;
  std::string page_;
  std::string bits_;
  std::uint32_t row_ = 0;
};

Result<void> merge_group(PageWriter& writer, const FilterGroup& group,
                         std::vector<RowStream>& sources) {
  std::string rows;
  for (std::uint32_t page = 0; page < group.pages(); ++page) {
    rows.assign(group.page_bytes(page) - kPageSum, '\0');
    std::size_t at = 0;
    for (std::uint32_t row = 0; row < group.rows_of_page(page); ++row) {
      for (RowStream& source : sources) {
        DURAMEN_TRY(const auto bits, source.next());
        put_bits(rows, at, bits);
        at += source.columns();
      }
    }
    DURAMEN_TRY_VOID(writer.page(rows));
  }
  return {};
}

}  // namespace

Result<std::uint64_t> write_filter(const std::string& path,
                                   const std::vector<const BlockKeys*>& blocks) {
  std::map<std::uint8_t, std::vector<std::uint16_t>> groups;
  for (std::size_t place = 0; place < blocks.size(); ++place) {
    groups[size_class_of(blocks[place]->hashes, blocks[place]->filter_bytes_limit)].push_back(
        static_cast<std::uint16_t>(place));
  }
  FilterHead head = head_of(groups, blocks.size());
  DURAMEN_TRY(const auto file, File::create(path));
  DURAMEN_TRY_VOID(file.append(encode_filter_head(head)));
  PageWriter writer(file);
  for (const FilterGroup& group : head.groups) {
    DURAMEN_TRY_VOID(write_group(writer, group, matrix_of(group, blocks)));
  }
  DURAMEN_TRY_VOID(writer.end());
  return head.file_bytes();
}

Result<std::uint64_t> merge_filters(const std::string& path,
                                    const std::vector<const FilterReader*>& parts) {
  std::map<std::uint8_t, std::vector<std::uint16_t>> groups;
  std::map<std::uint8_t, std::vector<RowStream>> sources;
  std::size_t blocks = 0;
  for (const FilterReader* part : parts) {
    for (const FilterGroup& group : part->head().groups) {
      for (const std::uint16_t place : group.columns) {
        groups[group.size_class].push_back(static_cast<std::uint16_t>(blocks + place));
      }
      sources[group.size_class].emplace_back(*part, group);
    }
    blocks += part->head().blocks;
  }
  FilterHead head = head_of(groups, blocks);
  DURAMEN_TRY(const auto file, File::create(path));
  DURAMEN_TRY_VOID(file.append(encode_filter_head(head)));
  PageWriter writer(file);
  for (const FilterGroup& group : head.groups) {
    DURAMEN_TRY_VOID(merge_group(writer, group, sources[group.size_class]));
  }
  DURAMEN_TRY_VOID(writer.end());
  return head.file_bytes();
}

}  // namespace duramen::index
