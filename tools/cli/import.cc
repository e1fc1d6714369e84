#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <filesystem>
#include <future>
#include <nlohmann/json.hpp>
#include <random>
#include <system_error>
#include <thread>

#include "base/checksum.h"
#include "base/mutex.h"
#include "ingest/field_names.h"
#include "tools/cli/batches.h"
#include "tools/cli/context.h"
#include "tools/cli/import_place.h"
#include "tools/cli/line_times.h"
#include "tools/cli/problem.h"
#include "tools/cli/progress.h"
#include "tools/cli/sender.h"
#include "tools/cli/table.h"
#include "tools/cli/url.h"

namespace duramen::cli {
namespace {

using Json = nlohmann::json;

constexpr std::size_t kShownLines = 100;  // rejected lines that are named

struct Totals {
  std::uint64_t accepted = 0;
  std::uint64_t rejected = 0;
  std::uint64_t duplicates = 0;
  std::uint64_t files = 0;  ///< imported to their end
  std::uint64_t failed_files = 0;
  std::uint64_t unfinished = 0;  ///< last lines that wait for their end
};

/// What the workers share: counts, and the bar, through which all of standard error goes.
/// Threading: any thread.
class Account {
 public:
  Account(const Context& context, std::uint64_t total_bytes, bool quiet)
      : context_(&context), progress_(context.err, total_bytes, !quiet) {}

  void count(const Batch& batch, const std::string& file, const IngestReply& reply,
             std::uint64_t bytes) {
    {
      const MutexLock lock(mutex_);
      (reply.duplicate ? totals_.duplicates : totals_.accepted) += reply.accepted;
      totals_.rejected += reply.rejected + batch.refused.size();
    }
    for (const auto& [line, reason] : batch.refused) name_line(file, line, reason);
    for (const auto& [line, reason] : reply.errors) {
      const bool known = line >= 1 && line <= batch.lines.size();
      name_line(file, known ? batch.lines[line - 1] : line, reason);
    }
    for (const std::string& warning : reply.warnings) warn(file + ": " + warning);
    progress_.add(reply.accepted, bytes);
  }
  void warn(const std::string& text) {
    progress_.write_line("duramen: " + visible_on_one_line(text));
  }
  /// Only for eyes: nothing in a log file says that a try will be repeated.
  void remark(const std::string& text) {
    if (context_->err.is_terminal()) warn(text);
  }
  void file_done(bool good) {
    const MutexLock lock(mutex_);
    (good ? totals_.files : totals_.failed_files) += 1;
  }
  void line_waits() {
    const MutexLock lock(mutex_);
    ++totals_.unfinished;
  }
  Totals finish() {
    progress_.clear();
    const MutexLock lock(mutex_);
    return totals_;
  }

 private:
  void name_line(const std::string& file, std::uint64_t line, const std::string& reason) {
    std::size_t nth = 0;
    {
      const MutexLock lock(mutex_);
      nth = ++named_;
    }
    if (nth <= kShownLines) warn(file + ":" + std::to_string(line) + ": " + reason);
    if (nth == kShownLines + 1) warn("further rejected lines are not shown");
  }

