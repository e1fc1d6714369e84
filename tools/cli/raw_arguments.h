#pragma once

#include <CLI/CLI.hpp>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "tools/cli/arguments.h"

namespace duramen::cli {

/// Where CLI11 writes what it read; parse_arguments() makes an Arguments of it. It outlives the
/// CLI::App, whose options point into it. One thread.
struct Raw {
  GlobalOptions global;
  bool utc = false;
  bool version = false;
  QueryCommand query;
  ContextCommand context;
  StatsCommand stats;
  TailCommand tail;
  ImportCommand import;
  DeleteCommand remove;
  QueriesCommand queries;
  TopCommand top;
  VerifyCommand verify;
  BackupCommand backup;
  RestoreCommand restore;
  CompletionCommand completion;
  ManCommand man;
  std::vector<std::string> query_words;
  std::vector<std::string> stats_words;
  std::vector<std::string> delete_words;
  std::vector<std::string> labels;
  std::string batch_bytes = "4MiB";
  std::string max_wait = "60s";
  std::string interval = "1s";
  bool all = false;
};

/// One of `values`, by name; the message lists the names.
template <class T>
CLI::Option* add_choice(CLI::App& app, const std::string& flags, T& target,
                        const std::map<std::string, T>& values, const std::string& help) {
  std::string names;
  for (const auto& [name, value] : values) names += (names.empty() ? "" : "|") + name;
  return app
      .add_option_function<std::string>(
          flags,
          [&target, &values, names](const std::string& given) {
            const auto at = values.find(given);
            if (at == values.end())
              throw CLI::ValidationError("'" + given + "' is not one of " + names);
            target = at->second;
          },
          help)
      ->type_name(names);
}

/// What goes with a wrong command line.
inline EarlyExit usage(std::string message) { return {kExitUsage, "", std::move(message)}; }

/// Each declares the options of one command, or of a group of them, in one file of
/// `arguments_*.cc`. `--since` and `--start` exclude each other: parse_arguments() says so.
void add_query(CLI::App& app, Raw& raw);
void add_context(CLI::App& app, Raw& raw);
void add_stats(CLI::App& app, Raw& raw);
void add_tail(CLI::App& app, Raw& raw);  ///< `recent`, too
void add_import(CLI::App& app, Raw& raw);
void add_delete(CLI::App& app, Raw& raw);
void add_admin(CLI::App& app, Raw& raw);  ///< what looks after the daemon and its store
void add_texts(CLI::App& app, Raw& raw);  ///< what prints completions and manual pages

/// Each checks what CLI11 does not and fills its command; the mistake, if there is one.
std::optional<EarlyExit> finish_import(Raw& raw);
std::optional<EarlyExit> finish_delete(Raw& raw);
std::optional<EarlyExit> finish_top(Raw& raw);
/// The words of a query that the shell took apart.
std::string joined(const std::vector<std::string>& words);

}  // namespace duramen::cli
