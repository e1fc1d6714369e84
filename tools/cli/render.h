#pragma once

#include <string>
#include <string_view>

#include "tools/cli/row.h"

namespace duramen::cli {

/// How rows become text.
struct RenderOptions {
  bool color = false;
  /// Control characters of log text are shown, not sent: a log line must not be able to move the
  /// cursor, set the title or hide what follows. For everything that goes to a terminal.
  bool visible = false;
  bool seq = false;  ///< a column with `_seq` behind the time
  /// Lines of several senders stand together: each sender has a colour of its own.
  bool color_by_sender = false;
};

enum class Level { kNone, kError, kWarning, kInfo, kDebug };

/// A level word found in a row: where it stands in the message, or in a field.
struct LevelPlace {
  Level level = Level::kNone;
  std::string_view text;  ///< the word as it stands; a view into what was searched
  bool in_message = false;
};

/// `text` with what a terminal would act upon made visible: C0 and C1 controls and DEL as `\x1b`,
/// bytes that are no UTF-8 as `\xff`, bidirectional overrides as `\u202e`. A tab stays; a line
/// break becomes a line break and four blanks, so that a message cannot pose as a new line of the
/// log.
std::string visible_text(std::string_view text);
/// The same on one line: a line break becomes `\n`.
std::string visible_on_one_line(std::string_view text);

/// What level a word names, in any case; kNone when it names none.
Level level_of_word(std::string_view word);
/// The level of a row: its field `level`, `severity` or `lvl`, else the first word in the head of
/// the message that names one and stands in capitals, in brackets or after `level=`.
LevelPlace find_level(const Row& row, std::string_view message);

/// One log line without its line end: of the lines around one a mark at that one; local time,
/// `app/instance` or the container, a mark for standard error, level, message; then the fields that
/// have no column, when the message is empty.
std::string render_log_row(const Row& row, const RenderOptions& options);
/// `name=value …`, values quoted where needed; always on one line.
std::string render_logfmt(const Row& row, const RenderOptions& options);
/// True for a row that is a log record, or a gap between them; others belong into a table.
bool is_log_row(const Row& row);

}  // namespace duramen::cli
