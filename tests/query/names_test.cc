#include <algorithm>
#include <map>
#include <random>
#include <set>

#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

constexpr auto kText = model::FieldKind::kText;
constexpr auto kJson = model::FieldKind::kJson;

class Names : public QueryTest {
 protected:
  static QueryRequest asking(NamesPipe pipe, std::string q = "") {
    QueryRequest request = oldest_first(std::move(q));
    request.pipes = {std::move(pipe)};
    return request;
  }
  Strings fields(const std::string& q = "") {
    return run(asking({NamesPipe::Of::kFields, ""}, q)).lines;
  }
  Strings labels(const std::string& q = "") {
    return run(asking({NamesPipe::Of::kLabels, ""}, q)).lines;
  }
  Strings values(const std::string& label, const std::string& q = "") {
    return run(asking({NamesPipe::Of::kLabelValues, label}, q)).lines;
  }
};

TEST_F(Names, FieldsAreCountedByRowsAndKinds) {
  store_.add({{0, "a", {{"app", "web"}}, {{"status", "500", kJson}, {"user", "x", kText}}},
              {1, "b", {{"app", "web"}}, {{"status", "-", kText}}},
              {2, "c", {{"app", "db"}}, {}}});
  EXPECT_EQ(fields(), (Strings{R"({"name":"app","rows":3,"kinds":{"label":3}})",
                               R"({"name":"status","rows":2,"kinds":{"text":1,"json":1}})",
                               R"({"name":"user","rows":1,"kinds":{"text":1}})"}));
  store_.build();
  EXPECT_EQ(fields("app:db"), (Strings{R"({"name":"app","rows":1,"kinds":{"label":1}})"}));
  EXPECT_EQ(fields("nothing"), Strings{});
}

TEST_F(Names, FieldsAreNamedAsRowsShowThem) {
  store_.add(
      {{0, "a", {{"app", "web"}, {"_seq", "x"}}, {{"app", "f", kText}, {"_msg", "m", kText}}},
       {1, "b", {{"app", "web"}}, {{"label.app", "own", kText}}}});
  EXPECT_EQ(fields(), (Strings{R"({"name":"app","rows":2,"kinds":{"label":1,"text":1}})",
                               R"({"name":"label.app","rows":2,"kinds":{"label":1,"text":1}})",
                               R"({"name":"field._msg","rows":1,"kinds":{"text":1}})",
                               R"({"name":"label._seq","rows":1,"kinds":{"label":1}})"}));
}

