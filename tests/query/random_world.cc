#include "tests/query/random_world.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "query/deletion/doomed_rows.h"
#include "query/language/parser.h"
#include "tests/query/oracle/filter.h"
#include "tests/store/block_corpus.h"

namespace duramen::query {
namespace {

const std::vector<std::string>& words() {
  static const std::vector<std::string> kWords{
      "error", "Error",   "ERROR",   "errors",      "warn",         "timeout",  "Time",
      "disk",  "connect", "K",       "s",           "web",          "web-1",    "api",
      "db",    "reset",   "GET",     "caf\xc3\xa9", "\xe2\x84\xaa", "\xc5\xbf", "10.0.0.1",
      "req42", "a1b2c3",  "7",       "500",         "0x1f",         "user_id",  "AND",
      "or",    "12345",   "x9y8z7w6"};
  return kWords;
}

std::string any_bytes(Random& random, std::size_t size, std::string_view from) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) out += one_of(random, from);
  return out;
}

std::string whole_number(Random& random) {
  static const std::vector<std::string> kEdges{"0",
                                               "-0",
                                               "500",
                                               "9007199254740993",
                                               "9007199254740992",
                                               "18446744073709551615",
                                               "-9223372036854775808",
                                               "-9223372036854775807"};
  return one_in(random, 5) ? one_of(random, kEdges)
                           : std::to_string(static_cast<int>(below(random, 700)) - 350);
}

/// As JSON writes it.
std::string number(Random& random) {
  static const std::vector<std::string> kEdges{
      "500.0", "5e2", "1e3", "1E-3", "123456789012345678901234567890", "1e400", "0.1"};
  switch (below(random, 4)) {
    case 0:
      return one_of(random, kEdges);
    case 1:
      return std::to_string(static_cast<int>(below(random, 2000)) - 500) + ".25";
    default:
      return whole_number(random);
  }
}

std::string json(Random& random) {
  static const std::vector<std::string> kOthers{
      "true", "false", "[]", "[1, \"a b\"]", R"({"a":1,"b":{"c":"web-1"}})", "{ \"k\" :\n null }"};
  return one_in(random, 4) ? one_of(random, kOthers) : number(random);
}

}  // namespace

const std::vector<std::string>& field_names() {
  static const std::vector<std::string> kNames{
      "app",       "status",     "ms",          "user",     "level",       "n",    "count", "bytes",
      "x",         "x_base64",   "_msg",        "_time",    "_received",   "_seq", "b\xff", "b\xfe",
      "label.app", "field._msg", "status code", "\xc3\xa9", "label.level", "a.b"};
  return kNames;
}

const std::vector<std::string>& label_names() {
  static const std::vector<std::string> kNames{"app",  "host",  "source",    "level",
                                               "_msg", "_time", "label.app", "x"};
  return kNames;
}

RandomRecords::RandomRecords(Random& random, bool explosion)
    : random_(random), explosion_(explosion) {
  for (std::size_t i = 0; i < 40; ++i) vocabulary_.push_back(one_of(random_, words()));
  for (std::size_t i = below(random_, 200); i > 0; --i) {
    vocabulary_.push_back(any_bytes(random_, 1 + below(random_, 9), "abcdeXYZ_"));
  }
}

std::string RandomRecords::word() { return one_of(random_, vocabulary_); }

std::string RandomRecords::from_vocabulary() {
  static const std::vector<std::string> kBetween{" ", " ", " ", "-", ": ", "/", "=", "", ".", "\n"};
  std::string out;
  for (std::size_t i = below(random_, 9); i > 0; --i) {
    out += word() + one_of(random_, kBetween);
  }
  return out;
}

/// What `parse` reads.
std::string RandomRecords::structured() {
  switch (below(random_, 6)) {
    case 0:
      return R"({"level":"warn","n":)" + number(random_) + R"(,"app":"web-)" +
             std::to_string(below(random_, 3)) + R"(","no":null,"_msg":"x","o":)" + json(random_) +
             "}";
    case 1:
      return R"({"n":1, "n" : "two\n\u00e9" ,"a.b":[)" + json(random_) + "]}" +
             (one_in(random_, 3) ? "," : "");
    case 2:
      return R"( {"app":1,"x":{},"app":null,"user":"\u0000\ud83d\ude00","ms":null} )";
    case 3:
      return "=" + word() + " a=b=" + word() + "\tapp= x=1 x=2 user=\"\\q " + word();
    case 4:
      return "level=" + word() + " ms=" + number(random_) + R"( q="a \"b\" )" + word() +
             R"(" bare)";
    default:
      return "user=bob id=" + std::to_string(below(random_, 100)) + " took " + number(random_);
  }
}

