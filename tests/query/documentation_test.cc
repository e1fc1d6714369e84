#include <gmock/gmock.h>

#include <map>

#include "base/time_text.h"
#include "tests/query/documented_tables.h"
#include "tests/query/query_test_base.h"

namespace duramen::query {
namespace {

using testing::UnorderedElementsAreArray;

FakeRecord message(std::string text) { return {0, std::move(text), {}, {}}; }
FakeRecord field(std::string name, std::string value) {
  return {0, "", {}, {{std::move(name), std::move(value), model::FieldKind::kText}}};
}

/// A store has the records of one case, in this order.
struct Case {
  std::vector<FakeRecord> matching;
  std::vector<FakeRecord> others;
  std::vector<FakeRecord> earlier_others;
};

FakeRecord with(FakeRecord record, const std::string& name, std::string value) {
  record.fields.push_back({name, std::move(value), model::FieldKind::kText});
  return record;
}
FakeRecord at(std::string_view time) { return {parse_rfc3339(time).value(), "", {}, {}}; }

std::vector<FakeRecord> messages_of(const Strings& texts) {
  std::vector<FakeRecord> out;
  for (const std::string& text : texts) out.push_back(message(text));
  return out;
}
Case by_message(const Strings& matching, const Strings& others) {
  return {messages_of(matching), messages_of(others), {}};
}
/// A record without the field is always one of the others.
Case by_field(const std::string& name, const Strings& matching, const Strings& others) {
  Case out{{}, {message("app status version web 500 1.9")}, {}};
  for (const std::string& value : matching) out.matching.push_back(field(name, value));
  for (const std::string& value : others) out.others.push_back(field(name, value));
  return out;
}

std::map<std::string, Case> message_cases() {
  return {
      {"*", by_message({"", "error", "\xff"}, {})},
      {"error",
       by_message({"error", "an Error: x", "ERROR", "a/error-b"}, {"errors", "error_x", "terror"})},
      {"connection-reset",
       by_message({"connection-reset", "a Connection-Reset.", "x/connection-reset"},
                  {"connection reset", "connection-resets", "xconnection-reset"})},
      {R"("connection reset")",
       by_message({"connection reset", "a Connection RESET by"},
                  {"connection-reset", "connection resets", "reset connection"})},
      {"time*", by_message({"time", "a Timeout", "x-timers"}, {"overtime", "tim e", ""})},
      {R"("GET /api"*)",
       by_message({"GET /api/v1", "a get /apis", "\"GET /api\""}, {"TARGET /api", "GET /ap"})},
      {"/tim(e|ed) ?out/", by_message({"timeout", "a timed outing"}, {"Timeout", "time  out"})},
      {"/(?i)tim(e|ed) ?out/", by_message({"TimeOut", "a timed out"}, {"time  out"})},
      {"error timeout",
       by_message({"error timeout", "timeout: error"}, {"error", "timeout", "errortimeout"})},
      {"error OR warn", by_message({"error", "warn", "warn error"}, {"warning", ""})},
      {"error -debug", by_message({"error", "error debugs"}, {"error debug", "x"})},
  };
}

std::map<std::string, Case> text_field_cases() {
  return {
      {"app:web", by_field("app", {"web", "web-1", "a WEB"}, {"webs", "", "we"})},
      {"app:web-1*",
       by_field("app", {"web-1", "web-12", "a-Web-1x"}, {"web-2", "aweb-1", "web 1"})},
      {R"(app:~"web front")",
       by_field("app", {"web front", "a Web Front-1"}, {"web-front", "web fronts"})},
      {R"(app:"web-1")", by_field("app", {"web-1"}, {"Web-1", "web-12", "a web-1", ""})},
      {R"(app:"web-"*)", by_field("app", {"web-", "web-1"}, {"Web-1", "a web-1", "web"})},
      {R"(app:"")", by_field("app", {""}, {"x", " "})},
      {"app:*", by_field("app", {"", "x"}, {})},
      {"app:/^web-[0-9]+$/", by_field("app", {"web-1", "web-20"}, {"web-", "web-1x", "Web-1"})},
      {R"(version:>="1.9")",
       by_field("version", {"1.9", "1.9.1", "2", "v"}, {"1.10", "1.8", "", "0"})},
      {"app:(web OR api*)", by_field("app", {"web", "api", "apis"}, {"webs", "xapi", ""})},
      {"error (db OR cache) NOT app:test",
       {{message("error db"), with(message("cache error"), "app", "web")},
        {with(message("error db"), "app", "test"), message("error"), message("db cache")},
        {}}},
  };
}

std::map<std::string, Case> number_and_time_cases() {
  return {
      {"status:=500", by_field("status", {"500", "500.0", "5e2"}, {"501", "x500", "-500", ""})},
      {"status:>=500", by_field("status", {"500", "500.5", "1e9"}, {"499.9", "-", "-600", "9x"})},
      {"status:[500,599]", by_field("status", {"500", "599"}, {"499", "599.5", "600", "-"})},
      {"status:[500,600)", by_field("status", {"500", "599.9"}, {"499", "600", "-"})},
      {R"("status code":>=500)", by_field("status code", {"500"}, {"499", "-"})},
      {"_time:>=2026-11-21T10:00:00Z",
       {{at("2026-11-21T10:00:00Z"), at("2026-11-22T00:00:00Z")},
        {at("2026-11-21T09:59:59.999999999Z")},
        {}}},
      {"_time:[2026-11-21,2026-11-22)",
       {{at("2026-11-21T00:00:00Z"), at("2026-11-21T23:59:59.999999999Z")},
        {at("2026-11-20T23:59:59Z"), at("2026-11-22T00:00:00Z")},
        {}}},
  };
}

std::map<std::string, Case> cases() {
  std::map<std::string, Case> out = message_cases();
  out.merge(text_field_cases());
  out.merge(number_and_time_cases());
  // The fake store counts from 1.
  out.emplace(R"(_seq:"00000000000000ab:17")",
              Case{{message("x")}, messages_of(Strings(3, "x")), messages_of(Strings(16, "x"))});
  return out;
}

class Documentation : public QueryTest {
 protected:
  /// The identities that a filter finds in a store of the case's records.
  Strings found(const std::string& filter, const Case& records, bool in_blocks) {
    FakeStore store;
    for (const auto* part : {&records.earlier_others, &records.matching, &records.others}) {
      if (!part->empty()) store.add(*part);
    }
    if (in_blocks) store.build();
    make_engine(store, {});
    Strings out = run(filter).column("_seq");
    make_engine({});
    return out;
  }
  static Strings expected(const Case& records) {
    Strings out;
    const std::size_t first = records.earlier_others.size() + 1;
    for (std::size_t i = 0; i < records.matching.size(); ++i) {
      out.push_back("00000000000000ab:" + std::to_string(first + i));
    }
    return out;
  }
};

TEST_F(Documentation, EveryFilterFindsWhatItsRowSays) {
  std::map<std::string, Case> left = cases();
  for (const std::string& filter : documented_queries("Filters")) {
    const auto known = left.extract(filter);
    ASSERT_FALSE(known.empty()) << "a row of the table has no case here: " << filter;
    const Strings wanted = expected(known.mapped());
    ASSERT_FALSE(wanted.empty()) << filter;
    for (const bool in_blocks : {false, true}) {
      EXPECT_THAT(found(filter, known.mapped(), in_blocks), UnorderedElementsAreArray(wanted))
          << filter << (in_blocks ? " in blocks" : " in open rows");
    }
  }
  for (const auto& [filter, unused] : left) ADD_FAILURE() << "the table has no row " << filter;
}

}  // namespace
}  // namespace duramen::query