TEST_F(Names, ARowThatShowsANameTwiceCountsItOnceAndTheNumberedOne) {
  store_.add({{0, "a", {{"app", "web"}}, {{"app", "f", kText}, {"label.app", "g", kText}}}});
  const Strings shown =
      run("*").rows().at(0).contains("label.app#2") ? Strings{"label.app#2"} : Strings{};
  EXPECT_EQ(shown, Strings{"label.app#2"});
  EXPECT_EQ(fields(), (Strings{R"({"name":"app","rows":1,"kinds":{"text":1}})",
                               R"({"name":"label.app","rows":1,"kinds":{"label":1}})",
                               R"({"name":"label.app#2","rows":1,"kinds":{"text":1}})"}));
}

TEST_F(Names, LabelsAreCountedWithTheirValues) {
  store_.add({{0, "a", {{"app", "web"}, {"host", "h1"}}, {}},
              {1, "b", {{"app", "web"}, {"host", "h2"}}, {}},
              {2, "c", {{"app", "db"}}, {{"host", "field", kText}}}});
  EXPECT_EQ(labels(), (Strings{R"({"name":"app","rows":3,"values":2})",
                               R"({"name":"host","rows":2,"values":2})"}));
  EXPECT_EQ(values("app"), (Strings{R"({"value":"web","rows":2})", R"({"value":"db","rows":1})"}));
  EXPECT_EQ(values("host"), (Strings{R"({"value":"h1","rows":1})", R"({"value":"h2","rows":1})"}));
  EXPECT_EQ(values("app", "c"), Strings{R"({"value":"db","rows":1})"});
  EXPECT_EQ(values("other"), Strings{});
}

TEST_F(Names, ALabelThatAFieldHidesIsStillALabel) {
  store_.add({{0, "a", {{"app", "web"}}, {{"app", "own", kText}}}});
  EXPECT_EQ(labels(), Strings{R"({"name":"app","rows":1,"values":1})"});
  EXPECT_EQ(values("app"), Strings{R"({"value":"web","rows":1})"});
}

TEST_F(Names, RangeAndLimitAreKept) {
  store_.add({{1, "a", {{"app", "web"}}, {}}, {2, "a", {{"app", "db"}}, {}}, {3, "a", {}, {}}});
  QueryRequest request = asking({NamesPipe::Of::kLabelValues, "app"});
  request.end = 2;
  EXPECT_EQ(run(request).lines, Strings{R"({"value":"web","rows":1})"});
  request.end.reset();
  request.limit = 1;
  const Answer cut = run(request);
  EXPECT_EQ(cut.lines, Strings{R"({"value":"db","rows":1})"});
  EXPECT_EQ(cut.end.matched_rows, 3U);
  ASSERT_EQ(cut.end.warnings.size(), 1U);
  EXPECT_NE(cut.end.warnings[0].find("limit of 1 rows"), std::string::npos);
}

TEST_F(Names, NothingInTheRangeIsNotLookedForElsewhere) {
  store_.add({{1, "a", {{"app", "web"}}, {}}});
  store_.build();
  store_.on_read([] { ADD_FAILURE() << "a block beyond the range is read"; });
  QueryRequest request = asking({NamesPipe::Of::kLabels, ""});
  request.start = 2;
  const Answer answer = run(request);
  EXPECT_EQ(answer.lines, Strings{});
  EXPECT_EQ(answer.end.matched_rows, 0U);
  EXPECT_EQ(answer.end.hint, "");
}

TEST_F(Names, BytesThatAreNotUtf8AreKept) {
  store_.add({{0, "a", {{"app", "\xff"}}, {}}});
  EXPECT_EQ(values("app"), Strings{R"({"value_base64":"/w==","rows":1})"});
}

TEST_F(Names, AreShownInWordsInTheTextOfAQuery) {
  const auto text_of = [](NamesPipe pipe) { return to_text(Query{{}, {std::move(pipe)}}); };
  EXPECT_EQ(text_of({NamesPipe::Of::kFields, ""}), "* | field_names");
  EXPECT_EQ(text_of({NamesPipe::Of::kLabels, ""}), "* | label_names");
  EXPECT_EQ(text_of({NamesPipe::Of::kLabelValues, "a b"}), R"(* | label_values "a b")");
}

TEST_F(Names, PipesInTheTextAreRefused) {
  const auto answer = try_run(asking({NamesPipe::Of::kFields, ""}, "a | head 3"));
  ASSERT_FALSE(answer);
  EXPECT_EQ(answer.error().code, ErrorCode::kInvalidArgument);
  EXPECT_EQ(answer.error().message,
            "only a filter can be asked for here; leave out the pipes, from the first '|' on");
}

TEST_F(Names, MemoryLimitSaysWhatItIsFullOf) {
  std::vector<FakeRecord> records;
  for (int i = 0; i < 20'000; ++i) {
    const std::string n = std::to_string(i);
    records.push_back({i, "a", {{"pod", n}}, {{"f" + std::to_string(i / 2), n, kText}}});
  }
  store_.add(records);
  QueryLimits limits;
  limits.memory_bytes = 1 << 20;
  make_engine(limits);
  const auto field_names = try_run(asking({NamesPipe::Of::kFields, ""}));
  ASSERT_FALSE(field_names);
  EXPECT_EQ(field_names.error().code, ErrorCode::kResourceExhausted);
  EXPECT_NE(
      field_names.error().message.find(" field names need more than the query's memory limit"),
      std::string::npos)
      << field_names.error().message;
  for (const auto of : {NamesPipe::Of::kLabels, NamesPipe::Of::kLabelValues}) {
    const auto answer = try_run(asking({of, "pod"}));
    ASSERT_FALSE(answer);
    EXPECT_EQ(answer.error().code, ErrorCode::kResourceExhausted);
    EXPECT_TRUE(answer.error().message.starts_with("the labels of ")) << answer.error().message;
  }
}

TEST_F(Names, ADamagedBlockMakesTheAnswerPartial) {
  store_.add({{0, "a", {{"app", "web"}}, {}}});
  store_.add({{1, "a", {{"app", "db"}}, {}}});
  store_.build();
  store_.damage(1);
  const Answer answer = run(asking({NamesPipe::Of::kLabelValues, "app"}));
  EXPECT_EQ(answer.lines, Strings{R"({"value":"db","rows":1})"});
  EXPECT_TRUE(answer.end.partial);
  EXPECT_EQ(answer.end.warnings.size(), 1U);
}

/// Random records, and what the answers must be, counted from rows as the API shows them.
class RandomNames : public Names {
 protected:
  std::string pick(const Strings& from) { return from[random_() % from.size()]; }

  void add_random() {
    std::vector<FakeRecord> records;
    for (auto n = 1 + random_() % 30; n-- > 0;) {
      FakeRecord record;
      record.time = static_cast<TimeNs>(random_() % 50);
      record.message = pick({"error", "fine"});
      for (const std::string name : {"app", "host", "x"}) {
        if (random_() % 2 == 0) record.labels.emplace_back(name, pick({"1", "2", "ü", "long one"}));
      }
      for (const std::string name : {"x", "y", "label.app", "app"}) {
        if (random_() % 3 != 0) continue;
        record.fields.push_back({name, pick({"1", "7"}), random_() % 2 == 0 ? kText : kJson});
      }
      stored_.push_back(record);
      records.push_back(std::move(record));
    }
    store_.add(records);
    if (random_() % 2 == 0) store_.build();
  }

  /// name -> value -> rows
  using Counts = std::map<std::string, std::map<std::string, int>>;
  Counts naive_labels(TimeNs start, TimeNs end, bool errors_only) const {
    Counts out;
    for (const FakeRecord& record : stored_) {
      if (record.time < start || record.time >= end) continue;
      if (errors_only && record.message != "error") continue;
      for (const auto& [name, value] : record.labels) ++out[name][value];
    }
    return out;
  }

  std::mt19937_64 random_;
  std::vector<FakeRecord> stored_;
};

int total(const std::map<std::string, int>& counts) {
  int out = 0;
  for (const auto& [value, rows] : counts) out += rows;
  return out;
}

TEST_F(RandomNames, AgreeWithCountingByHand) {
  const auto seed = std::random_device{}();
  SCOPED_TRACE("seed " + std::to_string(seed));
  random_.seed(seed);
  for (int round = 0; round < 30 && !HasFailure(); ++round) {
    add_random();
    const auto start = static_cast<TimeNs>(random_() % 30);
    const auto end = start + 1 + static_cast<TimeNs>(random_() % 30);
    const bool errors_only = random_() % 2 == 0;
    const auto ask = [&](NamesPipe pipe) {
      QueryRequest request = asking(std::move(pipe), errors_only ? "error" : "");
      request.start = start;
      request.end = end;
      return run(request);
    };
    const Counts wanted = naive_labels(start, end, errors_only);
    std::map<std::string, std::pair<int, int>> names;
    for (const auto& row : ask({NamesPipe::Of::kLabels, ""}).rows()) {
      names[row["name"]] = {row["rows"], row["values"]};
    }
    ASSERT_EQ(names.size(), wanted.size());
    for (const auto& [name, counts] : wanted) {
      EXPECT_EQ(names[name], std::pair(total(counts), static_cast<int>(counts.size()))) << name;
      std::map<std::string, int> values;
      int before = 1 << 30;
      for (const auto& row : ask({NamesPipe::Of::kLabelValues, name}).rows()) {
        values[row["value"]] = row["rows"];
        EXPECT_LE(row["rows"], before) << "the most frequent first";
        before = row["rows"];
      }
      EXPECT_EQ(values, counts) << name;
    }
    // Fields: the keys of the rows themselves.
    QueryRequest rows = oldest_first(errors_only ? "error" : "");
    rows.start = start;
    rows.end = end;
    std::map<std::string, int> shown;
    std::uint64_t matched = 0;
    for (const auto& row : run(rows).rows()) {
      ++matched;
      for (const auto& [name, value] : row.items()) ++shown[name];
    }
    for (const char* builtin : {"_time", "_seq", "_msg"}) shown.erase(builtin);
    std::map<std::string, int> counted;
    const Answer fields = ask({NamesPipe::Of::kFields, ""});
    for (const auto& row : fields.rows()) {
      counted[row["name"]] = row["rows"];
      int kinds = 0;
      for (const auto& [kind, rows_of_kind] : row["kinds"].items()) {
        kinds += rows_of_kind.get<int>();
      }
      EXPECT_EQ(kinds, row["rows"]) << row;
    }
    EXPECT_EQ(counted, shown);
    EXPECT_EQ(fields.end.matched_rows, matched);
  }
}

}  // namespace
}  // namespace duramen::query
