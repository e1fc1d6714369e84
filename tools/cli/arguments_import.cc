#include <algorithm>

#include "base/time_text.h"
#include "tools/cli/raw_arguments.h"

namespace duramen::cli {
namespace {

constexpr const char* kImportFooter =
    R"(A file that is imported again, or whose import was interrupted, is stored once: every batch carries
a key made from the file's path, the place in it and the content, and the daemon keeps these keys for
a day. With --resume the place reached is also kept on this machine, so that a file that has grown
goes on where it ended.

Time formats of text lines: auto (finds the common ones), now, or a strptime format such as
'%Y-%m-%d %H:%M:%S'. --year is for times without a year, --tz for times without a zone.

Examples:
  duramen import app.log
  duramen import --label app=web --label env=prod access.log.gz
  kubectl logs web | duramen import - --label app=web
  duramen import records.ndjson --stream app,host)";

const std::map<std::string, ImportCommand::Format> formats_by_name{
    {"auto", ImportCommand::Format::kAuto},
    {"ndjson", ImportCommand::Format::kNdjson},
    {"text", ImportCommand::Format::kText}};

void add_import_fields(CLI::App& command, Raw& raw) {
  const auto add = [&](const char* flag, std::vector<std::string>& into, const char* help) {
    command.add_option(flag, into, help)
        ->delimiter(',')
        ->expected(1)
        ->allow_extra_args(false)
        ->take_all()
        ->type_name("A,B");
  };
  add("--time-field", raw.import.time_fields, "NDJSON: members that may hold the time");
  add("--msg-field", raw.import.message_fields, "NDJSON: members that may hold the message");
  add("--stream", raw.import.stream_fields, "NDJSON: members that are labels of the stream");
}

}  // namespace

void add_import(CLI::App& app, Raw& raw) {
  CLI::App& command = *app.add_subcommand("import", "Store files of log lines or records");
  command.add_option("FILE", raw.import.files, "Files, plain or gzip or zstd; - is standard input")
      ->type_name("");
  add_choice(command, "--format", raw.import.format, formats_by_name, "What the files hold");
  command
      .add_option("--time-format", raw.import.time_format, "Where a text line's time comes from")
      ->type_name("auto|now|FORMAT");
  command.add_option("--year", raw.import.year, "For times without a year")
      ->check(CLI::Range(1970, 2261))
      ->type_name("Y");
  command.add_flag("--keep-old", raw.import.keep_old,
                   "Keep times that are older than the retention");
  command
      .add_option("--label", raw.labels, "A label for every line; for text, app and file are set")
      ->expected(1)
      ->allow_extra_args(false)
      ->take_all()
      ->type_name("NAME=VALUE");
  add_import_fields(command, raw);
  command.add_option("--batch-bytes", raw.batch_bytes, "Size of one request")
      ->type_name("BYTES")
      ->default_str("4MiB");
  command.add_option("--connections", raw.import.connections, "Files that are sent side by side")
      ->check(CLI::Range(1, 64))
      ->type_name("N")
      ->default_str("2");
  command.add_option("--max-wait", raw.max_wait, "Give up when the daemon refuses for this long")
      ->type_name("DURATION")
      ->default_str("60s");
  command.add_flag("--resume", raw.import.resume, "Go on where the last import of this file ended");
  command.add_flag("-q,--quiet", raw.import.quiet, "No progress bar, no summary");
  command.footer(kImportFooter);
}

std::optional<EarlyExit> finish_import(Raw& raw) {
  for (const std::string& label : raw.labels) {
    const std::size_t at = label.find('=');
    if (at == 0 || at == std::string::npos) {
      return usage("--label wants name=value, not '" + label + "'");
    }
    raw.import.labels.emplace_back(label.substr(0, at), label.substr(at + 1));
  }
  const auto bytes = parse_bytes(raw.batch_bytes);
  if (!bytes) return usage("--batch-bytes: " + bytes.error().message);
  if (*bytes < 1024 || *bytes > (32ULL << 20))
    return usage("--batch-bytes must be from 1KiB to 32MiB");
  raw.import.batch_bytes = *bytes;
  const auto wait = parse_duration(raw.max_wait);
  if (!wait) return usage("--max-wait: " + wait.error().message);
  raw.import.max_wait = *wait;
  if (raw.import.files.empty()) return usage("import wants files, or - for standard input");
  if (std::count(raw.import.files.begin(), raw.import.files.end(), "-") > 1) {
    return usage("standard input can be imported once");
  }
  return std::nullopt;
}

}  // namespace duramen::cli
