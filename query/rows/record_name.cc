#include "query/rows/record_name.h"

#include <charconv>
#include <optional>

#include "query/rows/row_json.h"

namespace duramen::query {

std::string to_text(const RecordName& record) {
  std::string out;
  append_seq(out, record.node, record.seq);
  return out;
}

Result<RecordName> parse_record_name(std::string_view text) {
  constexpr std::size_t kNodeDigits = 16;
  const auto read = [](std::string_view digits, int base) -> std::optional<std::uint64_t> {
    std::uint64_t number = 0;
    const char* const end = digits.data() + digits.size();
    const auto done = std::from_chars(digits.data(), end, number, base);
    const bool whole = !digits.empty() && done.ec == std::errc() && done.ptr == end;
    return whole ? std::optional(number) : std::nullopt;
  };
  if (text.size() > kNodeDigits && text[kNodeDigits] == ':') {
    const auto node = read(text.substr(0, kNodeDigits), 16);
    const auto seq = read(text.substr(kNodeDigits + 1), 10);
    if (node && seq) return RecordName{model::NodeId(*node), model::Seq(*seq)};
  }
  return Error{ErrorCode::kInvalidArgument,
               "'" + std::string(text.substr(0, 60)) +
                   "' is no name of a record; give the _seq of a row, such as "
                   "0123456789abcdef:17"};
}

}  // namespace duramen::query
