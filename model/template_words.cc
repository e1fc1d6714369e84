#include "model/template_words.h"

#include <algorithm>
#include <unordered_map>
#include <unordered_set>

#include "model/tokens.h"

namespace duramen::model {
namespace {

/// Splits the text of a template into its shape (every word blanked) and its words.
void shape_of(std::string_view text, std::string& shape, std::vector<std::string_view>& words) {
  shape.clear();
  words.clear();
  for (std::size_t at = 0; at < text.size();) {
    if (!is_token_byte(text[at])) {
      shape.push_back(text[at++]);
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_token_byte(text[at])) ++at;
    words.push_back(text.substr(begin, at - begin));
    shape.push_back(kWordSlot);
  }
}

using Group = std::vector<std::uint32_t>;  // split templates of one shape, rising

std::vector<Group> group_by_shape(const TemplateTable& table) {
  std::unordered_map<std::string, std::size_t> index;
  std::vector<Group> groups;
  std::string shape;
  std::vector<std::string_view> words;
  for (std::uint32_t id = 1; id <= table.size(); ++id) {
    shape_of(table.text(id), shape, words);
    const auto [found, added] = index.try_emplace(shape, groups.size());
    if (added) groups.emplace_back();
    groups[found->second].push_back(id);
  }
  return groups;
}

/// Which word places of a group have more than `limit` different words.
std::vector<bool> many_words(const TemplateTable& table, const Group& group, std::size_t limit) {
  std::string shape;
  std::vector<std::string_view> words;
  std::vector<std::unordered_set<std::string_view>> seen;
  for (const std::uint32_t id : group) {
    shape_of(table.text(id), shape, words);
    seen.resize(words.size());
    for (std::size_t i = 0; i < words.size(); ++i) {
      if (seen[i].size() <= limit) seen[i].insert(words[i]);
    }
  }
  std::vector<bool> many(seen.size());
  for (std::size_t i = 0; i < seen.size(); ++i) many[i] = seen[i].size() > limit;
  return many;
}

/// Rewrites a template with the chosen words as slots.
struct Rewritten {
  std::string text;
  std::vector<SlotSource> sources;
  bool has_words = false;
};

Rewritten rewrite(std::string_view text, const std::vector<bool>& slot_at) {
  Rewritten out;
  std::uint32_t variable = 0;
  std::size_t word = 0;
  for (std::size_t at = 0; at < text.size();) {
    if (!is_token_byte(text[at])) {
      if (is_slot(text[at])) out.sources.push_back({{}, variable++});
      out.text.push_back(text[at++]);
      continue;
    }
    const std::size_t begin = at;
    while (at < text.size() && is_token_byte(text[at])) ++at;
    const std::string_view token = text.substr(begin, at - begin);
    const bool as_slot = word < slot_at.size() && slot_at[word];
    ++word;
    if (as_slot) {
      out.sources.push_back({token, 0});
      out.text.push_back(kWordSlot);
      out.has_words = true;
    } else {
      out.text.append(token);
    }
  }
  return out;
}

class Joiner {
 public:
  Joiner(const TemplateTable& table, std::span<const std::uint32_t> rows)
      : table_(table), rows_(rows) {
    out_.templates.emplace_back();
    out_.templates[0].rows = rows[0];
    out_.of.resize(table.size() + 1);
    out_.sources.resize(table.size() + 1);
  }

  void keep(std::uint32_t id) { put(id, rewrite(table_.text(id), {})); }

  void join(const Group& group, const JoinLimits& limits) {
    const auto slot_at = many_words(table_, group, limits.words);
    for (const std::uint32_t id : group) {
      Rewritten r = rewrite(table_.text(id), slot_at);
      if (r.sources.size() > kMaxTemplateSlots) r = rewrite(table_.text(id), {});
      put(id, std::move(r));
    }
  }

  JoinedTemplates finish(std::size_t limit) {
    if (out_.templates.size() > limit) drop_rarest(limit);
    return std::move(out_);
  }

 private:
  void put(std::uint32_t id, Rewritten r) {
    std::uint32_t& to = index_.try_emplace(r.text, 0).first->second;
    if (to == 0) {
      to = static_cast<std::uint32_t>(out_.templates.size());
      out_.templates.push_back(
          {std::move(r.text), static_cast<std::uint32_t>(r.sources.size()), false, 0});
    }
    out_.of[id] = to;
    JoinedTemplate& joined = out_.templates[to];
    joined.rows += rows_[id];
    joined.has_words |= r.has_words;
    if (r.has_words) out_.sources[id] = std::move(r.sources);
  }

  void drop_rarest(std::size_t limit) {
    std::vector<std::uint32_t> order(out_.templates.size() - 1);
    for (std::size_t i = 0; i < order.size(); ++i) order[i] = static_cast<std::uint32_t>(i + 1);
    std::stable_sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) {
      return out_.templates[a].rows > out_.templates[b].rows;
    });
    order.resize(limit - 1);
    std::sort(order.begin(), order.end());
    std::vector<std::uint32_t> moved(out_.templates.size(), 0);
    std::vector<JoinedTemplate> kept;
    kept.push_back(std::move(out_.templates[0]));
    for (const std::uint32_t t : order) {
      moved[t] = static_cast<std::uint32_t>(kept.size());
      kept.push_back(std::move(out_.templates[t]));
    }
    for (std::uint32_t id = 1; id < out_.of.size(); ++id) {
      out_.of[id] = moved[out_.of[id]];
      if (out_.of[id] == 0) kept[0].rows += rows_[id];
    }
    out_.templates = std::move(kept);
  }

  const TemplateTable& table_;
  std::span<const std::uint32_t> rows_;
  JoinedTemplates out_;
  std::unordered_map<std::string, std::uint32_t> index_;
};

}  // namespace

JoinedTemplates join_templates(const TemplateTable& table, std::span<const std::uint32_t> rows,
                               const JoinLimits& limits) {
  Joiner joiner(table, rows);
  if (table.size() <= limits.keep) {
    for (std::uint32_t id = 1; id <= table.size(); ++id) joiner.keep(id);
  } else {
    for (const Group& group : group_by_shape(table)) joiner.join(group, limits);
  }
  return joiner.finish(limits.templates);
}

}  // namespace duramen::model