std::string RandomRecords::unusual() {
  switch (below(random_, 6)) {
    case 0:
      return "";
    case 1:
      return (one_in(random_, 2) ? word() : "") +  // bytes of slots: kept whole
             any_bytes(random_, below(random_, 30), std::string_view("\x11\x12\x13\x00 a1\xff", 8));
    case 2:
      return any_bytes(random_, one_in(random_, 20) ? 150'000 : 3'000, "ab 1\n.");
    case 3:
      return word() + std::string(60 + below(random_, 10), 'w') + " " + std::string(66, 'q') + "1";
    default:
      return store::odd_line(random_);
  }
}

/// One of very many templates, which differ in two words.
std::string RandomRecords::of_explosion() {
  const auto fresh = [&] { return any_bytes(random_, 2 + below(random_, 5), "abcdeXYks"); };
  return "user " + (one_in(random_, 9) ? word() : fresh()) + " of " + fresh() +
         (one_in(random_, 3) ? " logged in after " + number(random_) + " ms" : " left");
}

std::string RandomRecords::message() {
  if (explosion_ && !one_in(random_, 4)) return of_explosion();
  if (!earlier_.empty() && one_in(random_, 4)) return one_of(random_, earlier_);
  std::string out;
  switch (below(random_, 8)) {
    case 0:
      out = unusual();
      break;
    case 1:
    case 2:
      out = structured();
      break;
    case 3:
      out = store::typical_line(random_);
      break;
    case 4:
      out = "user " + word() + " of " + word() + " logged in after " + number(random_) + " ms";
      break;
    default:
      out = from_vocabulary();
  }
  if (earlier_.size() < 500) earlier_.push_back(out);
  return out;
}

void RandomRecords::add_fields(model::RecordBatch& batch) {
  std::vector<std::string> names = field_names();
  for (std::size_t i = below(random_, 5); i > 0; --i) {
    const std::size_t at = below(random_, one_in(random_, 3) ? names.size() : 8);
    const bool whole = names[at] == "bytes" || names[at] == "count";  // sums must stay exact
    const std::uint32_t name = batch.intern_field_name(names[at]);
    names.erase(names.begin() + static_cast<std::ptrdiff_t>(at));
    const std::size_t kind = below(random_, 8);
    if (kind < 3) {
      batch.add_field(name, model::FieldKind::kJson, whole ? whole_number(random_) : json(random_));
    } else if (kind == 3) {
      batch.add_field(name, model::FieldKind::kText, one_in(random_, 2) ? number(random_) : "");
    } else if (kind == 4) {
      static const std::vector<std::string> kAlmost{"+7", "007", "7.",  ".5",   "1e", " 7",
                                                    "7 ", "inf", "nan", "0x10", "-",  "1e-400"};
      batch.add_field(name, model::FieldKind::kText, one_of(random_, kAlmost));
    } else {
      batch.add_field(name, model::FieldKind::kText, kind < 7 ? word() : message());
    }
  }
}

model::Labels RandomRecords::labels() {
  std::vector<model::Labels::Pair> pairs;
  for (std::size_t i = below(random_, 4); i > 0; --i) {
    const std::size_t at = below(random_, one_in(random_, 3) ? label_names().size() : 4);
    pairs.emplace_back(label_names()[at], one_in(random_, 20) ? "v\xff" : word());
  }
  return model::Labels(std::move(pairs));
}

TimeNs RandomRecords::time(TimeNs now, std::size_t shape, std::size_t row) {
  const auto random = [&](TimeNs limit) {
    return static_cast<TimeNs>(below(random_, static_cast<std::size_t>(limit)));
  };
  switch (shape) {
    case 0:
      return now;
    case 1:
      return now + static_cast<TimeNs>(row) * 1'000'003;
    case 2:
      return (now - random(4 * kNsPerDay)) / kNsPerSecond * kNsPerSecond;
    case 3:
      return now - random(3) * kNsPerDay;
    default:
      return one_in(random_, 50) ? random(3) - 1 : now - random(2 * kNsPerDay);
  }
}

