#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <string>
#include <string_view>

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace duramen::ingest {

/// What is wrong with a JSON text, and where.
struct JsonFault {
  const char* at = nullptr;
  const char* reason = nullptr;  ///< static text
};

/// Bytes that live until reset(): unescaped strings of one record. One allocation, made at the
/// first use and never moved, so that views stay valid. Pages that nobody writes cost nothing.
class Scratch {
 public:
  explicit Scratch(std::size_t capacity) : capacity_(capacity) {}
  /// Where to write next, or null when there is no memory. The caller knows that what it keeps
  /// between two reset()s fits the capacity.
  char* cursor() {
    if (bytes_ == nullptr) bytes_.reset(static_cast<char*>(std::malloc(capacity_)));
    return bytes_ == nullptr ? nullptr : bytes_.get() + used_;
  }
  /// Keeps the `size` bytes written at cursor().
  void keep(std::size_t size) { used_ += size; }
  void give_back(std::size_t size) { used_ -= size; }
  void reset() { used_ = 0; }

 private:
  struct Free {
    void operator()(char* p) const { std::free(p); }
  };
  std::size_t capacity_;
  std::size_t used_ = 0;
  std::unique_ptr<char, Free> bytes_;
};

/// First byte at or after `at` that ends a plain run inside a JSON string (quote, backslash,
/// control character) or `end`. `high` gets a bit set when a byte of the run is >= 0x80.
inline const char* find_string_stop(const char* at, const char* end, unsigned& high) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  while (end - at >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    const __m128i stop =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
    const auto stops = static_cast<unsigned>(_mm_movemask_epi8(stop));
    const auto highs = static_cast<unsigned>(_mm_movemask_epi8(v));
    if (stops != 0) {
      high |= highs & (stops - 1) & ~stops;
      return at + std::countr_zero(stops);
    }
    high |= highs;
    at += 16;
  }
#endif
  for (; at != end; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\' || c < 0x20) break;
    high |= c & 0x80U;
  }
  return at;
}

/// As find_string_stop, and copies the run to `to`, which has room for 16 bytes more than the run.
inline const char* copy_string_run(const char* at, const char* end, char*& to, unsigned& high) {
#if defined(__SSE2__)
  const __m128i quote = _mm_set1_epi8('"');
  const __m128i backslash = _mm_set1_epi8('\\');
  const __m128i control = _mm_set1_epi8(0x1f);
  while (end - at >= 16) {
    const __m128i v = _mm_loadu_si128(reinterpret_cast<const __m128i*>(at));
    _mm_storeu_si128(reinterpret_cast<__m128i*>(to), v);
    const __m128i stop =
        _mm_or_si128(_mm_or_si128(_mm_cmpeq_epi8(v, quote), _mm_cmpeq_epi8(v, backslash)),
                     _mm_cmpeq_epi8(_mm_min_epu8(v, control), v));
    const auto stops = static_cast<unsigned>(_mm_movemask_epi8(stop));
    const auto highs = static_cast<unsigned>(_mm_movemask_epi8(v));
    if (stops != 0) {
      high |= highs & (stops - 1) & ~stops;
      to += std::countr_zero(stops);
      return at + std::countr_zero(stops);
    }
    high |= highs;
    at += 16;
    to += 16;
  }
#endif
  for (; at != end; ++at) {
    const auto c = static_cast<unsigned char>(*at);
    if (c == '"' || c == '\\' || c < 0x20) break;
    high |= c & 0x80U;
    *to++ = *at;
  }
  return at;
}

/// Reads the tokens of RFC 8259 JSON strictly and without copying. Every fault has its place.
///
/// The text must be followed by a NUL (as in std::string): reading one byte at the end is allowed.
/// Threading: none. Ownership: views into the text, or into `scratch` for strings with escapes.
class JsonScanner {
 public:
  static constexpr unsigned kMaxDepth = 64;

  JsonScanner(std::string_view text, Scratch& scratch)
      : at(text.data()), end_(text.data() + text.size()), scratch_(&scratch) {}

  const char* at;  ///< next byte

  const char* end() const { return end_; }
  const JsonFault& fault() const { return fault_; }
  bool fail(const char* reason) { return fail_at(at, reason); }
  bool fail_at(const char* where, const char* reason) {
    fault_ = {where, reason};
    return false;
  }

  /// Allows line ends between tokens from now on, or not.
  void allow_line_ends(bool allow) { allow_line_ends_ = allow; }
  /// First line end that was crossed since clear_crossed(), or null.
  const char* crossed() const { return crossed_; }
  void clear_crossed() { crossed_ = nullptr; }

  /// Skips white space; the byte that follows, NUL at the end of the text.
  char next() {
    while (true) {
      const char c = *at;
      if (static_cast<unsigned char>(c) > ' ') return c;
      if (c == '\n') {
        if (!allow_line_ends_) return c;
        if (crossed_ == nullptr) crossed_ = at;
      } else if (c != ' ' && c != '\t' && c != '\r') {
        return c;
      }
      ++at;
    }
  }

  /// The string whose opening quote is just behind `at`; unescaped. `plain` says that its bytes
  /// stand in the text as they are.
  bool string(std::string_view& out, bool& plain) {
    const char* const begin = at;
    unsigned high = 0;
    at = find_string_stop(at, end_, high);
    if (*at == '"' && at != end_) {
      out = {begin, static_cast<std::size_t>(at - begin)};
      ++at;
      plain = true;
      return high == 0 || check_utf8(begin, at - 1);
    }
    plain = false;
    return string_with_escapes(begin, high, out);
  }
  /// A number; `at` is on its first byte.
  bool number();
  /// `true`, `false` or `null`; `at` is on its first byte.
  bool literal();
  /// Any value, checked to its end; `at` is on its first byte, as next() leaves it.
  bool skip_value(unsigned depth);

 private:
  bool string_with_escapes(const char* begin, unsigned high, std::string_view& out);
  bool unicode_escape(char*& to);
  bool hex4(unsigned& value);
  bool check_utf8(const char* begin, const char* end);
  bool skip_string();
  bool skip_array(unsigned depth);
  bool skip_object(unsigned depth);
  bool fail_in_string();

  const char* end_;
  Scratch* scratch_;
  JsonFault fault_;
  const char* crossed_ = nullptr;
  bool allow_line_ends_ = false;
};

}  // namespace duramen::ingest
