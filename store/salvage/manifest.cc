#include "store/salvage/manifest.h"

#include "base/bytes.h"
#include "store/salvage/files.h"
#include "store/salvage/log_walk.h"

namespace duramen::store {
namespace {

constexpr std::uint64_t kDeletedFile = 6;
constexpr std::uint64_t kColumnFamily = 200;

}  // namespace

std::string table_file_name(std::uint64_t number, std::string_view extension) {
  std::string digits = std::to_string(number);
  if (digits.size() < 6) digits.insert(0, 6 - digits.size(), '0');
  return digits + std::string(extension);
}

Result<void> take_out_tables(const std::string& db, const std::vector<LiveTable>& tables) {
  DURAMEN_TRY(std::string name, read_file(db + "/CURRENT"));
  while (!name.empty() && name.back() == '\n') name.pop_back();
  const std::string path = db + "/" + name;
  DURAMEN_TRY(std::string manifest, read_file(path));
  const LogContent content = read_log(manifest);
  if (!content.damage.empty()) {
    return Error{ErrorCode::kDataLoss, path + " is damaged at byte " +
                                           std::to_string(content.damage.front().at) + ": " +
                                           content.damage.front().what};
  }
  manifest.resize(content.end);
  for (const LiveTable& table : tables) {
    std::string edit;
    ByteWriter out(edit);
    out.varint(kDeletedFile);
    out.varint(static_cast<std::uint64_t>(table.level));
    out.varint(table.number);
    out.varint(kColumnFamily);
    out.varint(table.family_id);
    append_log_record(manifest, edit);
  }
  return replace_file(path, manifest);
}

}  // namespace duramen::store
