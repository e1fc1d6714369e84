#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace duramen::store {

/// A stretch of a log that cannot be read as it is.
struct LogDamage {
  std::size_t at = 0;
  std::size_t bytes = 0;
  std::string what;
  bool mended = false;  ///< its checksum told what it was: nothing is lost
};

/// Walks the records of a RocksDB write-ahead log or manifest, across damage.
///
/// Format: https://github.com/facebook/rocksdb/wiki/Write-Ahead-Log-File-Format (blocks of 32 KiB;
/// u32 masked CRC-32C of type and payload, u16 length, u8 type, payload). An incomplete record at
/// the end is what a crash leaves and no damage.
/// Internal to store/. Ownership: views into the caller's bytes. Threading: one thread.
class LogWalk {
 public:
  enum class Type : std::uint8_t { kFull = 1, kFirst = 2, kMiddle = 3, kLast = 4 };
  struct Piece {
    Type type;
    std::string_view payload;
  };

  explicit LogWalk(std::string_view log) : log_(log) {}
  /// The next whole piece of a record; nothing at the end of the log.
  std::optional<Piece> next();
  const std::vector<LogDamage>& damage() const { return damage_; }
  /// Where the last piece that next() gave ends.
  std::size_t end() const { return end_; }

 private:
  Piece take(std::size_t length, Type type);
  std::optional<Piece> mend();
  bool step_over();

  std::string_view log_;
  std::size_t at_ = 0;
  std::size_t end_ = 0;
  bool inside_record_ = false;  ///< more pieces of it are to come
  std::vector<LogDamage> damage_;
};

/// The records of a log that are whole, and what is not.
struct LogContent {
  std::vector<std::string> records;
  std::vector<LogDamage> damage;
  std::size_t end = 0;  ///< behind the last whole record
};
LogContent read_log(std::string_view log);

/// Appends a record to a log of this size, in the same format.
void append_log_record(std::string& log, std::string_view record);

}  // namespace duramen::store