  const Context* context_;
  Progress progress_;
  Mutex mutex_;
  Totals totals_ DURAMEN_GUARDED_BY(mutex_);
  std::size_t named_ DURAMEN_GUARDED_BY(mutex_) = 0;
};

struct Plan {
  const ImportCommand* command;
  std::string target;
  std::string nonce;  ///< makes the keys of standard input this run's own
  std::optional<ImportPlaces> places;
  TimeNs now;
};

/// One spelling for one file: its directory without links and dots, its own name as it was given
/// (a link's name says more than the file behind it).
std::string spelled(const std::string& path) {
  if (path == "-") return path;
  std::error_code error;
  const std::filesystem::path given(path);
  const auto directory = given.has_parent_path() ? given.parent_path() : std::filesystem::path(".");
  const auto canonical = std::filesystem::canonical(directory, error);
  return error || !given.has_filename() ? path : (canonical / given.filename()).string();
}

/// What a file is called in keys and places: two machines may have equal paths.
std::string identity_of(const Plan& plan, const std::string& path) {
  std::array<char, 256> host{};
  gethostname(host.data(), host.size() - 1);
  if (path == "-") return std::string(host.data()) + ":-" + plan.nonce;
  std::error_code error;
  const auto canonical = std::filesystem::canonical(path, error);
  return std::string(host.data()) + ":" + (error ? path : canonical.string());
}

std::string key_of(const Plan& plan, const std::string& identity, const Batch& batch) {
  const std::string place = std::to_string(batch.begin) + "-" + std::to_string(batch.end);
  const Hash128 content = hash128(batch.body);
  return "import-" +
         hash128(identity + '\0' + place + '\0' + plan.target + '\0' + content.to_hex()).to_hex();
}

/// `path` as spelled() gives it: it is a label.
BatchOptions batch_options(const ImportCommand& command, const std::string& path,
                           LineTime line_time) {
  BatchOptions out;
  if (command.format == ImportCommand::Format::kNdjson) out.format = LineFormat::kNdjson;
  if (command.format == ImportCommand::Format::kText) out.format = LineFormat::kText;
  out.batch_bytes = command.batch_bytes;
  out.json_labels = command.labels;
  out.may_grow = command.resume && path != "-";
  out.line_time = std::move(line_time);
  const auto given = [&](std::string_view name) {
    return std::any_of(command.labels.begin(), command.labels.end(),
                       [&](const auto& label) { return label.first == name; });
  };
  if (path != "-" && !given("app")) out.text_labels.emplace_back("app", app_of_file(path));
  if (path != "-" && !given("file")) out.text_labels.emplace_back("file", path);
  out.text_labels.insert(out.text_labels.end(), command.labels.begin(), command.labels.end());
  return out;
}

/// Imports one file: batches go one after the other, so that its lines keep their order; the next
/// one is made while one is under way.
class FileImport {
 public:
  FileImport(const Plan& plan, Account& account, Client& client, std::string path)
      : plan_(&plan),
        account_(&account),
        client_(&client),
        path_(std::move(path)),
        spelled_(spelled(path_)),
        identity_(identity_of(plan, path_)) {}

  Result<void> run() {
    DURAMEN_TRY(auto reader, open());
    std::future<Result<void>> sending;
    while (true) {
      auto batch = reader->next();
      if (sending.valid()) DURAMEN_TRY_VOID(sending.get());
      if (!batch) return std::move(batch).error();
      if (!*batch) {
        if (reader->left_unfinished()) account_->line_waits();
        return {};
      }
      sending = std::async(std::launch::async,
                           [this, shared = std::make_shared<Batch>(**std::move(batch)),
                            format = reader->format()] { return send(*shared, format); });
    }
  }

 private:
  std::string shown_name() const { return path_ == "-" ? "standard input" : path_; }

  Result<std::unique_ptr<BatchReader>> fresh_reader(std::optional<TimeNs> previous = {}) const {
    DURAMEN_TRY(auto line_time, make_line_time(*plan_->command, plan_->now, previous));
    DURAMEN_TRY(auto input, Input::open(path_));
    return std::make_unique<BatchReader>(
        std::move(input), batch_options(*plan_->command, spelled_, std::move(line_time)));
  }

  Result<std::unique_ptr<BatchReader>> open() {
    if (!plan_->places || path_ == "-") return fresh_reader();
    DURAMEN_TRY(const auto place, plan_->places->load(identity_));
    if (!place) return fresh_reader();
    DURAMEN_TRY(auto reader, fresh_reader(place->time));
    auto skipped = reader->skip(*place);
    if (skipped) return reader;
    if (skipped.error().code != ErrorCode::kNotFound) return std::move(skipped).error();
    account_->warn(path_ + " has other content than at its last import: starting at its beginning");
    return fresh_reader();
  }

