#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "tools/cli/arguments.h"
#include "tools/cli/client.h"
#include "tools/cli/context.h"
#include "tools/cli/table.h"
#include "tools/cli/url.h"

namespace duramen::cli {

/// The `_end` line of an answer.
struct AnswerEnd {
  std::uint64_t rows = 0;
  std::string cursor;
  bool partial = false;
  std::vector<std::string> warnings;
  std::string hint;
  std::string line;  ///< as it came
};

/// Writes rows as the user asked for them: log lines and tables, NDJSON unchanged, or logfmt.
/// Threading: one thread.
class RowPrinter {
 public:
  explicit RowPrinter(const Context& context)
      : context_(&context), table_(context.out, context.render) {}
  Result<void> print(std::string_view line);
  Result<void> finish();

 private:
  Result<void> print_text(std::string_view line);

  const Context* context_;
  Table table_;
};

/// Sends a query and prints its answer row by row; gives what its end says.
/// Errors: those of Client; kInvalidArgument for a bad query (with a caret); kDataLoss when the
/// answer ends without its `_end` line, because then nobody knows what is missing.
Result<AnswerEnd> print_answer(const Context& context, std::string_view path, Parameters parameters,
                               std::chrono::seconds timeout);

/// What the answer warns of, on standard error.
Result<void> warn_of(const Context& context, const AnswerEnd& end);

/// `start`, `end` and `timeout` as parameters. Errors: kInvalidArgument, naming the option.
Result<void> add_range(Parameters& parameters, const RangeOptions& range, const Context& context);
/// How long to wait for the answer of a query with this --timeout; also adds the parameter.
Result<std::chrono::seconds> add_timeout(Parameters& parameters, const std::string& timeout);

}  // namespace duramen::cli
