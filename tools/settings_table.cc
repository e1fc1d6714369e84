#include "tools/settings_table.h"

#include <limits>

namespace duramen::tools {
namespace {

constexpr std::uint64_t kKiB = 1ULL << 10;
constexpr std::uint64_t kMiB = 1ULL << 20;
constexpr std::uint64_t kGiB = 1ULL << 30;
constexpr std::uint64_t kTiB = 1ULL << 40;
constexpr std::uint64_t kNone = std::numeric_limits<std::uint64_t>::max();
constexpr std::uint64_t kMillisecond = 1'000'000;
constexpr std::uint64_t kSecond = 1'000 * kMillisecond;
constexpr std::uint64_t kDay = 86'400 * kSecond;
constexpr bool kReload = true;
constexpr bool kRestart = false;

#define DURAMEN_FIELD(path) [](Settings& s) -> Field { return &s.path; }
// clang-format off: a table reads as rows
constexpr Setting kSettings[] = {
    {"data_dir", Kind::kText, DURAMEN_FIELD(data_dir), 0, 0, kRestart,
     "Where everything is kept. One process at a time.",
     "`/var/lib/duramen` if that can be written, else `$XDG_DATA_HOME/duramen`, else "
     "`~/.local/share/duramen`"},
    {"host", Kind::kText, DURAMEN_FIELD(host), 0, 0, kRestart,
     "Name of this node in status. A label only: records are told apart by a random node id.",
     "the host name"},

    {"http.listen", Kind::kList, DURAMEN_FIELD(http.listen), 0, 0, kRestart,
     "Addresses to serve HTTP on, as `127.0.0.1:5647` or `[::1]:5647`. Port 0 takes any free port; "
     "see `http.address` in the data directory.",
     ""},
    {"http.insecure_listen", Kind::kFlag, DURAMEN_FIELD(http.insecure_listen), 0, 0, kRestart,
     "Allows addresses beyond this machine. There is no authentication yet: everybody who reaches "
     "the port can read and write. Also as `--insecure-listen`.",
     ""},
    {"http.io_threads", Kind::kCount, DURAMEN_FIELD(http.io_threads), 1, 64, kRestart,
     "Threads that read and write sockets.", ""},
    {"http.worker_threads", Kind::kCount, DURAMEN_FIELD(http.worker_threads), 1, 256, kRestart,
     "Threads that run requests: unpack, parse, pack.", ""},
    {"http.stream_threads", Kind::kCount, DURAMEN_FIELD(http.stream_threads), 1, 1024, kRestart,
     "Answers produced at once, such as running queries.", ""},
    {"http.connections", Kind::kCount, DURAMEN_FIELD(http.connections), 1, 100'000, kRestart,
     "Open connections.", ""},
    {"http.header_bytes", Kind::kBytes, DURAMEN_FIELD(http.header_bytes), kKiB, kMiB, kRestart,
     "Largest header of a request, its path and query included.", ""},
    {"http.body_bytes", Kind::kBytes, DURAMEN_FIELD(http.body_bytes), kKiB, kGiB, kRestart,
     "Largest body of a request as sent.", ""},
    {"http.bodies_bytes", Kind::kBytes, DURAMEN_FIELD(http.bodies_bytes), kKiB, kTiB, kRestart,
     "Memory for the bodies of all requests that are being read or handled.", ""},
    {"http.stream_buffer_bytes", Kind::kBytes, DURAMEN_FIELD(http.stream_buffer_bytes), 4 * kKiB,
     64 * kMiB, kRestart,
     "Unsent bytes of one streamed answer; a slow client makes its query wait.", ""},
    {"http.read_timeout", Kind::kSeconds, DURAMEN_FIELD(http.read_timeout_seconds), 1, 86'400,
     kRestart, "For a whole header, and between two reads of a body.", ""},
    {"http.idle_timeout", Kind::kSeconds, DURAMEN_FIELD(http.idle_timeout_seconds), 1, 86'400,
     kRestart, "Between two requests of a connection.", ""},
    {"http.write_timeout", Kind::kSeconds, DURAMEN_FIELD(http.write_timeout_seconds), 1, 86'400,
     kRestart, "How long a client may take no byte of an answer.", ""},
    {"http.heartbeat", Kind::kSeconds, DURAMEN_FIELD(http.heartbeat_seconds), 1, 3'600, kRestart,
     "A tail that has nothing to say gives a sign of life this often; a WebSocket's client is "
     "asked "
     "for one.",
     ""},

    {"ingest.body_bytes", Kind::kBytes, DURAMEN_FIELD(ingest.body_bytes), kKiB, kGiB, kRestart,
     "Largest body of a request, decompressed.", ""},
    {"ingest.line_bytes", Kind::kBytes, DURAMEN_FIELD(ingest.line_bytes), kKiB, 64 * kMiB, kRestart,
     "A longer message is split into marked parts.", ""},
    {"ingest.fields_per_record", Kind::kCount, DURAMEN_FIELD(ingest.fields_per_record), 1, 65'536,
     kRestart, "Fields of one record.", ""},
    {"ingest.streams_per_request", Kind::kCount, DURAMEN_FIELD(ingest.streams_per_request), 1,
     1'000'000, kRestart, "Different streams (sets of labels) in one request.", ""},
    {"ingest.inflight_bytes", Kind::kBytes, DURAMEN_FIELD(ingest.inflight_bytes), kMiB, kTiB,
     kRestart, "Bodies that are being parsed or wait to be durable. Beyond it requests get 429.",
     ""},
    {"ingest.reported_errors", Kind::kCount, DURAMEN_FIELD(ingest.reported_errors), 0, 100'000,
     kRestart, "Rejected lines that one answer names.", ""},
    {"ingest.days_per_request", Kind::kCount, DURAMEN_FIELD(ingest.days_per_request), 1, 100'000,
     kRestart, "New days that one request may open.", ""},

    {"query.concurrent", Kind::kCount, DURAMEN_FIELD(query.concurrent), 1, 1024, kRestart,
     "Queries that run at once. One more gets 429.", ""},
    {"query.memory_bytes", Kind::kBytes, DURAMEN_FIELD(query.memory_bytes), kMiB, kTiB, kRestart,
     "Memory for the state of one query: rows to sort, groups.", ""},
    {"query.timeout", Kind::kDuration, DURAMEN_FIELD(query.timeout), 100 * kMillisecond, kDay,
     kRestart, "Longest run of a query.", ""},
    {"query.slow", Kind::kDuration, DURAMEN_FIELD(query.slow), 0, kDay, kRestart,
     "A query that takes as long is named in the log, with its text, its time range and what it "
     "read.",
     ""},
    {"query.default_limit", Kind::kCount, DURAMEN_FIELD(query.default_limit), 1, 1'000'000'000,
     kRestart, "Rows of an answer when the request says no limit.", ""},
    {"query.max_query_bytes", Kind::kBytes, DURAMEN_FIELD(query.max_query_bytes), 64, kMiB,
     kRestart, "Longest text of a query.", ""},

    {"tail.concurrent", Kind::kCount, DURAMEN_FIELD(tail.concurrent), 1, 100'000, kRestart,
     "Tails at once; one more gets 429.", ""},
    {"tail.queue_bytes", Kind::kBytes, DURAMEN_FIELD(tail.queue_bytes), 4 * kKiB, kGiB, kRestart,
     "Lines that wait for one client of a tail. A slower one's tail goes back to reading what is "
     "stored.",
     ""},
    {"tail.behind_rows", Kind::kCount, DURAMEN_FIELD(tail.behind_rows), 1, 1'000'000'000'000,
     kRestart,
     "A slow client's tail that is so many stored rows behind jumps to the present, and says how "
     "many it missed.",
     ""},
    {"tail.recent_rows", Kind::kCount, DURAMEN_FIELD(tail.recent_rows), 1, 1'000'000'000, kRestart,
     "Most recent rows that a request may ask for.", ""},

    {"retention.age", Kind::kDuration, DURAMEN_FIELD(retention_age), 3'600 * kSecond, kNone,
     kReload,
     "Days that are older are dropped, whole days at a time; never today. `none`: no limit by age. "
     "For rows of no class in `retention.classes`.",
     ""},
    {"retention.bytes", Kind::kBytes, DURAMEN_FIELD(retention_bytes), 16 * kMiB, kNone, kReload,
     "Disk space for the store; beyond it the oldest days are dropped. `none`: no limit by size.",
     "`auto`: 80 % of the free space of the file system at the first start"},
    {"retention.classes", Kind::kClasses, DURAMEN_FIELD(retention_classes), 0, 0, kReload,
     "Rows that are kept for another time, up to 7 classes, each one text: "
     "`audit: age=365d when app=auth,namespace=prod*`, "
     "`noise: age=2d bytes=1GiB when pod=probe-*`. After `when` labels of the stream, all of which "
     "must be so; a value may end in `*`. The first class that fits has the row. `age=none`: no "
     "limit by age; `bytes`: at most so much of this class. In an option or a variable with `;` "
     "between them. See Retention in docs/operations.md.",
     ""},
    {"retention.hold_for_sinks", Kind::kFlag, DURAMEN_FIELD(hold_for_sinks), 0, 0, kReload,
     "A day with rows that a cursor has not confirmed is not dropped until it has, also when the "
     "disk gets full. Else it is dropped, and the cursor is told what it misses.",
     ""},

    {"store.epoch_raw_bytes", Kind::kBytes, DURAMEN_FIELD(store.epoch_raw_bytes), 64 * kKiB,
     4 * kGiB, kRestart, "New rows are built into blocks when there are this many bytes of them.",
     ""},
    {"store.epoch_age", Kind::kDuration, DURAMEN_FIELD(store.epoch_age), kSecond, kDay, kRestart,
     "Or when the oldest of them is this old.", ""},
    {"store.open_raw_bytes", Kind::kBytes, DURAMEN_FIELD(store.open_raw_bytes), kMiB, 64 * kGiB,
     kRestart, "Rows in memory that are not in blocks yet. Beyond it appends wait.", ""},
    {"store.queue_bytes", Kind::kBytes, DURAMEN_FIELD(store.queue_bytes), kMiB, 64 * kGiB, kRestart,
     "Batches that wait for the disk.", ""},
    {"store.min_free_bytes", Kind::kBytes, DURAMEN_FIELD(store.min_free_bytes), 0, 1024 * kTiB,
     kRestart,
     "With less free on the file system, new records are refused with 503; reading goes on.", ""},
    {"store.cache_bytes", Kind::kBytes, DURAMEN_FIELD(store.cache_bytes), 0, 64 * kGiB, kRestart,
     "Values of blocks that queries read, the last ones, kept in memory as they are stored.", ""},
    {"store.batch_ids", Kind::kCount, DURAMEN_FIELD(store.batch_ids), 1'000, 1'000'000'000,
     kRestart, "Idempotency keys that are remembered.", ""},
    {"store.batch_id_age", Kind::kDuration, DURAMEN_FIELD(store.batch_id_age), 60 * kSecond,
     365 * kDay, kRestart, "How long they are remembered.", ""},
    {"store.block_raw_bytes", Kind::kBytes, DURAMEN_FIELD(store.block_raw_bytes), 64 * kKiB,
     64 * kMiB, kRestart, "Raw bytes of a block.", ""},
    {"store.zstd_level", Kind::kCount, DURAMEN_FIELD(store.zstd_level), 1, 19, kRestart,
     "Compression of blocks: higher is smaller and slower.", ""},

    {"log.level", Kind::kLogLevel, DURAMEN_FIELD(log_level), 0, 0, kReload,
     "Least level that is written to stderr: `debug`, `info`, `warning` or `error`.", ""},
    {"log.format", Kind::kLogFormat, DURAMEN_FIELD(log_format), 0, 0, kReload,
     "`text` (logfmt) or `json`, one line an event.", ""},
};
// clang-format on
#undef DURAMEN_FIELD

consteval bool keys_are_unique() {
  for (std::size_t i = 0; i < std::size(kSettings); ++i) {
    for (std::size_t j = 0; j < i; ++j) {
      if (kSettings[i].key == kSettings[j].key) return false;
    }
  }
  return true;
}
static_assert(keys_are_unique());

}  // namespace

std::span<const Setting> settings_table() { return kSettings; }

const Setting* find_setting(std::string_view key) {
  for (const Setting& setting : kSettings) {
    if (setting.key == key) return &setting;
  }
  return nullptr;
}

}  // namespace duramen::tools
