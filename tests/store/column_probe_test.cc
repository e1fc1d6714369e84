#include "store/column_probe.h"

#include <gtest/gtest.h>

#include <memory>
#include <random>
#include <string>
#include <vector>

#include "base/time_text.h"
#include "model/tokens.h"
#include "store/column_encoding.h"

namespace duramen::store {
namespace {

using Random = std::mt19937_64;
using Values = std::vector<std::string>;
using As = ColumnProbe::As;

/// A column whose parts are encoded as a block does it.
class Column {
 public:
  void add_part(const Values& values, Encoding expected) {
    values_.insert(values_.end(), values.begin(), values.end());
    const std::vector<std::string_view> views(values.begin(), values.end());
    const std::vector<TimeNs> times(values.size(), 1'795'000'000 * kNsPerSecond);
    auto& bytes = parts_.emplace_back(std::make_unique<LaneBytes>());
    const Encoding encoding = encode_values(views, times, *bytes);
    EXPECT_EQ(encoding, expected);
    LaneReaders in{ByteReader(bytes->text()), ByteReader(bytes->numbers()),
                   ByteReader(bytes->packed())};
    EXPECT_TRUE(probe_.add_part(encoding, in, values.size()));
  }
  ColumnProbe& probe() { return probe_; }
  const std::string& value(std::size_t i) const { return values_[i]; }

  /// Nothing that is there is denied.
  void expect_all_allowed() {
    for (const std::string& value : values_) {
      const std::string folded = model::folded(value);
      EXPECT_TRUE(probe_.may_hold(folded, As::kValue)) << value;
      model::for_each_token(folded, [&](const model::Token& token) {
        const std::string text = folded.substr(token.begin, token.size);
        EXPECT_TRUE(probe_.may_hold(text, As::kToken)) << text << " of " << value;
      });
      for (const char c : folded) {
        EXPECT_TRUE(probe_.bytes().test(static_cast<unsigned char>(c))) << value;
      }
      for (std::size_t begin = 0; begin < folded.size(); ++begin) {
        for (std::size_t size = 1; size <= folded.size() - begin; ++size) {
          ASSERT_TRUE(probe_.may_hold(folded.substr(begin, size)))
              << folded.substr(begin, size) << " of " << value;
        }
      }
    }
  }

 private:
  Values values_;
  std::vector<std::unique_ptr<LaneBytes>> parts_;
  ColumnProbe probe_;
};

std::string digits(Random& random, std::string_view set, std::size_t size) {
  std::string out;
  while (out.size() < size) out += set[random() % set.size()];
  return out;
}

std::string uuid(Random& random) {
  const auto hex = [&](std::size_t size) { return digits(random, "0123456789abcdef", size); };
  return hex(8) + "-" + hex(4) + "-" + hex(4) + "-" + hex(4) + "-" + hex(12);
}

/// 300 values.
template <class Make>
Values many(Make&& make) {
  Values out;
  for (int i = 0; i < 300; ++i) out.push_back(make(i));
  return out;
}

class ColumnProbeTest : public testing::Test {
 protected:
  Random random_{7};
};

TEST_F(ColumnProbeTest, OneValueIsItsOwnText) {
  Column column;
  column.add_part(Values(300, "Timeout"), Encoding::kConstant);
  column.expect_all_allowed();
  EXPECT_FALSE(column.probe().may_hold("out time"));
  EXPECT_FALSE(column.probe().may_hold("tuo"));
}

TEST_F(ColumnProbeTest, FewValuesAreLookedThrough) {
  static const Values kWords{"alice", "Bob", "carol"};
  Column column;
  column.add_part(many([&](int) { return kWords[random_() % 3]; }), Encoding::kDictionary);
  column.expect_all_allowed();
  EXPECT_FALSE(column.probe().may_hold("ecila"));
  EXPECT_FALSE(column.probe().may_hold("z"));
}

TEST_F(ColumnProbeTest, TextsAreLookedThrough) {
  Column fixed;
  fixed.add_part(many([&](int) { return digits(random_, "ghijkL", 9); }), Encoding::kFixedText);
  fixed.expect_all_allowed();
  EXPECT_FALSE(fixed.probe().may_hold("m"));
  Column texts;
  texts.add_part(many([&](int) { return digits(random_, "ghijkL", 1 + random_() % 20); }),
                 Encoding::kText);
  texts.expect_all_allowed();
  EXPECT_FALSE(texts.probe().may_hold("m"));
}

TEST_F(ColumnProbeTest, NumbersHaveDigitsAndWhatStandsAround) {
  Column column;
  column.add_part(many([&](int) { return "id" + std::to_string(random_() % 1'000'000) + "Ms"; }),
                  Encoding::kDecimal);
  column.expect_all_allowed();
  EXPECT_FALSE(column.probe().may_hold("x"));
  EXPECT_FALSE(column.probe().may_hold(std::string(25, '1')));
  EXPECT_TRUE(column.probe().may_hold("d" + std::string(22, '1'))) << "20 digits, 4 around them";
  EXPECT_FALSE(column.probe().may_hold(std::string(24, '1'))) << "as long as the longest value";
  EXPECT_TRUE(column.probe().may_hold("id12345678ms", As::kValue)) << "numbers are not looked for";
  EXPECT_FALSE(column.probe().may_hold("id12345678", As::kValue));
  EXPECT_FALSE(column.probe().may_hold("12345678ms", As::kValue));
  EXPECT_FALSE(column.probe().may_hold("idms", As::kValue)) << "there is at least one digit";
  EXPECT_FALSE(column.probe().may_hold("id1d1ms", As::kValue));
}

TEST_F(ColumnProbeTest, TheLongestNumbersAreAllowed) {
  Column column;
  column.add_part(many([](int i) {
                    const std::uint64_t longest = 9'999'999'999'999'999'999U;
                    const auto n = static_cast<std::uint64_t>(i);
                    return std::to_string(n % 2 == 0 ? longest - n : 1000 + n);
                  }),
                  Encoding::kDecimal);
  column.expect_all_allowed();
}

TEST_F(ColumnProbeTest, PaddedNumbersHaveAWidth) {
  Column column;
  column.add_part(many([&](int) { return "00" + digits(random_, "0123456789", 6); }),
                  Encoding::kPaddedDecimal);
  column.expect_all_allowed();
}

TEST_F(ColumnProbeTest, HexadecimalNumbersAreFoundInEitherCase) {
  for (const bool upper : {false, true}) {
    const std::string_view set = upper ? "0123456789ABCDEF" : "0123456789abcdef";
    Column column;
    column.add_part(many([&](int) { return "0x" + digits(random_, set, 16); }),
                    upper ? Encoding::kUpperHex : Encoding::kLowerHex);
    column.expect_all_allowed();
    EXPECT_FALSE(column.probe().may_hold("g"));
    EXPECT_FALSE(column.probe().may_hold("0x0123456789abcdef")) << "a whole number is looked for";
    EXPECT_TRUE(column.probe().may_hold("0123456789abcdef")) << "a part of one is not";
    EXPECT_FALSE(column.probe().may_hold("000123456789abcdef"));
    EXPECT_FALSE(column.probe().may_hold("0x0123456789abcdex"));
    EXPECT_FALSE(column.probe().may_hold("0123456789abcdef", As::kValue)) << "too short";
  }
}

TEST_F(ColumnProbeTest, AnOddNumberOfHexadecimalDigitsIsAllowed) {
  Column column;
  column.add_part(many([&](int) { return digits(random_, "0123456789abcdef", 15); }),
                  Encoding::kLowerHex);
  column.expect_all_allowed();
  EXPECT_TRUE(column.probe().may_hold("0123456789abcde"));
  EXPECT_FALSE(column.probe().may_hold("0123456789abcdef"));
}

TEST_F(ColumnProbeTest, UuidsAndAddressesHaveTheirBytesAndSizes) {
  Column uuids;
  uuids.add_part(many([&](int) { return uuid(random_); }), Encoding::kUuid);
  uuids.expect_all_allowed();
  EXPECT_FALSE(uuids.probe().may_hold("g"));
  EXPECT_FALSE(uuids.probe().may_hold("01234567-89ab-cdef-0123-456789abcdef"));
  std::string without_dash = uuids.value(0);
  without_dash[8] = 'a';
  EXPECT_FALSE(uuids.probe().may_hold(without_dash));
  EXPECT_FALSE(uuids.probe().may_hold("012345678-9ab-cdef-0123-456789abcdef"));
  EXPECT_TRUE(uuids.probe().may_hold("01234567-89ab-cdef")) << "a part of one is not looked for";
  EXPECT_FALSE(uuids.probe().may_hold("01234567-89ab-cdef", As::kValue));
  EXPECT_FALSE(uuids.probe().may_hold("01234567", As::kToken));
  EXPECT_FALSE(uuids.probe().may_hold("0123456789ab", As::kToken));
  EXPECT_FALSE(uuids.probe().may_hold("0123456789abcdef", As::kToken)) << "no group has 16 digits";
  Column addresses;
  Values ipv4 = many([&](int) {
    const auto part = [&] { return std::to_string(random_() % 256); };
    return part() + "." + part() + "." + part() + "." + part();
  });
  ipv4.insert(ipv4.end(), {"0.0.0.0", "255.255.255.255"});
  addresses.add_part(ipv4, Encoding::kIpv4);
  addresses.expect_all_allowed();
  EXPECT_FALSE(addresses.probe().may_hold("a"));
  EXPECT_FALSE(addresses.probe().may_hold("1234", As::kToken)) << "no octet has four digits";
}

TEST_F(ColumnProbeTest, TimesHaveTheBytesOfTheirLayout) {
  const auto at = [&] {
    return static_cast<TimeNs>(1'700'000'000 + random_() % 100'000'000) * kNsPerSecond +
           static_cast<TimeNs>(random_() % 1'000'000'000);
  };
  const auto iso = [&](char separator, std::size_t fraction) {
    std::string out;
    append_rfc3339(out, at());  // 2026-11-21T10:20:30.123456789Z
    out[10] = separator;
    return out.substr(0, 19) + out.substr(19, fraction == 0 ? 0 : fraction + 1);
  };
  static const Values kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const auto access = [&] {
    const std::string out = iso('T', 0);
    const auto month = static_cast<std::size_t>(std::stoi(out.substr(5, 2)));
    return out.substr(8, 2) + "/" + kMonths[month - 1] + "/" + out.substr(0, 4) + ":" +
           out.substr(11);
  };
  Column with_letter;
  with_letter.add_part(many([&](int) { return iso('T', 9) + "Z"; }), Encoding::kTime);
  with_letter.expect_all_allowed();
  EXPECT_FALSE(with_letter.probe().may_hold("nov"));
  Column with_blank;
  with_blank.add_part(many([&](int) { return iso(' ', 3); }), Encoding::kTime);
  with_blank.expect_all_allowed();
  Column with_slashes;
  with_slashes.add_part(many([&](int) {
                          std::string out = iso(' ', 0);
                          out[4] = out[7] = '/';
                          return out;
                        }),
                        Encoding::kTime);
  with_slashes.expect_all_allowed();
  Column with_months;
  with_months.add_part(many([&](int) { return access(); }), Encoding::kTime);
  Column longest;
  longest.add_part(many([&](int) { return access() + iso('T', 8).substr(19) + "Z"; }),
                   Encoding::kTime);
  longest.expect_all_allowed();
  with_months.expect_all_allowed();
  EXPECT_TRUE(with_months.probe().may_hold("nov"));
}

TEST_F(ColumnProbeTest, PartsAreAllowedForTogether) {
  Column column;
  column.add_part(Values(300, "alice"), Encoding::kConstant);
  column.add_part(Values(300, "Bo"), Encoding::kConstant);
  column.expect_all_allowed();
  EXPECT_FALSE(column.probe().may_hold("ebo")) << "no value runs from one part into the next";
  column.add_part(many([&](int) { return "x" + std::to_string(random_() % 1'000'000); }),
                  Encoding::kDecimal);
  column.expect_all_allowed();
  EXPECT_FALSE(column.probe().may_hold("z"));
}

TEST_F(ColumnProbeTest, ValuesOfVeryManyBytesAreAllAllowed) {
  std::string all;
  for (int c = 1; c < 256; ++c) all += static_cast<char>(c);
  Column column;
  column.add_part(Values(2, all), Encoding::kConstant);
  EXPECT_TRUE(column.probe().bytes().all());
  EXPECT_TRUE(column.probe().may_hold("ab"));
  EXPECT_FALSE(column.probe().may_hold("ba"));
}

TEST_F(ColumnProbeTest, DamagedPartsAreRefused) {
  ColumnProbe probe;
  const std::string cut("\x05id", 3);
  EXPECT_FALSE(
      probe.add_part(Encoding::kDecimal, {ByteReader(""), ByteReader(cut), ByteReader("")}, 10));
  EXPECT_FALSE(
      probe.add_part(Encoding::kTime, {ByteReader(""), ByteReader("\x01"), ByteReader("")}, 10));
  EXPECT_FALSE(
      probe.add_part(Encoding::kIntegers, {ByteReader(""), ByteReader(""), ByteReader("")}, 10));
  const std::string wide("\x00\x00\x10", 3);
  EXPECT_FALSE(probe.add_part(Encoding::kUuid,
                              {ByteReader(""), ByteReader(""), ByteReader("0123456789abcdef")}, 2));
  EXPECT_FALSE(probe.add_part(Encoding::kLowerHex,
                              {ByteReader(""), ByteReader(wide), ByteReader("12345678")}, 2));
}

}  // namespace
}  // namespace duramen::store
