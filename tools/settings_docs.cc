#include <algorithm>

#include "tools/settings_table.h"
#include "tools/version.h"

namespace duramen::tools {
namespace {

constexpr std::size_t kHelpWidth = 96;

/// Without Markdown's backquotes, which a terminal shows as they are.
std::string plain(std::string_view markdown) {
  std::string out(markdown);
  out.erase(std::remove(out.begin(), out.end(), '`'), out.end());
  return out;
}

void append_wrapped(std::string& out, std::string_view text, std::size_t indent) {
  std::size_t column = kHelpWidth;
  while (!text.empty()) {
    const std::string_view word = text.substr(0, text.find(' '));
    if (column + 1 + word.size() > kHelpWidth) {
      if (column != kHelpWidth || !out.empty()) out += "\n";
      out += std::string(indent, ' ');
      column = indent;
    } else {
      out += " ";
      ++column;
    }
    out += word;
    column += word.size();
    text.remove_prefix(std::min(text.size(), word.size() + 1));
  }
}

constexpr std::string_view kUsage =
    R"(usage: duramend [OPTION…]

The log store's daemon: takes log lines over HTTP, keeps them, answers queries. Runs in the
foreground until SIGTERM or SIGINT; SIGHUP reads the configuration file again.

  --config FILE         read settings from a TOML file (also: DURAMEN_CONFIG)
  --check-config        check the settings and stop
  --print-config-docs   print docs/config.md and stop
  --man                 print a manual page, duramend(8), and stop
  --version             print the version and stop
  --help, -h            print this and stop

Every setting is an option, a variable (--http-listen is DURAMEN_HTTP_LISTEN) and a key of the file
(http.listen). An option wins over a variable, a variable over the file, the file over the default.
)";

constexpr std::string_view kDocsHead = R"(# Configuration

<!-- Made by `duramend --print-config-docs`; a test compares. Change tools/settings_table.cc. -->

`duramend` needs no configuration. What can be set can be set in three places:

| where | how `http.listen` is written there |
|---|---|
| option | `--http-listen 127.0.0.1:5647` or `--http-listen=127.0.0.1:5647` |
| variable | `DURAMEN_HTTP_LISTEN=127.0.0.1:5647` |
| file (TOML), named by `--config FILE` or `DURAMEN_CONFIG` | `[http]` and `listen = ["127.0.0.1:5647"]` |

An option wins over a variable, a variable over the file, the file over the default. A list has commas
in an option or a variable (`retention.classes` has semicolons); an option may also be repeated.

```toml
data_dir = "/var/lib/duramen"

[http]
listen = ["127.0.0.1:5647", "[::1]:5647"]

[retention]
age = "30d"
bytes = "200GiB"

[log]
format = "json"
```

Sizes are numbers of bytes or `64KiB`, `512MiB`, `10GiB`, `1.5GB`; durations are `500ms`, `30s`,
`15m`, `1h30m`, `2d`, `1w`. An unknown key, a wrong type or a value out of range is an error that names
file, line and column, and the nearest key that exists; nothing is ignored. `duramend --check-config`
checks without starting:

```console
$ duramend --config duramen.toml --check-config
duramend: duramen.toml:4:1: unknown setting 'http.lisen'; did you mean 'http.listen'?
```

Settings marked *reload* are applied on SIGHUP, which reads the file again. If that file is bad, the
error is logged and everything stays as it was. For the others the log says that they wait for a restart.
)";

}  // namespace

std::string group_of(const Setting& setting) {
  const std::size_t dot = setting.key.find('.');
  return std::string(dot == std::string_view::npos ? "" : setting.key.substr(0, dot));
}

std::string_view placeholder(Kind kind) {
  switch (kind) {
    case Kind::kText:
      return "TEXT";
    case Kind::kList:
      return "ADDRESS,…";
    case Kind::kFlag:
      return "";
    case Kind::kCount:
      return "N";
    case Kind::kBytes:
      return "SIZE";
    case Kind::kDuration:
    case Kind::kSeconds:
      return "DURATION";
    case Kind::kLogLevel:
      return "LEVEL";
    case Kind::kClasses:
      return "CLASS;…";
    case Kind::kLogFormat:
      break;
  }
  return "FORMAT";
}

std::string default_text(const Setting& setting, const Settings& defaults) {
  if (!setting.default_doc.empty()) return std::string(setting.default_doc);
  return "`" + value_text(setting, defaults) + "`";
}

std::string range_text(const Setting& setting) {
  if (setting.most == 0) return {};
  // Written as values are, by way of a setting of its own.
  const auto text = [&setting](std::uint64_t number) {
    Settings scratch;
    Setting open = setting;
    open.least = 0;
    open.most = ~std::uint64_t{0};
    (void)set_from_number(open, number, scratch).has_value();
    return value_text(setting, scratch);
  };
  return setting.most == ~std::uint64_t{0}
             ? "At least " + text(setting.least) + "."
             : "From " + text(setting.least) + " to " + text(setting.most) + ".";
}

std::string help_text() {
  const Settings defaults;
  std::string out(kUsage);
  for (const Setting& setting : settings_table()) {
    out += "\n  " + option_name(setting);
    if (setting.kind != Kind::kFlag) out += " " + std::string(placeholder(setting.kind));
    append_wrapped(out,
                   plain(setting.doc) + " Default: " + plain(default_text(setting, defaults)) +
                       (setting.reloadable ? "; SIGHUP applies it." : "."),
                   8);
  }
  return out + "\n";
}

std::string config_docs() {
  const Settings defaults;
  std::string out(kDocsHead);
  std::string group = "-";
  for (const Setting& setting : settings_table()) {
    if (group_of(setting) != group) {
      group = group_of(setting);
      out += "\n## " + (group.empty() ? "Top level" : "`[" + group + "]`") +
             "\n\n| setting | default | what it does |\n|---|---|---|\n";
    }
    out += "| `" + std::string(setting.key) + "` | " + default_text(setting, defaults) + " | " +
           std::string(setting.doc);
    if (const std::string range = range_text(setting); !range.empty()) out += " " + range;
    if (setting.reloadable) out += " *Reload.*";
    out += " |\n";
  }
  return out;
}

}  // namespace duramen::tools
