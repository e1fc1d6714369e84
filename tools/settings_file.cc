#include <algorithm>

#include "tools/settings_table.h"

// Header-only and without exceptions: the packaged library is compiled with them.
#undef TOML_HEADER_ONLY
#undef TOML_SHARED_LIB
#define TOML_HEADER_ONLY 1
#define TOML_EXCEPTIONS 0
#include <toml++/toml.h>

namespace duramen::tools {
namespace {

class TomlReader {
 public:
  TomlReader(const std::string& file, Settings& settings) : file_(file), settings_(settings) {}

  Result<void> read(const toml::table& table, const std::string& prefix) {
    for (const auto& [name, node] : table) {
      const std::string key = prefix + std::string(name.str());
      if (const Setting* setting = find_setting(key)) {
        if (auto done = assign(*setting, node); !done) {
          return at(node.source(), std::move(done).error().with(key));
        }
        settings_.places[key] = place(node.source()) + ": " + key;
        continue;
      }
      if (!is_group(key)) return unknown(key, name.source());
      const toml::table* group = node.as_table();
      if (group == nullptr) {
        return at(node.source(), wrong_type("a group of settings ([" + key + "])", node).with(key));
      }
      DURAMEN_TRY_VOID(read(*group, key + "."));
    }
    return {};
  }

  Error at(const toml::source_region& source, Error error) const {
    return std::move(error).with(place(source));
  }

 private:
  std::string place(const toml::source_region& source) const {
    return file_ + ":" + std::to_string(source.begin.line) + ":" +
           std::to_string(source.begin.column);
  }

  static bool is_group(const std::string& key) {
    for (const Setting& setting : settings_table()) {
      if (setting.key.substr(0, key.size() + 1) == key + ".") return true;
    }
    return false;
  }

  Error unknown(const std::string& key, const toml::source_region& source) const {
    std::vector<std::string> keys;
    for (const Setting& setting : settings_table()) {
      keys.emplace_back(setting.key);
      const std::string group(setting.key.substr(0, setting.key.find('.')));
      if (std::find(keys.begin(), keys.end(), group) == keys.end()) keys.push_back(group);
    }
    return at(source, {ErrorCode::kInvalidArgument,
                       "unknown setting '" + key + "'" + did_you_mean(key, keys)});
  }

  static Error wrong_type(const std::string& expected, const toml::node& node) {
    const auto found = [&]() -> std::string {
      switch (node.type()) {
        case toml::node_type::table:
          return "a table";
        case toml::node_type::array:
          return "an array";
        case toml::node_type::string:
          return "a string";
        case toml::node_type::integer:
          return "an integer";
        case toml::node_type::floating_point:
          return "a decimal number";
        case toml::node_type::boolean:
          return "a boolean";
        default:
          return "a date or time";
      }
    };
    return {ErrorCode::kInvalidArgument, "expected " + expected + ", found " + found()};
  }

  Result<void> assign(const Setting& setting, const toml::node& node) {
    const Error wrong = wrong_type("a " + std::string(kind_name(setting.kind)), node);
    switch (setting.kind) {
      case Kind::kFlag:
        if (!node.is_boolean()) return Error{wrong.code, wrong_type("true or false", node).message};
        return set_from_text(setting, node.as_boolean()->get() ? "true" : "false", settings_);
      case Kind::kCount:
      case Kind::kBytes:
        if (const auto* number = node.as_integer()) {
          if (number->get() < 0) return Error{wrong.code, "it is negative"};
          return set_from_number(setting, static_cast<std::uint64_t>(number->get()), settings_);
        }
        if (setting.kind == Kind::kCount) return wrong;
        break;
      case Kind::kList:
      case Kind::kClasses:
        if (const auto* array = node.as_array()) return assign_list(setting, *array);
        if (setting.kind == Kind::kClasses) break;  // with semicolons
        if (node.is_string()) return set_list(setting, {node.as_string()->get()}, settings_);
        return wrong;
      default:
        break;
    }
    if (!node.is_string()) return wrong;
    return set_from_text(setting, node.as_string()->get(), settings_);
  }

  Result<void> assign_list(const Setting& setting, const toml::array& array) {
    std::vector<std::string> list;
    for (const toml::node& item : array) {
      if (!item.is_string()) return wrong_type("only strings in the list", item);
      list.push_back(item.as_string()->get());
    }
    return set_list(setting, std::move(list), settings_);
  }

  const std::string& file_;
  Settings& settings_;
};

}  // namespace

Result<void> apply_toml(std::string_view text, const std::string& file, Settings& settings) {
  TomlReader reader(file, settings);
  const toml::parse_result parsed = toml::parse(text);
  if (!parsed) {
    const toml::parse_error& error = parsed.error();
    return reader.at(error.source(),
                     {ErrorCode::kInvalidArgument, std::string(error.description())});
  }
  return reader.read(parsed.table(), "");
}

}  // namespace duramen::tools
