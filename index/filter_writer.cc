#include "index/filter_writer.h"

#include <map>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"

namespace duramen::index {
namespace {

/// Writes the pages of the groups, one row after the other.
class PageWriter {
 public:
  explicit PageWriter(const File& file) : file_(&file) {}

  void begin(const FilterGroup& group) { group_ = &group; }
  Result<void> row(std::string_view bits) {
    page_.append(bits);
    if (page_.size() == group_->rows_in_page() * group_->row_bytes()) return end_page();
    return {};
  }
  Result<void> end_group() { return page_.empty() ? Result<void>() : end_page(); }
  Result<void> end_file() {
    DURAMEN_TRY_VOID(write());
    return file_->sync();
  }

 private:
  static constexpr std::size_t kBuffer = 256 << 10;

  Result<void> end_page() {
    ByteWriter out(buffer_);
    out.raw(page_);
    out.u64(checksum64(page_));
    page_.clear();
    return buffer_.size() < kBuffer ? Result<void>() : write();
  }
  Result<void> write() {
    DURAMEN_TRY_VOID(file_->append(buffer_));
    buffer_.clear();
    return {};
  }

  const File* file_;
  const FilterGroup* group_ = nullptr;
  std::string page_;
  std::string buffer_;
};

void set_bit(std::string& bits, std::size_t at) {
  bits[at / 8] = static_cast<char>(bits[at / 8] | 1 << at % 8);
}

FilterHead head_of(const std::map<std::uint8_t, std::vector<std::uint16_t>>& groups,
                   std::size_t blocks) {
  FilterHead head;
  head.blocks = blocks;
  for (const auto& [size_class, columns] : groups) head.groups.push_back({size_class, columns, 0});
  return head;
}

/// All rows of a group, one after the other.
std::string matrix_of(const FilterGroup& group, const std::vector<const BlockKeys*>& blocks) {
  std::string bits(group.rows() * group.row_bytes(), '\0');
  for (std::size_t column = 0; column < group.columns.size(); ++column) {
    for (const std::uint64_t hash : blocks[group.columns[column]]->hashes) {
      const HashRows rows = hash_rows(hash, group.rows());
      for (std::size_t i = 0; i < rows.count; ++i) {
        set_bit(bits, rows.row[i] * group.row_bytes() * 8 + column);
      }
    }
  }
  return bits;
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
    const std::size_t at = row_++ % group_->rows_in_page() * group_->row_bytes();
    return std::string_view(page_).substr(at, group_->row_bytes());
  }

 private:
  const FilterReader* part_;
  const FilterGroup* group_;
  std::string page_;
  std::uint64_t row_ = 0;
};

/// Bits of `row` behind the first `at` bits of `out`, whose other bits are 0. Bits behind the last
/// column of a row are 0, too.
void append_bits(std::string& out, std::size_t at, std::string_view row) {
  const unsigned shift = at % 8;
  for (std::size_t i = 0; i < row.size(); ++i) {
    const auto bits = static_cast<unsigned>(static_cast<unsigned char>(row[i])) << shift;
    const std::size_t to = at / 8 + i;
    out[to] = static_cast<char>(static_cast<unsigned char>(out[to]) | (bits & 0xff));
    if (bits > 0xff) out[to + 1] = static_cast<char>(bits >> 8);
  }
}

Result<void> merge_group(PageWriter& writer, const FilterGroup& group,
                         std::vector<RowStream>& sources) {
  writer.begin(group);
  std::string row;
  for (std::uint32_t r = 0; r < group.rows(); ++r) {
    row.assign(group.row_bytes(), '\0');
    std::size_t at = 0;
    for (RowStream& source : sources) {
      DURAMEN_TRY(const auto bits, source.next());
      append_bits(row, at, bits);
      at += source.columns();
    }
    DURAMEN_TRY_VOID(writer.row(row));
  }
  return writer.end_group();
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
    const std::string bits = matrix_of(group, blocks);
    writer.begin(group);
    for (std::size_t at = 0; at < bits.size(); at += group.row_bytes()) {
      DURAMEN_TRY_VOID(writer.row(std::string_view(bits).substr(at, group.row_bytes())));
    }
    DURAMEN_TRY_VOID(writer.end_group());
  }
  DURAMEN_TRY_VOID(writer.end_file());
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
  DURAMEN_TRY_VOID(writer.end_file());
  return head.file_bytes();
}

}  // namespace duramen::index
