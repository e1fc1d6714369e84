#include "base/compression.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <zstd.h>

#include <random>

namespace duramen {
namespace {

using testing::HasSubstr;

std::string text_of(std::size_t bytes) {
  std::string text;
  for (int i = 0; text.size() < bytes; ++i) text += "line " + std::to_string(i * 7919) + "\n";
  text.resize(bytes);
  return text;
}

class Coding : public testing::TestWithParam<ContentCoding> {
 protected:
  static std::string packed(std::string_view text) { return *encode_body(text, GetParam(), 3); }
  static Result<std::string> unpack(std::string_view body, std::size_t limit = 1U << 24) {
    return decode_body(body, GetParam(), limit);
  }
};

TEST_P(Coding, RoundTripsAroundTheStepOfItsBuffer) {
  for (const std::size_t bytes : {0U, 1U, 262143U, 262144U, 262145U, 3000000U}) {
    const std::string text = text_of(bytes);
    const auto back = unpack(packed(text));
    ASSERT_TRUE(back) << bytes << ": " << back.error().message;
    EXPECT_EQ(*back, text);
  }
}

TEST_P(Coding, TakesSeveralMembers) {
  const auto back = unpack(packed("first ") + packed("") + packed("second"));
  ASSERT_TRUE(back) << back.error().message;
  EXPECT_EQ(*back, "first second");
}

TEST_P(Coding, ATruncatedBodyIsAnErrorAtEveryLength) {
  const std::string body = packed(text_of(1000));
  for (std::size_t n = 0; n < body.size(); ++n) {
    const auto back = unpack(body.substr(0, n));
    ASSERT_FALSE(back) << n;
    EXPECT_EQ(back.error().code, ErrorCode::kInvalidArgument);
    EXPECT_THAT(back.error().message, HasSubstr("at byte " + std::to_string(n)));
  }
}

TEST_P(Coding, ASecondMemberThatIsBrokenIsAnErrorWithItsPlace) {
  const std::string first = packed("first");
  const auto back = unpack(first + "garbage that is no member");
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kInvalidArgument);
  EXPECT_THAT(back.error().message, HasSubstr("broken "));
}

TEST_P(Coding, TheLimitIsExact) {
  const std::string text = text_of(300'000);
  const std::string body = packed(text);
  EXPECT_TRUE(unpack(body, text.size()));
  const auto over = unpack(body, text.size() - 1);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, ErrorCode::kOutOfRange);
  EXPECT_THAT(over.error().message, HasSubstr("299999"));
}

TEST_P(Coding, ABombIsStoppedAtTheLimit) {
  const std::string bomb = packed(std::string(64U << 20, '\0'));
  ASSERT_LT(bomb.size(), 500'000U);
  const auto back = unpack(bomb, 1U << 20);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kOutOfRange);
}

TEST_P(Coding, FlippedBitsAreNoticedOrHarmless) {
  const std::string text = text_of(2000);
  const std::string body = packed(text);
  std::mt19937 random(11);
  for (int i = 0; i < 500; ++i) {
    std::string bad = body;
    bad[random() % bad.size()] ^= static_cast<char>(1U << random() % 8);
    const auto back = unpack(bad, 1U << 20);  // must neither crash nor exceed the limit
    EXPECT_TRUE(!back || back->size() <= 1U << 20);
  }
}

TEST_P(Coding, AFailureDoesNotSpoilTheNextBody) {
  const std::string body = packed(text_of(1000));
  EXPECT_FALSE(unpack(body.substr(0, body.size() / 2)));
  EXPECT_EQ(*unpack(body), text_of(1000));
}

INSTANTIATE_TEST_SUITE_P(All, Coding, testing::Values(ContentCoding::kGzip, ContentCoding::kZstd),
                         [](const auto& tested) {
                           return tested.param == ContentCoding::kGzip ? "Gzip" : "Zstd";
                         });

TEST(Identity, IsBoundedToo) {
  EXPECT_EQ(*decode_body("12345", ContentCoding::kIdentity, 5), "12345");
  EXPECT_EQ(decode_body("12345", ContentCoding::kIdentity, 4).error().code, ErrorCode::kOutOfRange);
  EXPECT_EQ(*encode_body("12345", ContentCoding::kIdentity, 1), "12345");
}

TEST(ZstdBody, AFrameThatWantsAHugeWindowIsRefused) {
  ZSTD_CCtx* context = ZSTD_createCCtx();
  ZSTD_CCtx_setParameter(context, ZSTD_c_windowLog, 27);
  std::string body(1 << 20, '\0');
  const std::string text = "a small text";
  ZSTD_outBuffer out{body.data(), body.size(), 0};
  ZSTD_inBuffer in{text.data(), text.size(), 0};
  // In two calls: with the size unknown, the header says the window.
  ASSERT_EQ(ZSTD_isError(ZSTD_compressStream2(context, &out, &in, ZSTD_e_flush)), 0U);
  ASSERT_EQ(ZSTD_compressStream2(context, &out, &in, ZSTD_e_end), 0U);
  ZSTD_freeCCtx(context);
  const auto back = decode_body({body.data(), out.pos}, ContentCoding::kZstd, 1U << 20);
  ASSERT_FALSE(back);
  EXPECT_EQ(back.error().code, ErrorCode::kInvalidArgument);
}

TEST(ZstdFrame, AppendsAndExpands) {
  std::string frame = "before";
  ASSERT_TRUE(zstd_append(frame, text_of(5000), 3));
  std::string back = "kept ";
  ASSERT_TRUE(zstd_expand(back, std::string_view(frame).substr(6), 5000));
  EXPECT_EQ(back, "kept " + text_of(5000));
}

TEST(ZstdFrame, AnyOtherSizeOrDamageIsDataLossAndLeavesTheOutputAlone) {
  std::string frame;
  ASSERT_TRUE(zstd_append(frame, text_of(5000), 3));
  for (const std::size_t size : {0U, 4999U, 5001U}) {
    std::string out = "kept";
    const auto done = zstd_expand(out, frame, size);
    ASSERT_FALSE(done) << size;
    EXPECT_EQ(done.error().code, ErrorCode::kDataLoss);
    EXPECT_EQ(out, "kept");
  }
  std::string out;
  EXPECT_EQ(zstd_expand(out, frame.substr(0, 20), 5000).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(zstd_expand(out, "", 5000).error().code, ErrorCode::kDataLoss);
  EXPECT_EQ(out, "");
}

}  // namespace
}  // namespace duramen