  Result<void> send(const Batch& batch, LineFormat format) {
    IngestReply reply;
    if (!batch.lines.empty()) {
      SendOptions options;
      options.target = target(format);
      options.max_wait = plan_->command->max_wait;
      options.pause = [](std::chrono::milliseconds time) { std::this_thread::sleep_for(time); };
      options.waiting = [this](const std::string& why) { account_->remark("waiting: " + why); };
      DURAMEN_TRY(reply,
                  send_batch(*client_, options, key_of(*plan_, identity_, batch), batch.body));
    }
    account_->count(batch, shown_name(), reply, batch.file_position - done_bytes_);
    done_bytes_ = batch.file_position;
    if (plan_->places && path_ != "-") return plan_->places->save(identity_, batch.place);
    return {};
  }

  std::string target(LineFormat format) const {
    if (format == LineFormat::kNdjson) return plan_->target;
    Parameters parameters{{"time", "_time"}, {"msg", "_msg"}};
    std::string stream;
    const auto options = batch_options(*plan_->command, spelled_, {});
    for (const auto& [name, value] : options.text_labels)
      stream += (stream.empty() ? "" : ",") + name;
    if (!stream.empty()) parameters.emplace_back("stream", stream);
    if (plan_->command->keep_old) parameters.emplace_back("keep_old", "1");
    return url_target("/api/v1/ingest", parameters);
  }

