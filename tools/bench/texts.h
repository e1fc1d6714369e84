#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace duramen::bench {

/// What the generated containers say. `%` and a letter is a variable (Corpus::append_variable):
/// %u request UUID, %h trace id, %i address, %U user, %o order, %p path (all of the same request),
/// %d duration, %n small and %N larger number, %x hex, %f fraction, %s HTTP status, %w words,
/// %a user agent, %t and %T the record's own time, %% a percent sign.
struct TextTemplate {
  std::string_view text;
  unsigned weight;
  bool error = false;  ///< goes to stderr
  int trace = -1;      ///< index in text_traces(): follows line by line
};

struct TextService {
  std::string_view name;
  std::string_view tag;
  unsigned weight;
  std::vector<TextTemplate> templates;
};

using TextTrace = std::vector<std::string_view>;

const std::vector<TextService>& text_services();
const std::vector<TextTrace>& text_traces();
std::span<const std::string_view> text_paths();
std::span<const std::string_view> text_statuses();
std::span<const std::string_view> text_words();
std::span<const std::string_view> text_agents();

}  // namespace duramen::bench
