#include "tests/store/block_corpus.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <functional>
#include <limits>

#include "model/template.h"

namespace duramen::store {
namespace {

using Random = std::mt19937_64;

std::uint64_t below(Random& random, std::uint64_t limit) { return random() % limit; }

std::string hex(Random& random, std::size_t digits, bool upper = false) {
  const std::string_view set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
  std::string out;
  for (std::size_t i = 0; i < digits; ++i) out.push_back(set[below(random, 16)]);
  return out;
}

std::string uuid(Random& random) {
  return hex(random, 8) + "-" + hex(random, 4) + "-4" + hex(random, 3) + "-a" + hex(random, 3) +
         "-" + hex(random, 12);
}

std::string number(Random& random, std::uint64_t limit) {
  return std::to_string(below(random, limit));
}

std::string word(Random& random) {
  std::string out;
  for (std::size_t i = below(random, 9) + 1; i > 0; --i) {
    out.push_back(static_cast<char>('a' + below(random, 26)));
  }
  return out;
}

std::string json_line(Random& random) {
  static constexpr std::array<std::string_view, 3> kLevels = {"info", "warn", "error"};
  return R"({"level":")" + std::string(kLevels[below(random, 3)]) + R"(","ts":"2026-11-21T10:)" +
         std::to_string(10 + below(random, 50)) + ":30." +
         std::to_string(100 + below(random, 900)) +
         R"(Z","msg":"request completed","path":"/api/v1/orders/)" + number(random, 100000) +
         R"(","status":200,"duration_ms":)" + number(random, 300) + "." + number(random, 10) +
         R"(,"request_id":")" + uuid(random) + R"(","client":"10.)" + number(random, 4) + "." +
         number(random, 256) + "." + number(random, 256) + "\"}";
}

std::string trace_line(Random& random) {
  return "\tat com.example.Order" + word(random) + ".handle(Order.java:" + number(random, 900) +
         ")";
}

std::string bytes(Random& random, std::size_t size, std::string_view from = {}) {
  std::string out;
  for (std::size_t i = 0; i < size; ++i) {
    out.push_back(from.empty() ? static_cast<char>(random()) : from[below(random, from.size())]);
  }
  return out;
}

}  // namespace

std::string typical_line(Random& random) {
  switch (below(random, 4)) {
    case 0:
      return json_line(random);
    case 1:
      return "192.168.0." + number(random, 300) + " - - [21/Nov/2026:10:2" + number(random, 10) +
             ":05 +0000] \"GET /img/" + number(random, 5000) + ".png HTTP/1.1\" 200 " +
             number(random, 100000);
    case 2:
      return trace_line(random);
    default:
      return "user=" + word(random) + " id=" + hex(random, 12) + " key=" + hex(random, 8, true) +
             " took " + number(random, 5000) + "ms seq=00" +
             std::to_string(1000 + below(random, 9000));
  }
}

std::string odd_line(Random& random) {
  const std::size_t size = below(random, 80);
  switch (below(random, 9)) {
    case 0:
      return "";
    case 1:
      return bytes(random, size);
    case 2:
      return bytes(random, size, "0123456789");
    case 3:
      return bytes(random, size, "0123456789abcdefABCDEF");
    case 4:
      return bytes(random, size, std::string_view("\x11\x12\x13\x00 a1", 7));
    case 5:
      return bytes(random, size, "0. -");
    case 6:
      return bytes(random, size * 20, " 1a_-.\xff");
    case 7:
      return uuid(random) + bytes(random, size % 7, "a-. 0");
    default:
      return number(random, 400) + "." + number(random, 300) + "." + number(random, 300) + "." +
             number(random, 300) + bytes(random, size % 3, ".0a ");
  }
}

