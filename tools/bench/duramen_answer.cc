#include "tools/bench/duramen_answer.h"

#include <nlohmann/json.hpp>

#include "base/checksum.h"

namespace duramen::bench {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownBytes = 500;

Error not_whole(const std::string& what, const std::string& body) {
  return {ErrorCode::kInternal, what + ": " + body.substr(0, kShownBytes)};
}

std::uint64_t number(const Json& from, const char* name) {
  return from.value(name, std::uint64_t{0});
}

bool read_cost(const Json& from, StoreAnswer& out) {
  if (!from.is_object() || !from.contains("scanned_bytes") || from.value("partial", true)) {
    return false;
  }
  out.read_rows = number(from, "scanned_rows");
  out.read_bytes = number(from, "scanned_bytes");
  return true;
}

/// Sum of the whole numbers under a name, in a list of objects.
std::uint64_t sum(const Json& list, const char* name) {
  std::uint64_t out = 0;
  for (const Json& entry : list) out += number(entry, name);
  return out;
}

/// Of the column of counts, which `top` names otherwise than the list does.
std::uint64_t sum_of_counts(const Json& document) {
  const Json& columns = document.at("columns");
  std::uint64_t out = 0;
  for (std::size_t i = 0; i < columns.size(); ++i) {
    if (columns[i] != "n" && columns[i] != "count") continue;
    for (const Json& row : document.at("rows")) out += row.at(i).get<std::uint64_t>();
  }
  return out;
}

/// Rows and count of a document; its list of rows is what is compared.
const Json& read_document(Shape shape, const Json& document, StoreAnswer& out) {
  if (shape == Shape::kHistogram) {
    out.count = number(document, "total");
    return document.at("buckets");
  }
  if (shape == Shape::kLabelValues) {
    const Json& values = document.at("values");
    out.count = sum(values, "rows");
    return values;
  }
  out.count = sum_of_counts(document);
  return document.at("rows");
}

}  // namespace

void DuramenAnswer::take(std::string_view piece) {
  answer_.body_bytes += piece.size();
  if (is_lines()) {
    take_lines(piece);
  } else {
    text_ += piece;
  }
}

void DuramenAnswer::take_lines(std::string_view piece) {
  for (std::size_t end = piece.find('\n'); end != std::string_view::npos; end = piece.find('\n')) {
    if (has_last_) {
      answer_.digest = hash64(last_, answer_.digest);
      ++answer_.rows;
    }
    has_last_ = true;
    last_.assign(text_).append(piece.substr(0, end));
    text_.clear();
    piece.remove_prefix(end + 1);
  }
  text_ += piece;
}

Result<StoreAnswer> DuramenAnswer::finish(int status) {
  if (status != 200) {
    return not_whole("status " + std::to_string(status), last_.empty() ? text_ : last_);
  }
  return is_lines() ? finish_lines() : finish_document();
}

Result<StoreAnswer> DuramenAnswer::finish_lines() {
  const Json end = Json::parse(last_, nullptr, false);
  if (!text_.empty() || !end.is_object() || !read_cost(end.value("_end", Json()), answer_)) {
    return not_whole("an answer without a good end", last_);
  }
  return answer_;
}

Result<StoreAnswer> DuramenAnswer::finish_document() {
  const Json document = Json::parse(text_, nullptr, false);
  if (!read_cost(document, answer_)) return not_whole("an answer that is not whole", text_);
  try {
    const Json& rows = read_document(shape_, document, answer_);
    answer_.rows = rows.size();
    answer_.digest = checksum64(rows.dump());
    return answer_;
  } catch (const Json::exception& error) {
    return not_whole(std::string("an answer that is not understood (") + error.what() + ")", text_);
  }
}

}  // namespace duramen::bench
