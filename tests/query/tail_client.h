#pragma once

#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "query/tail/tails.h"

namespace duramen::query {

/// Who takes a tail's rows and remembers by what it would go on.
class TailClient {
 public:
  explicit TailClient(std::shared_ptr<Tail> tail) : tail_(std::move(tail)), last_(tail_->start()) {}

  /// About `bytes`; true when something came.
  bool take(std::size_t bytes = 1U << 30) {
    const TailTaken taken = tail_->take(bytes);
    for (const TailPiece& piece : taken.pieces) {
      for (std::size_t row = piece.begin; row < piece.end; ++row) {
        lines.emplace_back(piece.chunk->line(row));
        last_ = piece.chunk->rows[row].name;
      }
    }
    if (taken.ended) ended = taken.reason;
    return !taken.pieces.empty();
  }
  void replace(std::shared_ptr<Tail> tail) { tail_ = std::move(tail); }
  Tail& tail() { return *tail_; }
  RecordName last() const { return last_; }
  std::vector<std::string> messages() const {
    std::vector<std::string> out;
    for (const std::string& line : lines) {
      const auto row = nlohmann::json::parse(line);
      const auto gap = row.find("_gap");
      if (gap == row.end()) {
        out.push_back(row.value("_msg", "-"));
      } else {
        out.push_back("gap of " + (gap->contains("rows") ? gap->at("rows").dump() : "?"));
      }
    }
    return out;
  }

  std::vector<std::string> lines;
  std::optional<std::string> ended;  ///< with this reason

 private:
  std::shared_ptr<Tail> tail_;
  RecordName last_;
};

}  // namespace duramen::query
