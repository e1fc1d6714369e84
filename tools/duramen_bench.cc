#include <CLI/CLI.hpp>
#include <charconv>
#include <csignal>
#include <cstdio>
#include <exception>
#include <filesystem>
#include <iostream>

#include "base/time_text.h"
#include "tools/bench/e2e.h"
#include "tools/bench/generate.h"
#include "tools/bench/tail.h"
#include "tools/version.h"

namespace {

using duramen::Result;
using duramen::bench::CorpusOptions;

constexpr std::uint64_t kLowIds = 1000;

/// Options as typed; texts are turned into values after parsing.
struct Arguments {
  duramen::bench::GenerateOptions generate;
  duramen::bench::EndToEndOptions e2e;
  duramen::bench::TailBenchOptions tail;
  std::string ids = "high";
  std::string start = "2026-01-15T08:00:00Z";
  std::string request_bytes = "4MiB";
  std::string output = "text";
};

void add_corpus_options(CLI::App& app, Arguments& arguments, CorpusOptions& corpus,
                        bool with_rate = true) {
  app.add_option("--seed", corpus.seed, "equal seeds give equal bytes")->capture_default_str();
  app.add_option("--ids", arguments.ids,
                 "different request ids: low (1000), high (new ones all the time), or a number")
      ->capture_default_str();
  app.add_option("--start", arguments.start, "time of the first record")->capture_default_str();
  if (!with_rate) return;
  app.add_option("--rate", corpus.rate, "records in a second of log time")->capture_default_str();
}

Result<void> finish_corpus(const Arguments& arguments, CorpusOptions& corpus) {
  if (arguments.ids == "low") {
    corpus.ids = kLowIds;
  } else if (arguments.ids == "high") {
    corpus.ids = 0;
  } else {
    const char* const end = arguments.ids.data() + arguments.ids.size();
    const auto parsed = std::from_chars(arguments.ids.data(), end, corpus.ids);
    if (parsed.ec != std::errc() || parsed.ptr != end || corpus.ids == 0 ||
        corpus.ids > 100'000'000) {
      return duramen::Error{duramen::ErrorCode::kInvalidArgument,
                            "--ids '" + arguments.ids + "': low, high, or 1 to 100000000"};
    }
  }
  DURAMEN_TRY(corpus.start,
              duramen::parse_time_argument(arguments.start, duramen::SystemClock().now()));
  return {};
}

int report(const duramen::Error& error) {
  std::cerr << "duramen-bench: " << error.message << '\n';
  return error.code == duramen::ErrorCode::kInvalidArgument ? 2 : 1;
}

int run_generate(Arguments& arguments) {
  auto& options = arguments.generate;
  if (auto ready = finish_corpus(arguments, options.corpus); !ready) return report(ready.error());
  const auto done = duramen::bench::generate(options);
  return done ? 0 : report(done.error());
}

std::string daemon_beside() {
  std::error_code ignored;
  const auto self = std::filesystem::read_symlink("/proc/self/exe", ignored);
  return self.parent_path() / "duramend";
}

int run_e2e(Arguments& arguments) {
  auto& options = arguments.e2e;
  if (auto ready = finish_corpus(arguments, options.corpus); !ready) return report(ready.error());
  const auto bytes = duramen::parse_bytes(arguments.request_bytes);
  if (!bytes) return report(bytes.error());
  options.request_bytes = *bytes;
  if (options.duramend.empty()) options.duramend = daemon_beside();
  const auto measured = duramen::bench::run_end_to_end(options);
  if (!measured) return report(measured.error());
  std::cout << (arguments.output == "json" ? duramen::bench::to_json(*measured, options)
                                           : duramen::bench::to_table(*measured, options));
  return 0;
}

int run_tail(Arguments& arguments) {
  auto& options = arguments.tail;
  if (auto ready = finish_corpus(arguments, options.corpus); !ready) return report(ready.error());
  if (options.duramend.empty()) options.duramend = daemon_beside();
  const auto measured = duramen::bench::run_tail_bench(options);
  if (!measured) return report(measured.error());
  std::cout << (arguments.output == "json" ? duramen::bench::to_json(*measured, options)
                                           : duramen::bench::to_table(*measured, options));
  return 0;
}

CLI::App* add_generate(CLI::App& app, Arguments& arguments) {
  CLI::App* generate = app.add_subcommand("generate", "write container log records as NDJSON");
  generate->add_option("--records", arguments.generate.records, "how many")->capture_default_str();
  generate->add_option("--output", arguments.generate.output, "a file, or - for standard output")
      ->capture_default_str();
  add_corpus_options(*generate, arguments, arguments.generate.corpus);
  return generate;
}

/// Where the daemon is, its options, and how the figures are written.
template <class Options>
void add_daemon_options(CLI::App& command, Options& options, std::string& output) {
  command.add_option("--data-dir", options.directory, "fresh directory; it stays")->required();
  command.add_option("--duramend", options.duramend, "the daemon (default: beside this program)");
  command
      .add_option("--daemon-option", options.daemon_options,
                  "passed to the daemon; give it as --daemon-option=--name=value")
      ->allow_extra_args(false);
  command.add_option("-o,--output", output, "text or json")
      ->check(CLI::IsMember({"text", "json"}))
      ->capture_default_str();
}

CLI::App* add_e2e(CLI::App& app, Arguments& arguments) {
  CLI::App* e2e = app.add_subcommand(
      "e2e", "start a daemon, send it a corpus over HTTP, seal, and print what it took");
  add_daemon_options(*e2e, arguments.e2e, arguments.output);
  e2e->add_option("--records", arguments.e2e.records, "how many")->capture_default_str();
  e2e->add_option("--connections", arguments.e2e.connections, "senders at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  e2e->add_option("--request-bytes", arguments.request_bytes, "of one request, at most")
      ->capture_default_str();
  CLI::Option* const queries =
      e2e->add_flag("--queries", arguments.e2e.queries,
                    "then ask a fixed list of queries, cold and warm, and check the answers");
  e2e->add_option("--runs", arguments.e2e.runs, "warm ones of each query")
      ->needs(queries)
      ->check(CLI::Range(1, 1000))
      ->capture_default_str();
  add_corpus_options(*e2e, arguments, arguments.e2e.corpus);
  return e2e;
}

void add_tail(CLI::App& app, Arguments& arguments) {
  CLI::App& tail = *app.add_subcommand(
      "tail", "send records at a steady rate, and print how long they take from ack to tail");
  auto& options = arguments.tail;
  add_daemon_options(tail, options, arguments.output);
  tail.add_option("--rate", options.rate, "records a second")
      ->check(CLI::Range(1.0, 10e6))
      ->capture_default_str();
  tail.add_option("--request-records", options.request_records, "records of one request")
      ->check(CLI::Range(1, 100'000))
      ->capture_default_str();
  tail.add_option("--connections", options.connections, "senders at the same time")
      ->check(CLI::Range(1, 256))
      ->capture_default_str();
  tail.add_option("--seconds", options.seconds, "of each of the two parts")
      ->check(CLI::Range(0.1, 300.0))
      ->capture_default_str();
  tail.add_option("--more-tails", options.more_tails,
                  "in the second part, beside the one that gets everything; 0: no second part")
      ->check(CLI::Range(0, 100'000))
      ->capture_default_str();
  add_corpus_options(tail, arguments, options.corpus, false);
}

int run(int argc, char** argv) {
  std::signal(SIGPIPE, SIG_IGN);  // a closed pipe is an answer of write()
  Arguments arguments;
  CLI::App app("Makes container logs and measures Duramen with them.", "duramen-bench");
  app.set_version_flag("--version", std::string(duramen::kVersion));
  app.require_subcommand(1);
  const CLI::App* generate = add_generate(app, arguments);
  const CLI::App* e2e = add_e2e(app, arguments);
  add_tail(app, arguments);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& e) {
    return app.exit(e) == 0 ? 0 : 2;
  }
  if (generate->parsed()) return run_generate(arguments);
  return e2e->parsed() ? run_e2e(arguments) : run_tail(arguments);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    return run(argc, argv);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "duramen-bench: %s\n", error.what());
    return 1;
  }
}