model::RowSet mixed_rows(std::uint64_t seed, std::size_t rows) {
  Random random(seed);
  Rows out;
  std::vector<model::RowIdentity> identities;
  TimeNs time = 1'700'000'000'000'000'000;
  for (std::size_t i = 0; i < rows; ++i) {
    if (below(random, 10) == 0) out.stream({{"app", "a" + number(random, 20)}});
    if (below(random, 3) == 0) out.field("status", number(random, 600), model::FieldKind::kJson);
    if (below(random, 3) == 0) out.field(word(random).substr(0, 1), odd_line(random));
    if (below(random, 3) == 0) out.field("trace", hex(random, 32));
    time += static_cast<TimeNs>(below(random, 1'000'000'000)) - 1000;
    const bool edge = below(random, 200) == 0;
    const bool odd = below(random, 4) == 0;
    out.add(odd ? odd_line(random) : typical_line(random),
            edge ? static_cast<TimeNs>(random()) : time);
    const model::Seq seq(1000 + i * 2 + below(random, 2));
    const bool foreign = below(random, 50) == 0;
    identities.push_back({seq, model::NodeId(foreign ? random() : 7),
                          foreign ? model::Seq(random()) : seq, time + 5});
  }
  return out.with(std::move(identities));
}

std::vector<RowRef> all_rows(const model::RowSet& set) {
  std::vector<RowRef> refs;
  for (std::uint32_t i = 0; i < set.rows(); ++i) refs.push_back({&set, i});
  return refs;
}

BlockBytes encoded(const model::RowSet& set, int zstd_level) {
  auto block = encode_block(all_rows(set), {zstd_level});
  if (!block) {
    ADD_FAILURE() << block.error().message;
    return {};
  }
  return std::move(block->bytes);
}

Result<model::RowSet> decoded(const BlockBytes& bytes) {
  return decode_block(bytes.head, bytes.rows, bytes.vars, bytes.fields);
}

BlockReader::Fetch fetch_from(const BlockBytes& bytes) {
  return [&bytes](BlockPart part) -> Result<BlockReader::Value> {
    switch (part) {
      case BlockPart::kHead:
        return std::make_shared<const std::string>(bytes.head);
      case BlockPart::kRows:
        return std::make_shared<const std::string>(bytes.rows);
      case BlockPart::kVars:
        return std::make_shared<const std::string>(bytes.vars);
      case BlockPart::kFields:
        return std::make_shared<const std::string>(bytes.fields);
    }
    return Error{ErrorCode::kInternal, "an unknown part"};
  };
}

namespace {

/// A slot's values at random places must be those of the whole column, and the others empty.
Result<void> read_some(BlockReader& reader, std::size_t id, std::size_t slot, Random& random) {
  const std::size_t one_of = 1 + random() % 20;
  std::vector<std::uint32_t> places;
  for (std::uint32_t place = 0; place < reader.templates()[id].rows; ++place) {
    if (random() % one_of == 0) places.push_back(place);
  }
  DURAMEN_TRY(const ColumnValues some, reader.some_variables(id, slot, places));
  DURAMEN_TRY(const ColumnValues* all, reader.variables(id, slot));
  EXPECT_EQ(some.size(), all->size());
  for (std::uint32_t place = 0; place < some.size(); ++place) {
    const bool wanted = std::binary_search(places.begin(), places.end(), place);
    if (some[place] == (wanted ? (*all)[place] : std::string_view())) continue;
    return Error{ErrorCode::kInternal, "place " + std::to_string(place) + " of slot " +
                                           std::to_string(slot) + " of template " +
                                           std::to_string(id) + " is another when read alone"};
  }
  return {};
}

/// Single numbers of a column must be those of the whole column.
Result<void> read_single_numbers(BlockReader& reader, RowColumn column, Random& random) {
  std::vector<std::pair<std::size_t, std::uint64_t>> single;
  for (int i = 0; i < 20; ++i) {
    const std::size_t row = random() % reader.rows();
    DURAMEN_TRY(const std::uint64_t number, reader.number(column, row));
    single.emplace_back(row, number);
  }
  DURAMEN_TRY(const auto all, reader.numbers(column));
  for (const auto& [row, number] : single) {
    if (number == all[row]) continue;
    return Error{ErrorCode::kInternal, "row " + std::to_string(row) + " of column " +
                                           std::to_string(static_cast<int>(column)) +
                                           " is another when read alone"};
  }
  return {};
}

/// Asks for everything once, shuffled.
Result<void> read_all(BlockReader& reader, Random& random) {
  std::vector<std::function<Result<void>()>> reads;
  const auto add = [&](auto read) {
    reads.push_back([read]() -> Result<void> {
      DURAMEN_TRY([[maybe_unused]] const auto got, read());
      return {};
    });
  };
  for (std::size_t c = 0; c < kRowColumns; ++c) {
    add([&reader, c] { return reader.numbers(static_cast<RowColumn>(c)); });
    reads.push_back(
        [&, c] { return read_single_numbers(reader, static_cast<RowColumn>(c), random); });
  }
  for (std::size_t id = 0; id < reader.templates().size(); ++id) {
    for (std::size_t slot = 0; slot < reader.slots_of(id).size(); ++slot) {
      add([&reader, id, slot] { return reader.variables(id, slot); });
      reads.push_back([&, id, slot] { return read_some(reader, id, slot, random); });
    }
  }
  for (std::size_t f = 0; f < reader.field_columns().size(); ++f) {
    add([&reader, f] { return reader.field(f); });
  }
  std::shuffle(reads.begin(), reads.end(), random);
  for (const auto& read : reads) DURAMEN_TRY_VOID(read());
  return {};
}

Result<std::string> message_of(BlockReader& reader, std::size_t row) {
  DURAMEN_TRY(const auto ids, reader.numbers(RowColumn::kTemplate));
  DURAMEN_TRY(const auto places, reader.places_in_template());
  const std::size_t id = ids[row];
  const std::string_view text =
      id == 0 ? std::string_view(&model::kDigitSlot, 1) : reader.templates()[id].text;
  std::string out;
  std::size_t slot = 0;
  for (const char c : text) {
    if (!model::is_slot(c)) {
      out.push_back(c);
      continue;
    }
    DURAMEN_TRY(const ColumnValues* values, reader.variables(id, slot++));
    out += (*values)[places[row]];
  }
  return out;
}

Result<void> add_fields(BlockReader& reader, std::size_t row, std::vector<std::size_t>& next,
                        Rows& out) {
  DURAMEN_TRY(const auto sets, reader.numbers(RowColumn::kFieldSet));
  for (const std::uint32_t column : reader.field_sets()[sets[row]]) {
    DURAMEN_TRY(const ColumnValues* values, reader.field(column));
    const FieldColumn& of = reader.field_columns()[column];
    out.field(of.name, (*values)[next[column]++], of.kind);
  }
  return {};
}

Result<model::RowIdentity> identity_of(BlockReader& reader, std::size_t row) {
  DURAMEN_TRY(const auto seqs, reader.numbers(RowColumn::kSeq));
  DURAMEN_TRY(const auto nodes, reader.numbers(RowColumn::kNode));
  DURAMEN_TRY(const auto origins, reader.numbers(RowColumn::kOriginSeq));
  DURAMEN_TRY(const auto received, reader.numbers(RowColumn::kReceived));
  const model::Seq seq = reader.summary().min_seq.plus(seqs[row]);
  return model::RowIdentity{seq, reader.nodes()[nodes[row]], seq.plus(origins[row]),
                            static_cast<TimeNs>(received[row])};
}

}  // namespace

Result<model::RowSet> read_by_columns(BlockReader& reader, std::uint64_t seed) {
  Random random(seed);
  DURAMEN_TRY_VOID(read_all(reader, random));
  DURAMEN_TRY(const auto streams, reader.numbers(RowColumn::kStream));
  DURAMEN_TRY(const auto times, reader.numbers(RowColumn::kTime));
  Rows out;
  std::vector<model::RowIdentity> identities;
  std::vector<std::size_t> next_value(reader.field_columns().size());
  for (std::size_t row = 0; row < reader.rows(); ++row) {
    out.stream(reader.streams()[streams[row]].pairs());
    DURAMEN_TRY_VOID(add_fields(reader, row, next_value, out));
    DURAMEN_TRY(const std::string message, message_of(reader, row));
    out.add(message, reader.time_of(times[row]));
    DURAMEN_TRY(const auto identity, identity_of(reader, row));
    identities.push_back(identity);
  }
  return out.with(std::move(identities));
}

std::string difference(const model::RowSet& a, const model::RowSet& b) {
  if (a.rows() != b.rows()) return "row counts differ";
  const model::RecordBatch& x = a.records();
  const model::RecordBatch& y = b.records();
  if (auto ok = y.check(); !ok) return ok.error().message;
  for (std::size_t i = 0; i < a.rows(); ++i) {
    const std::string where = " differs in row " + std::to_string(i);
    if (x.message(i) != y.message(i)) return "message" + where;
    if (x.time[i] != y.time[i]) return "time" + where;
    if (!(x.streams[x.stream[i]] == y.streams[y.stream[i]])) return "stream" + where;
    if (!(a.identity(i) == b.identity(i))) return "identity" + where;
    const std::uint32_t n = x.fields_end[i] - x.first_field(i);
    if (n != y.fields_end[i] - y.first_field(i)) return "field count" + where;
    for (std::uint32_t k = 0; k < n; ++k) {
      const std::uint32_t f = x.first_field(i) + k;
      const std::uint32_t g = y.first_field(i) + k;
      if (x.field_names[x.field_name[f]] != y.field_names[y.field_name[g]] ||
          x.field_kind[f] != y.field_kind[g] || x.value(f) != y.value(g)) {
        return "field " + std::to_string(k) + where;
      }
    }
  }
  return "";
}

void expect_round_trip(const model::RowSet& set) {
  const auto block = encode_block(all_rows(set), {});
  ASSERT_TRUE(block) << block.error().message;
  const auto back = decoded(block->bytes);
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(difference(set, *back), "");
  const auto reader = BlockReader::open(fetch_from(block->bytes));
  ASSERT_TRUE(reader) << reader.error().message;
  const std::uint64_t order = set.records().raw_bytes();
  const auto by_columns = read_by_columns(**reader, order);
  ASSERT_TRUE(by_columns) << by_columns.error().message;
  EXPECT_EQ(difference(set, *by_columns), "") << "columns read in the order of seed " << order;
  const auto summary = read_summary(block->bytes.head);
  ASSERT_TRUE(summary) << summary.error().message;
  EXPECT_EQ(*summary, block->summary);
  EXPECT_EQ(summary->rows, set.rows());
  EXPECT_EQ(summary->raw_bytes, set.records().raw_bytes());
}

}  // namespace duramen::store