std::shared_ptr<model::RecordBatch> RandomRecords::batch(TimeNs now) {
  auto batch = std::make_shared<model::RecordBatch>();
  std::vector<std::uint32_t> streams;
  for (std::size_t i = 1 + below(random_, 4); i > 0; --i) {
    streams.push_back(batch->intern_stream(labels()));
  }
  if (explosion_) {  // one stream and day, so that they fall into one block
    const std::vector<model::Labels::Pair> app{{"app", "web-1"}};
    streams.assign(1, batch->intern_stream(model::Labels(app)));
  }
  const std::size_t shape = below(random_, explosion_ ? 2 : 5);
  for (std::size_t row = 0, rows = 1 + below(random_, explosion_ ? 900 : 40); row < rows; ++row) {
    add_fields(*batch);
    batch->add_row(one_of(random_, streams), time(now, shape, row), message());
  }
  return batch;
}

RandomWorld::RandomWorld(Random& random) : random_(random) {
  static const std::vector<std::uint64_t> kSizes{2'000, 10'000, 60'000};
  store_.options.epoch_raw_bytes = one_of(random_, kSizes);
  store_.options.block_raw_bytes = static_cast<std::uint32_t>(one_of(random_, kSizes) / 2);
  if (explosion_) store_.options.epoch_raw_bytes = store_.options.block_raw_bytes = 4U << 20;
  if (one_in(random_, 4)) limits_.memory_bytes = 20'000 + below(random_, 100'000);
  restart();
}

void RandomWorld::restart() {
  engine_.reset();
  tails_.reset();
  deletions_.reset();
  if (indexer_ != nullptr && one_in(random_, 2)) indexer_->stop();  // else as after a crash
  indexer_.reset();
  index_.reset();
  store_.reopen();
  open_index();
  engine_ = make_query_engine(*store_.store, index_.get(), limits_, store_.clock, *store_.metrics);
  deletions_ = make_deletions(
      *store_.store, index_.get(), [this] { return indexer_->forget_gone_blocks(); }, {},
      store_.clock, *store_.metrics);
  if (one_in(random_, 2)) {
    EXPECT_TRUE(deletions_->step());
  }
  ++life_;
  open_tails();
}

void RandomWorld::set_tail_limits(const TailLimits& limits) {
  tail_limits_ = limits;
  open_tails();
}

void RandomWorld::open_tails() {
  tails_.reset();
  TailOptions options;
  options.limits = tail_limits_;
  options.next_id = [this] { return ++tail_ids_; };
  options.threads = false;
  tails_ =
      make_tails(*store_.store, index_.get(), std::move(options), store_.clock, *store_.metrics);
}

void RandomWorld::open_index() {
  index::IndexOptions options;
  options.directory = index_directory_.path();
  options.owner = store_.store->store_id();
  options.delta_blocks = 1 + below(random_, 6);
  options.open_words = 1 + below(random_, 3);
  auto index = index::Index::open(options, *store_.metrics);
  ASSERT_TRUE(index) << index.error().message;
  index_ = *std::move(index);
  indexer_ = std::make_unique<Indexer>(*store_.store, *index_, *store_.metrics);
}

void RandomWorld::step_index() {
  const auto done = one_in(random_, 3) ? indexer_->seal() : indexer_->catch_up();
  ASSERT_TRUE(done) << done.error().message;
}

void RandomWorld::damage_index() {
  std::vector<std::string> files;
  for (const auto& entry : std::filesystem::directory_iterator(index_directory_.path())) {
    if (entry.is_regular_file()) files.push_back(entry.path());
  }
  std::sort(files.begin(), files.end());
  if (files.empty()) return;
  const std::string path = one_of(random_, files);
  const std::size_t size = std::filesystem::file_size(path);
  const std::size_t at = size == 0 ? 0 : below(random_, size);
  switch (below(random_, 3)) {
    case 0:
      std::filesystem::remove(path);
      break;
    case 1:
      std::filesystem::resize_file(path, at);
      break;
    default: {
      std::fstream file(path, std::ios::binary | std::ios::in | std::ios::out);
      file.seekg(static_cast<std::streamoff>(at));
      const char byte = static_cast<char>(file.get());
      file.seekp(static_cast<std::streamoff>(at));
      file.put(static_cast<char>(byte ^ (1 << below(random_, 8))));
    }
  }
}

