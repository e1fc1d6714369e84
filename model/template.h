#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace duramen::model {

/// Bytes that stand for a variable in the text of a template. Written to disk
/// (docs/format/block.md).
inline constexpr char kDigitSlot = '\x11';  ///< one token that has a digit
inline constexpr char kWordSlot = '\x12';   ///< one token without a digit
inline constexpr char kCompoundSlot =
    '\x13';  ///< UUID, IPv4 address or time, whole; may hold words
inline bool is_slot(char c) { return c >= kDigitSlot && c <= kCompoundSlot; }

inline constexpr std::size_t kMaxTemplateSlots = 512;
inline constexpr std::size_t kMaxTemplateText = 16 * 1024;

/// A part of a message.
struct Slice {
  std::uint32_t begin;
  std::uint32_t size;
};

/// Splits messages into constant text and variables (docs/format/block.md, "Splitting"), in one
/// pass of about 1 ns a byte.
///
/// Putting the variables into the slots of text() from left to right gives back the message.
/// Threading: one thread; keeps scratch memory between calls.
class MessageSplitter {
 public:
  /// Appends the variables of `message` to `variables`, and leaves the template in text().
  /// False, with nothing appended, when the message cannot have a template: it holds a slot byte,
  /// or has more than kMaxTemplateSlots variables or kMaxTemplateText bytes of template.
  bool split(std::string_view message, std::vector<Slice>& variables);
  std::string_view text() const { return {text_.data(), text_size_}; }

 private:
  bool take(std::string_view message, std::size_t begin, std::size_t end);
  bool constant(std::string_view message, std::size_t begin, std::size_t end);

  std::array<Slice, kMaxTemplateSlots> slots_;
  std::size_t slot_count_ = 0;
  std::size_t copied_ = 0;  ///< the message up to here is in text_ or a variable
  std::vector<char> text_ = std::vector<char>(kMaxTemplateText + 64);
  std::size_t text_size_ = 0;
};

/// The distinct templates of a block, numbered from 1 in order of appearance.
/// Threading: one thread. clear() keeps the memory.
class TemplateTable {
 public:
  TemplateTable();
  std::uint32_t add(std::string_view text);
  std::size_t size() const { return entries_.size(); }
  /// Valid until the next add().
  std::string_view text(std::uint32_t id) const {
    const Entry& e = entries_[id - 1];
    return {arena_.data() + e.begin, e.size};
  }
  void clear();

 private:
  struct Entry {
    std::uint64_t hash;
    std::size_t begin;
    std::size_t size;
  };
  void grow();

  std::string arena_;
  std::vector<Entry> entries_;
  std::vector<std::uint32_t> slots_;  ///< open addressing: id or 0
};

}  // namespace duramen::model
