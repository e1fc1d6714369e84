#include "query/filter/prune.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "query/filter/regex_atoms.h"
#include "query/rows/row.h"

namespace duramen::query {
namespace {

using Kind = Filter::Kind;

Prune always() { return {}; }

Prune of_key(model::KeyKind kind, std::string text) {
  Prune out;
  out.kind = Prune::Kind::kKey;
  out.key = {kind, std::move(text)};
  return out;
}

Prune of_prefix(model::KeyKind kind, std::string text) {
  Prune out = of_key(kind, std::move(text));
  out.kind = Prune::Kind::kPrefix;
  return out;
}

/// Joins; conditions that always hold are left out of kAll and make a kAny one.
Prune joined(Prune::Kind kind, std::vector<Prune> children) {
  const auto is_always = [](const Prune& child) { return child.kind == Prune::Kind::kAlways; };
  if (kind == Prune::Kind::kAny && std::any_of(children.begin(), children.end(), is_always)) {
    return always();
  }
  std::erase_if(children, is_always);
  if (children.empty()) return always();
  if (children.size() == 1) return std::move(children[0]);
  Prune out;
  out.kind = kind;
  out.children = std::move(children);
  return out;
}

/// The beginning of a token, whose end is not known.
Prune token_begins(std::string_view folded) {
  std::size_t head = 0;
  while (head < folded.size() && model::token_class(folded[head]) != model::kDigit) ++head;
  const auto cut = [](std::string_view text) {
    return std::string(text.substr(0, model::kMaxWord));
  };
  if (head < folded.size()) {  // a digit follows: the token has one
    if (head == 0) return always();
    return of_key(model::KeyKind::kHead, cut(folded.substr(0, head)));
  }
  return joined(Prune::Kind::kAny, {of_prefix(model::KeyKind::kWord, cut(folded)),
                                    of_prefix(model::KeyKind::kHead, cut(folded))});
}

/// Text that stands somewhere with a token border before it, and one behind it when `whole`.
Prune text_is_there(std::string_view text, bool whole) {
  const std::string folded = model::folded(text);
  std::vector<Prune> all;
  model::for_each_token(folded, [&](const model::Token& token) {
    const std::string_view bytes = std::string_view(folded).substr(token.begin, token.size);
    if (!whole && token.begin + token.size == folded.size()) {
      all.push_back(token_begins(bytes));
      return;
    }
    model::for_each_key_of_token(bytes, token.has_digit,
                                 [&](model::KeyKind kind, std::string_view key) {
                                   all.push_back(of_key(kind, std::string(key)));
                                 });
  });
  return joined(Prune::Kind::kAll, std::move(all));
}

/// The value of a name is this: a name may mean a field or label that is called so, or one that is
/// called what stands behind its qualifier.
Prune value_is(const Name& name, std::string_view value) {
  Prune tokens = text_is_there(value, true);
  if (name.builtin != Name::Builtin::kNone) return tokens;
  std::vector<Prune> pairs{of_key(model::KeyKind::kPair, model::pair_text(name.text, value))};
  if (name.qualifier != Name::Qualifier::kNone) {
    pairs.push_back(of_key(model::KeyKind::kPair, model::pair_text(name.qualified, value)));
  }
  return joined(Prune::Kind::kAll,
                {std::move(tokens), joined(Prune::Kind::kAny, std::move(pairs))});
}

/// The values of these are made when they are asked for, and have no keys.
bool has_keys(const Name& name) {
  return name.builtin == Name::Builtin::kNone || name.builtin == Name::Builtin::kMessage;
}

Prune of_leaf(const Filter& filter) {
  const Name name(filter.field);
  if (!has_keys(name)) return always();
  switch (filter.kind) {
    case Kind::kWords:
      return text_is_there(filter.text, true);
    case Kind::kWordPrefix:
    case Kind::kStartsWith:
      return text_is_there(filter.text, false);
    case Kind::kEquals:
      return value_is(name, filter.text);
    case Kind::kRegex: {
      Prune out;
      out.regex = RegexAtoms::of(filter.text);
      if (out.regex != nullptr && out.regex->has_keys()) out.kind = Prune::Kind::kRegex;
      return out;
    }
    default:
      return always();
  }
}

std::string_view kind_text(model::KeyKind kind) {
  switch (kind) {
    case model::KeyKind::kWord:
      return "word";
    case model::KeyKind::kHead:
      return "head";
    case model::KeyKind::kToken:
      return "token";
    case model::KeyKind::kPair:
      return "pair";
  }
  return "key";
}

std::string list_text(const Prune& prune) {
  const std::string between = prune.kind == Prune::Kind::kAll ? " AND " : " OR ";
  std::string out;
  for (const Prune& child : prune.children) {
    if (!out.empty()) out += between;
    const bool nested = child.kind == Prune::Kind::kAll || child.kind == Prune::Kind::kAny;
    out += nested ? "(" + to_text(child) + ")" : to_text(child);
  }
  return out;
}

}  // namespace

std::string to_text(const model::IndexKey& key) {
  std::string text = key.text;
  if (key.kind == model::KeyKind::kPair) {
    ByteReader in(key.text);
    const std::string_view name = in.text();
    text = std::string(name) + "=" + std::string(in.rest());
  }
  return std::string(kind_text(key.kind)) + " " + text;
}

std::string to_text(const Prune& prune) {
  switch (prune.kind) {
    case Prune::Kind::kAlways:
      return "nothing";
    case Prune::Kind::kAll:
    case Prune::Kind::kAny:
      return list_text(prune);
    case Prune::Kind::kKey:
      return to_text(prune.key);
    case Prune::Kind::kPrefix:
      return to_text(prune.key) + "*";
    case Prune::Kind::kRegex:
      return "literals (" + prune.regex->to_text() + ")";
  }
  return {};
}

Prune prune_of(const Filter& filter) {
  if (filter.kind != Kind::kAnd && filter.kind != Kind::kOr) return of_leaf(filter);
  std::vector<Prune> children;
  for (const Filter& child : filter.children) children.push_back(prune_of(child));
  return joined(filter.kind == Kind::kAnd ? Prune::Kind::kAll : Prune::Kind::kAny,
                std::move(children));
}

bool may_match(const Prune& prune, const KeyLookup& keys) {
  const auto holds = [&](const Prune& child) { return may_match(child, keys); };
  switch (prune.kind) {
    case Prune::Kind::kAlways:
      return true;
    case Prune::Kind::kAll:
      return std::all_of(prune.children.begin(), prune.children.end(), holds);
    case Prune::Kind::kAny:
      return std::any_of(prune.children.begin(), prune.children.end(), holds);
    case Prune::Kind::kKey:
      return keys.has(prune.key);
    case Prune::Kind::kPrefix:
      return keys.has_prefix(prune.key.kind, prune.key.text);
    case Prune::Kind::kRegex:
      return prune.regex->may_match(keys);
  }
  return true;
}

}  // namespace duramen::query