  const Plan* plan_;
  Account* account_;
  Client* client_;
  const std::string path_;
  const std::string spelled_;
  const std::string identity_;
  std::uint64_t done_bytes_ = 0;
};

std::string joined(const std::vector<std::string>& names) {
  std::string out;
  for (const std::string& name : names) out += (out.empty() ? "" : ",") + name;
  return out;
}

/// The members that are labels; nothing where the daemon's own choice does.
std::vector<std::string> ndjson_stream(const ImportCommand& command) {
  std::vector<std::string> out = command.stream_fields;
  if (command.labels.empty()) return out;
  const auto is_in = [](const std::vector<std::string>& names, std::string_view name) {
    return std::find(names.begin(), names.end(), name) != names.end();
  };
  if (out.empty()) {
    for (const std::string_view name : ingest::default_stream_fields()) {
      if (!is_in(command.time_fields, name) && !is_in(command.message_fields, name))
        out.emplace_back(name);
    }
  }
  for (const auto& [name, value] : command.labels) {
    if (!is_in(out, name)) out.push_back(name);
  }
  return out;
}

std::string ndjson_target(const ImportCommand& command) {
  Parameters parameters;
  if (!command.time_fields.empty()) parameters.emplace_back("time", joined(command.time_fields));
  if (!command.message_fields.empty())
    parameters.emplace_back("msg", joined(command.message_fields));
  if (const auto stream = ndjson_stream(command); !stream.empty())
    parameters.emplace_back("stream", joined(stream));
  if (command.keep_old) parameters.emplace_back("keep_old", "1");
  return url_target("/api/v1/ingest", parameters);
}

std::string state_directory() {
  // NOLINTBEGIN(concurrency-mt-unsafe): nobody sets variables
  if (const char* state = std::getenv("XDG_STATE_HOME"); state != nullptr && *state == '/') {
    return std::string(state) + "/duramen/import";
  }
  const char* home = std::getenv("HOME");
  // NOLINTEND(concurrency-mt-unsafe)
  return std::string(home != nullptr ? home : "/tmp") + "/.local/state/duramen/import";
}

/// Fails at once when no daemon is there, before anybody waits for retries; gives its store's id.
Result<std::string> ask_store(const Context& context) {
  DURAMEN_TRY(const auto client, context.open_client());
  HttpRequest request;
  request.target = "/api/v1/status";
  DURAMEN_TRY(const auto reply, client->call(request));
  if (!reply.ok()) return problem_error(reply);
  const Json json = Json::parse(reply.body, nullptr, false);
  if (!json.is_object() || !json.contains("store_id") || !json["store_id"].is_string()) {
    return Error{ErrorCode::kDataLoss, "the answer is no status"};
  }
  return json["store_id"].get<std::string>();
}

Result<Plan> make_plan(const Context& context, const ImportCommand& command) {
  Plan plan{&command, ndjson_target(command), "", std::nullopt, context.clock.now()};
  DURAMEN_TRY_VOID(make_line_time(command, plan.now));
  DURAMEN_TRY(const std::string store_id, ask_store(context));
  if (command.resume) {
    plan.places.emplace(state_directory(), store_id);
  } else {
    std::random_device random;
    for (int i = 0; i < 4; ++i) plan.nonce += ":" + std::to_string(random());
  }
  return plan;
}

std::uint64_t size_of(const std::vector<std::string>& files) {
  std::uint64_t total = 0;
  for (const std::string& file : files) {
    std::error_code error;
    const auto size = file == "-" ? 0 : std::filesystem::file_size(file, error);
    if (!error) total += size;
  }
  return total;
}

void import_files(const Context& context, const Plan& plan, Account& account) {
  const std::vector<std::string>& files = plan.command->files;
  std::atomic<std::size_t> next{0};
  const auto work = [&] {
    for (std::size_t at = next++; at < files.size(); at = next++) {
      auto client = context.open_client();
      auto done = client ? FileImport(plan, account, **client, files[at]).run()
                         : Result<void>(client.error());
      account.file_done(done.has_value());
      if (done) continue;
      const std::string& message = done.error().message;
      const bool names_file = message.find(files[at]) != std::string::npos || files[at] == "-";
      account.warn(names_file ? message : files[at] + ": " + message);
    }
  };
  std::vector<std::thread> workers;
  const std::size_t count = std::min<std::size_t>(plan.command->connections, files.size());
  for (std::size_t i = 1; i < count; ++i) workers.emplace_back(work);
  work();
  for (std::thread& worker : workers) worker.join();
}

std::string summary_text(const Totals& totals, double seconds) {
  char took[32];
  std::snprintf(took, sizeof took, "%.1f s", seconds);
  std::string waits;
  if (totals.unfinished != 0) {
    waits = "; " + grouped_digits(totals.unfinished) +
            (totals.unfinished == 1 ? " last line does not end yet and waits"
                                    : " last lines do not end yet and wait") +
            " for the next import";
  }
  return "accepted " + grouped_digits(totals.accepted) + ", rejected " +
         grouped_digits(totals.rejected) + ", duplicates " + grouped_digits(totals.duplicates) +
         " from " + std::to_string(totals.files + totals.failed_files) +
         (totals.files + totals.failed_files == 1 ? " file in " : " files in ") + took + waits;
}

}  // namespace

Result<int> run_import(const Context& context, const ImportCommand& command) {
  DURAMEN_TRY(const Plan plan, make_plan(context, command));
  const auto begin = std::chrono::steady_clock::now();
  Account account(context, size_of(command.files), command.quiet);
  import_files(context, plan, account);
  const std::chrono::duration<double> took = std::chrono::steady_clock::now() - begin;
  const Totals totals = account.finish();
  if (context.options.output == OutputFormat::kJson) {
    const Json json = {{"accepted", totals.accepted},
                       {"rejected", totals.rejected},
                       {"duplicates", totals.duplicates},
                       {"files", totals.files},
                       {"failed_files", totals.failed_files},
                       {"unfinished", totals.unfinished},
                       {"seconds", took.count()}};
    DURAMEN_TRY_VOID(context.out.line(json.dump()));
  } else if (!command.quiet) {
    DURAMEN_TRY_VOID(context.out.line(summary_text(totals, took.count())));
  }
  return totals.rejected == 0 && totals.failed_files == 0 ? kExitOk : kExitError;
}

}  // namespace duramen::cli
