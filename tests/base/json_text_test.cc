#include "base/json_text.h"

#include <gtest/gtest.h>

#include <random>

namespace duramen {
namespace {

std::string json_of(std::string_view text) {
  std::string out;
  append_json_string(out, text);
  return out;
}
std::string lossy_json_of(std::string_view text) {
  std::string out;
  append_json_string_lossy(out, text);
  return out;
}

TEST(Utf8, AcceptsEveryCodePointAndNothingAboveOrBetween) {
  for (std::uint32_t c = 0; c < 0x120000; ++c) {
    std::string text;
    if (c < 0x80) {
      text = {static_cast<char>(c)};
    } else if (c < 0x800) {
      text = {static_cast<char>(0xC0 | c >> 6), static_cast<char>(0x80 | (c & 63))};
    } else if (c < 0x10000) {
      text = {static_cast<char>(0xE0 | c >> 12), static_cast<char>(0x80 | (c >> 6 & 63)),
              static_cast<char>(0x80 | (c & 63))};
    } else {
      text = {static_cast<char>(0xF0 | c >> 18), static_cast<char>(0x80 | (c >> 12 & 63)),
              static_cast<char>(0x80 | (c >> 6 & 63)), static_cast<char>(0x80 | (c & 63))};
    }
    const bool good = c < 0xD800 || (c > 0xDFFF && c < 0x110000);
    ASSERT_EQ(is_utf8(text), good) << std::hex << c;
    if (c >= 0x80) {
      ASSERT_FALSE(is_utf8(text.substr(0, text.size() - 1))) << std::hex << c;
    }
  }
}

TEST(Utf8, RefusesMalformedBytes) {
  for (const std::string_view text : {"\x80",
                                      "\xBF",
                                      "\xC0\x80",
                                      "\xC1\xBF",
                                      "\xC3",
                                      "\xC3(",
                                      "\xE0\x80\x80",
                                      "\xE0\x9F\xBF",
                                      "\xED\xA0\x80",
                                      "\xED\xBF\xBF",
                                      "\xE2\x82",
                                      "\xE2(\xA1",
                                      "\xE2\x82(",
                                      "\xF0\x80\x80\x80",
                                      "\xF0\x8F\xBF\xBF",
                                      "\xF4\x90\x80\x80",
                                      "\xF5\x80\x80\x80",
                                      "\xF8\x88\x80\x80\x80",
                                      "\xFF",
                                      "\xFE",
                                      "abcdefgh\xFFijklmnop",
                                      "abcdefghijklmno\xC3"}) {
    EXPECT_FALSE(is_utf8(text)) << testing::PrintToString(text);
  }
  EXPECT_TRUE(is_utf8(""));
  EXPECT_TRUE(is_utf8(std::string_view("\0", 1)));
  EXPECT_TRUE(is_utf8("gr\xC3\xBC\xC3\x9F dich, \xE2\x82\xAC 5, \xF0\x9F\x98\x80 and more ascii"));
}

TEST(JsonString, EscapesControlCharactersQuoteAndBackslashOnly) {
  EXPECT_EQ(json_of(""), "\"\"");
  EXPECT_EQ(json_of("plain / text \x7F"), "\"plain / text \x7F\"");
  EXPECT_EQ(json_of("a\"b\\c\nd\re\tf"), R"("a\"b\\c\nd\re\tf")");
  EXPECT_EQ(json_of(std::string_view("\0\x01\b\f\x1F", 5)), R"("\u0000\u0001\u0008\u000c\u001f")");
  EXPECT_EQ(json_of("\xE2\x82\xAC"), "\"\xE2\x82\xAC\"");
}

TEST(JsonString, EscapesAtEveryPositionOfAWord) {
  for (std::size_t length = 1; length < 40; ++length) {
    for (std::size_t at = 0; at < length; ++at) {
      std::string text(length, 'x');
      text[at] = '"';
      std::string expected(length, 'x');
      expected.replace(at, 1, "\\\"");
      ASSERT_EQ(json_of(text), "\"" + expected + "\"");
      text[at] = '\x1F';
      expected = std::string(length, 'x').replace(at, 1, "\\u001f");
      ASSERT_EQ(json_of(text), "\"" + expected + "\"");
      text[at] = '\x80';
      ASSERT_EQ(lossy_json_of(text),
                "\"" + std::string(length, 'x').replace(at, 1, "\xEF\xBF\xBD") + "\"");
    }
  }
}

TEST(JsonString, LossyReplacesEachBadByte) {
  EXPECT_EQ(lossy_json_of("a\xFF\xFE\"b\xC3"), "\"a\xEF\xBF\xBD\xEF\xBF\xBD\\\"b\xEF\xBF\xBD\"");
  EXPECT_EQ(lossy_json_of("\xED\xA0\x80"), "\"\xEF\xBF\xBD\xEF\xBF\xBD\xEF\xBF\xBD\"");
  EXPECT_EQ(lossy_json_of("gr\xC3\xBC\xC3\x9F"), json_of("gr\xC3\xBC\xC3\x9F"));
}

TEST(JsonString, LossyIsAlwaysUtf8) {
  std::mt19937 random(5);
  for (int i = 0; i < 2000; ++i) {
    std::string text(random() % 50, '\0');
    for (char& c : text) c = static_cast<char>(random());
    ASSERT_TRUE(is_utf8(lossy_json_of(text)));
    ASSERT_EQ(lossy_json_of(text) == json_of(text), is_utf8(text));
  }
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string_view, std::string_view> vectors[] = {{"", ""},
                                                                   {"f", "Zg=="},
                                                                   {"fo", "Zm8="},
                                                                   {"foo", "Zm9v"},
                                                                   {"foob", "Zm9vYg=="},
                                                                   {"fooba", "Zm9vYmE="},
                                                                   {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(to_base64(bytes), text);
    std::string back = "had";
    EXPECT_TRUE(from_base64(text, back));
    EXPECT_EQ(back, "had" + std::string(bytes));
  }
}

TEST(JsonDepth, CountsBracketsOutsideStrings) {
  EXPECT_TRUE(json_depth_within("7", 0));
  EXPECT_FALSE(json_depth_within("[]", 0));
  EXPECT_TRUE(json_depth_within(R"({"a":[1],"b":[{}]})", 3));
  EXPECT_FALSE(json_depth_within(R"({"a":[1],"b":[{}]})", 2));
  EXPECT_TRUE(json_depth_within(R"(["[[[[","\"[[[[","\\",[1]])", 2));
  EXPECT_FALSE(json_depth_within(R"(["\\",[["]]]"]]])", 2));
  EXPECT_TRUE(json_depth_within("]]]][", 1));
  EXPECT_FALSE(json_depth_within(std::string(1'000'000, '['), 64));
}

TEST(Base64, RoundTripsAnyBytes) {
  std::mt19937 random(7);
  for (int i = 0; i < 1000; ++i) {
    std::string bytes(random() % 70, '\0');
    for (char& c : bytes) c = static_cast<char>(random());
    std::string back;
    ASSERT_TRUE(from_base64(to_base64(bytes), back));
    ASSERT_EQ(back, bytes);
  }
}

TEST(Base64, RefusesAndLeavesTheOutputAlone) {
  for (const std::string_view text :
       {"Z", "Zg", "Zg=", "Zg==Zg==", "Z===", "====", "Zm9v Zg=", "Zm9-", "Zm9_",
        "Zh==", "Zm9=", "Zm9vZ\xFF==", "=m9v", "Z=9v"}) {
    std::string out = "had";
    EXPECT_FALSE(from_base64(text, out)) << text;
    EXPECT_EQ(out, "had");
  }
}

}  // namespace
}  // namespace duramen
