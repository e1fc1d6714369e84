#include "query/language/regex.h"

#include <re2/re2.h>

#include <utility>

namespace duramen::query {
namespace {

re2::StringPiece piece(std::string_view text) { return {text.data(), text.size()}; }

}  // namespace

Regex::Regex(std::shared_ptr<const re2::RE2> compiled) : compiled_(std::move(compiled)) {
  for (const auto& [number, name] : compiled_->CapturingGroupNames()) {
    groups_.push_back({name, number});
  }
}

Result<Regex> Regex::compile(std::string_view pattern) {
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(kMaxMemory);
  auto compiled = std::make_shared<const re2::RE2>(piece(pattern), options);
  if (!compiled->ok()) {
    return Error{ErrorCode::kInvalidArgument, "bad regex: " + compiled->error()};
  }
  return Regex(std::move(compiled));
}

bool Regex::search(std::string_view text) const {
  return compiled_->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, nullptr, 0);
}

std::optional<std::vector<std::optional<std::string_view>>> Regex::find(
    std::string_view text) const {
  std::vector<re2::StringPiece> pieces(
      static_cast<std::size_t>(compiled_->NumberOfCapturingGroups()) + 1);
  if (!compiled_->Match(piece(text), 0, text.size(), re2::RE2::UNANCHORED, pieces.data(),
                        static_cast<int>(pieces.size()))) {
    return std::nullopt;
  }
  std::vector<std::optional<std::string_view>> out;
  for (const Group& group : groups_) {
    const re2::StringPiece& found = pieces[static_cast<std::size_t>(group.number)];
    if (found.data() == nullptr) {
      out.emplace_back();
    } else {
      out.emplace_back(std::string_view(found.data(), found.size()));
    }
  }
  return out;
}

}  // namespace duramen::query
