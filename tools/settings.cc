#include "tools/settings.h"

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <sstream>

#include "base/time_text.h"
#include "tools/settings_table.h"

namespace duramen::tools {
namespace {

constexpr std::size_t kFileBytes = 1U << 20;
constexpr std::string_view kInsecureListen = "--insecure-listen";

Error bad(std::string text) { return {ErrorCode::kInvalidArgument, std::move(text)}; }

struct ActionOption {
  std::string_view name;
  Action action;
};
constexpr ActionOption kActions[] = {
    {"--help", Action::kHelp},
    {"-h", Action::kHelp},
    {"--version", Action::kVersion},
    {"--check-config", Action::kCheckConfig},
    {"--print-config-docs", Action::kPrintConfigDocs},
    {"--man", Action::kPrintMan},
};

Error unknown_option(std::string_view name) {
  std::vector<std::string> known = {"--config", std::string(kInsecureListen)};
  for (const ActionOption& option : kActions) known.emplace_back(option.name);
  for (const Setting& setting : settings_table()) known.push_back(option_name(setting));
  std::string hint = did_you_mean(name, known);
  if (hint.empty()) hint = "; --help lists them";
  return bad("unknown option '" + std::string(name) + "'" + hint);
}

const Setting* find_option(std::string_view name) {
  if (name == kInsecureListen) return find_setting("http.insecure_listen");
  for (const Setting& setting : settings_table()) {
    if (option_name(setting) == name) return &setting;
  }
  return nullptr;
}

class CommandLineParser {
 public:
  explicit CommandLineParser(const std::vector<std::string>& args) : args_(args) {}

  Result<CommandLine> parse() {
    while (next_ < args_.size()) {
      const std::string& arg = args_[next_++];
      if (arg.substr(0, 1) != "-") return bad("unexpected argument '" + arg + "'; see --help");
      const std::size_t equals = arg.find('=');
      const std::string name = arg.substr(0, equals);
      inline_value_.reset();
      if (equals != std::string::npos) inline_value_ = arg.substr(equals + 1);
      DURAMEN_TRY_VOID(parse_option(name));
    }
    return std::move(result_);
  }

 private:
  Result<void> parse_option(const std::string& name) {
    for (const ActionOption& option : kActions) {
      if (option.name != name) continue;
      if (inline_value_) return bad("the option " + name + " takes no value");
      result_.action = option.action;
      return {};
    }
    if (name == "--config") {
      DURAMEN_TRY(result_.config_file, value_of(name));
      return {};
    }
    const Setting* setting = find_option(name);
    if (setting == nullptr) return unknown_option(name);
    if (setting->kind == Kind::kFlag) {
      result_.values.emplace_back(setting, inline_value_.value_or("true"));
      return {};
    }
    DURAMEN_TRY(std::string value, value_of(name));
    add(*setting, std::move(value));
    return {};
  }

  Result<std::string> value_of(const std::string& name) {
    if (inline_value_) return *inline_value_;
    if (next_ == args_.size()) return bad("the option " + name + " needs a value");
    return args_[next_++];
  }

  /// A list option may be repeated: all its values count.
  void add(const Setting& setting, std::string value) {
    if (setting.kind == Kind::kList || setting.kind == Kind::kClasses) {
      for (auto& [earlier, text] : result_.values) {
        if (earlier != &setting) continue;
        text += (setting.kind == Kind::kList ? "," : ";") + value;
        return;
      }
    }
    result_.values.emplace_back(&setting, std::move(value));
  }

  const std::vector<std::string>& args_;
  std::size_t next_ = 0;
  std::optional<std::string> inline_value_;
  CommandLine result_;
};

Result<std::string> read_config(const std::string& path) {
  errno = 0;
  std::ifstream file(path, std::ios::binary);
  std::string text(kFileBytes + 1, '\0');
  if (file) file.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (!file.is_open() || file.bad() || (file.gcount() == 0 && errno != 0)) {
    const std::string reason = std::generic_category().message(errno != 0 ? errno : EIO);
    return bad("cannot read " + path + ": " + reason);
  }
  if (static_cast<std::size_t>(file.gcount()) > kFileBytes) {
    return bad(path + " is larger than 1 MiB: that is no configuration");
  }
  text.resize(static_cast<std::size_t>(file.gcount()));
  return text;
}

/// Budgets of all requests that must have room for the largest one, or that gets 429 for ever.
constexpr std::pair<std::string_view, std::string_view> kWholes[] = {
    {"http.bodies_bytes", "http.body_bytes"}, {"ingest.inflight_bytes", "ingest.body_bytes"}};

Result<void> check_whole(Settings& settings, std::string_view whole, std::string_view part) {
  const auto bytes = [&](std::string_view key) {
    return *std::get<std::uint64_t*>(find_setting(key)->field(settings));
  };
  if (bytes(whole) >= bytes(part)) return {};
  const bool part_is_set = settings.places.contains(part) && !settings.places.contains(whole);
  return bad(std::string(whole) + " = " + to_bytes_text(bytes(whole)) + " has no room for " +
             std::string(part) + " = " + to_bytes_text(bytes(part)) +
             "; raise the first or lower the second")
      .with(place_of(settings, part_is_set ? part : whole));
}

std::string with_hyphens(std::string text) {
  for (char& c : text) {
    if (c == '.' || c == '_') c = '-';
  }
  return text;
}

}  // namespace

std::string place_of(const Settings& settings, std::string_view key) {
  const auto at = settings.places.find(key);
  return at == settings.places.end() ? std::string(key) : at->second;
}

std::string option_name(const Setting& setting) {
  return "--" + with_hyphens(std::string(setting.key));
}

std::string variable_name(const Setting& setting) {
  std::string name = "DURAMEN_";
  for (const char c : setting.key) {
    name += c >= 'a' && c <= 'z' ? static_cast<char>(c - 'a' + 'A') : '_';
  }
  return name;
}

std::optional<std::string> process_environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());  // NOLINT(concurrency-mt-unsafe): nobody sets any
  if (value == nullptr) return std::nullopt;
  return value;
}

Result<CommandLine> parse_command_line(const std::vector<std::string>& args) {
  return CommandLineParser(args).parse();
}

Result<Settings> load_settings(const CommandLine& command_line, const Environment& environment) {
  Settings settings;
  std::string file = command_line.config_file;
  if (file.empty()) file = environment("DURAMEN_CONFIG").value_or("");
  if (!file.empty()) {
    DURAMEN_TRY(const std::string text, read_config(file));
    DURAMEN_TRY_VOID(apply_toml(text, file, settings));
  }
  for (const Setting& setting : settings_table()) {
    const auto value = environment(variable_name(setting));
    if (!value) continue;
    if (auto set = set_from_text(setting, *value, settings); !set) {
      return std::move(set).error().with(variable_name(setting));
    }
    settings.places[std::string(setting.key)] = variable_name(setting);
  }
  for (const auto& [setting, value] : command_line.values) {
    if (auto set = set_from_text(*setting, value, settings); !set) {
      return std::move(set).error().with(option_name(*setting));
    }
    settings.places[std::string(setting->key)] = option_name(*setting);
  }
  for (const auto& [whole, part] : kWholes) DURAMEN_TRY_VOID(check_whole(settings, whole, part));
  return settings;
}

std::vector<std::string> changed_until_restart(const Settings& before, const Settings& after) {
  std::vector<std::string> keys;
  for (const Setting& setting : settings_table()) {
    if (!setting.reloadable && value_text(setting, before) != value_text(setting, after)) {
      keys.emplace_back(setting.key);
    }
  }
  return keys;
}

}  // namespace duramen::tools