void RandomWorld::append() {
  if (!one_in(random_, 3)) {
    store_.clock.advance(static_cast<TimeNs>(below(random_, 5'000'000'000)));
  }
  const TimeNs now = store_.clock.now();
  const auto batch = records_.batch(now);
  const auto ack = store::append_and_wait(*store_.store, batch);
  ASSERT_TRUE(ack) << ack.error().message;
  for (std::size_t row = 0; row < batch->rows(); ++row) {
    const model::Seq seq = ack->first.plus(row);
    rows_.push_back(oracle::row_of(*batch, row, {seq, ack->node, seq, now}));
  }
}

/// Only what is in blocks can go, so seal first.
void RandomWorld::expire() {
  ASSERT_TRUE(store_.store->seal());
  const TimeNs age = static_cast<TimeNs>(1 + below(random_, 5)) * kNsPerDay;
  store_.store->set_retention({age, {}});
  ASSERT_TRUE(store_.store->enforce_retention());
  store_.store->set_retention({});
  const TimeNs oldest = store_.clock.now() - age;
  std::erase_if(rows_, [&](const oracle::Row& row) {
    const TimeNs day = row.time / kNsPerDay - (row.time < 0 ? 1 : 0);
    return (day + 1) * kNsPerDay <= oldest;
  });
}

void RandomWorld::remove(const QueryRequest& what) {
  SCOPED_TRACE("deletes " + what.q);
  const auto query = parse_query(what.q);
  ASSERT_TRUE(query) << query.error().message;
  std::erase_if(rows_, [&](const oracle::Row& row) {
    const bool in_range =
        (!what.start || row.time >= *what.start) && (!what.end || row.time < *what.end);
    return in_range && oracle::matches(query->filter, row);
  });
  if (one_in(random_, 2)) {
    hide(what, query->filter);  // the next step or life goes on with it
    return;
  }
  DeletionRequest request;
  request.q = what.q;
  request.start = what.start;
  request.end = what.end;
  const auto asked = deletions_->request(request);
  ASSERT_TRUE(asked) << asked.error().message;
  auto more = deletions_->step();
  while (more && *more) more = deletions_->step();
  ASSERT_TRUE(more) << more.error().message;
  const auto ended = deletions_->find(asked->deletion.id);
  ASSERT_TRUE(ended && ended->deletion.state == store::DeletionState::kDone);
  EXPECT_EQ(ended->deletion.problem, "");
}

void RandomWorld::hide(const QueryRequest& what, const Filter& filter) {
  store::Store& store = *store_.store;
  ASSERT_TRUE(store.seal());
  store::Deletion deletion;
  deletion.query = what.q;
  deletion.up_to = store.durable();
  const auto planned = store.plan_deletion(deletion);
  ASSERT_TRUE(planned);
  const auto snapshot = store.snapshot();
  Progress progress(store_.clock, 60 * kNsPerSecond, 1U << 30);
  const auto doomed = find_doomed_rows(*snapshot, index_.get(), filter, {what.start, what.end},
                                       planned->up_to, 1U << 30, progress);
  ASSERT_TRUE(doomed) << doomed.error().message;
  const auto hidden = store.hide_rows(planned->id, doomed->blocks, {});
  ASSERT_TRUE(hidden) << hidden.error().message;
}

void RandomWorld::step() {
  if (one_in(random_, 15)) {
    expire();
  } else {
    step_without_loss();
  }
}

void RandomWorld::step_without_loss() {
  switch (below(random_, 11)) {
    case 0:
      ASSERT_TRUE(store_.store->seal());
      break;
    case 1:
      restart();
      break;
    case 2:
    case 3:
      step_index();
      break;
    case 4:
      damage_index();
      break;
    default:
      append();
  }
}

}  // namespace duramen::query
