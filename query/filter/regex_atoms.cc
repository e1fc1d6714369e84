#include "query/filter/regex_atoms.h"

#include <re2/filtered_re2.h>
#include <re2/re2.h>

#include <algorithm>
#include <numeric>

#include "query/language/regex.h"

namespace duramen::query {
namespace {

/// Shorter parts hold no whole token: a token and a byte on each side.
constexpr int kMinAtom = 3;

/// The pattern may ignore case, or name characters that fold to ASCII letters.
bool may_fold_unicode(std::string_view pattern) {
  for (const std::string_view sign : {"(?", "\\x", "\\p", "\\P"}) {
    if (pattern.find(sign) != pattern.npos) return true;
  }
  return std::any_of(pattern.begin(), pattern.end(),
                     [](char c) { return static_cast<unsigned char>(c) >= 0x80; });
}

/// Bytes that stand for themselves and their other case only.
bool is_plain(std::string_view text, bool folds) {
  return std::all_of(text.begin(), text.end(), [&](char c) {
    return static_cast<unsigned char>(c) < 0x80 && !(folds && (c == 'k' || c == 's'));
  });
}

std::vector<model::IndexKey> keys_of(std::string_view atom, bool folds) {
  std::vector<model::IndexKey> keys;
  model::for_each_token(atom, [&](const model::Token& token) {
    if (token.begin == 0 || token.begin + token.size == atom.size()) return;
    const std::string_view text = atom.substr(token.begin, token.size);
    if (!is_plain(text, folds)) return;
    model::for_each_key_of_token(text, token.has_digit,
                                 [&](model::KeyKind kind, std::string_view key) {
                                   keys.push_back({kind, std::string(key)});
                                 });
  });
  return keys;
}

}  // namespace

RegexAtoms::RegexAtoms() : filter_(std::make_unique<re2::FilteredRE2>(kMinAtom)) {}
RegexAtoms::~RegexAtoms() = default;

std::shared_ptr<const RegexAtoms> RegexAtoms::of(std::string_view pattern) {
  std::shared_ptr<RegexAtoms> out(new RegexAtoms);
  re2::RE2::Options options;
  options.set_log_errors(false);
  options.set_max_mem(Regex::kMaxMemory);
  int id = 0;
  if (out->filter_->Add(re2::StringPiece(pattern.data(), pattern.size()), options, &id) !=
      re2::RE2::NoError) {
    return nullptr;
  }
  std::vector<std::string> atoms;
  out->filter_->Compile(&atoms);
  const bool folds = may_fold_unicode(pattern);
  for (const std::string& atom : atoms) {
    out->keys_.push_back(keys_of(atom, folds));
    out->parts_.push_back(is_plain(atom, folds) ? atom : std::string());
  }
  if (atoms.empty()) return nullptr;
  return out;
}

std::size_t RegexAtoms::part_bytes() const {
  return std::accumulate(parts_.begin(), parts_.end(), std::size_t{0},
                         [](std::size_t n, const std::string& part) { return n + part.size(); });
}

bool RegexAtoms::has_keys() const {
  return std::any_of(keys_.begin(), keys_.end(), [](const auto& keys) { return !keys.empty(); });
}

bool RegexAtoms::may_match(const KeyLookup& keys) const {
  std::vector<int> present;
  for (std::size_t i = 0; i < keys_.size(); ++i) {
    const bool all = std::all_of(keys_[i].begin(), keys_[i].end(),
                                 [&](const model::IndexKey& key) { return keys.has(key); });
    if (all) present.push_back(static_cast<int>(i));
  }
  return passes(present);
}

bool RegexAtoms::may_match(const std::function<bool(std::string_view)>& may_contain) const {
  std::vector<int> present;
  for (std::size_t i = 0; i < parts_.size(); ++i) {
    if (parts_[i].empty() || may_contain(parts_[i])) present.push_back(static_cast<int>(i));
  }
  return passes(present);
}

bool RegexAtoms::passes(const std::vector<int>& present) const {
  std::vector<int> passed;
  filter_->AllPotentials(present, &passed);
  return !passed.empty();
}

std::string RegexAtoms::to_text() const {
  std::string out;
  for (const std::vector<model::IndexKey>& part : keys_) {
    if (part.empty()) continue;
    if (!out.empty()) out += "; ";
    for (const model::IndexKey& key : part) {
      if (&key != &part.front()) out += " AND ";
      out += query::to_text(key);
    }
  }
  return out;
}

}  // namespace duramen::query
