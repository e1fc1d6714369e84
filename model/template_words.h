#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "model/template.h"

namespace duramen::model {

/// Where the value of one slot of a joined template comes from.
struct SlotSource {
  std::string_view word;       ///< a word slot: the word of the template as it was split
  std::uint32_t variable = 0;  ///< else: which variable of the message
};

/// A template as it goes into a block.
struct JoinedTemplate {
  std::string text;
  std::uint32_t slots = 0;
  bool has_words = false;
  std::uint32_t rows = 0;
};

/// The templates of a block after joining those that differ only in words.
struct JoinedTemplates {
  std::vector<JoinedTemplate> templates;         ///< [0]: the whole message as one variable
  std::vector<std::uint32_t> of;                 ///< by split template: index into templates
  std::vector<std::vector<SlotSource>> sources;  ///< by split template; only where has_words
};

struct JoinLimits {
  std::size_t keep = 512;        ///< up to here templates stay as they were split
  std::size_t words = 8;         ///< a place with more different words becomes a word slot
  std::size_t templates = 4096;  ///< the rarest ones beyond go to template 0
};

/// Joins the templates of `table`; `rows[id]` is how often template `id` occurs, rows[0] being the
/// rows without a template. Works on the dictionary alone; deterministic.
/// Ownership: the result refers to the texts in `table`, which must not change meanwhile.
JoinedTemplates join_templates(const TemplateTable& table, std::span<const std::uint32_t> rows,
                               const JoinLimits& limits = {});

}  // namespace duramen::model
