#pragma once

#include <optional>
#include <string>
#include <vector>

#include "tools/cli/arguments.h"
#include "tools/cli/top_sample.h"

namespace duramen::cli {

/// A sample, and what its counts did since the one before.
struct TopView {
  struct Stream {
    std::vector<std::pair<std::string, std::string>> labels;
    TopTraffic traffic;  ///< its rates are those between the two samples, where they are known
  };
  struct Query {
    TopQuery now;
    std::optional<double> rows_per_second;  ///< none: the sample before does not know it
    std::optional<double> bytes_per_second;
  };
  struct Tail {
    TopTail now;
    std::optional<double> rows_per_second;
  };
  TopSample now;                  ///< its lists are empty: they are below
  std::optional<double> seconds;  ///< between the two samples; none: there is but one
  TopTraffic total;
  std::vector<Stream> streams;                  ///< the busiest first
  std::vector<Query> queries;                   ///< the one that runs longest first
  std::vector<Tail> tails;                      ///< the one with the largest lag first
  std::optional<double> disk_bytes_per_second;  ///< what it grows by; below 0: it shrinks
};

/// `before`: null, or an earlier sample; one of another start of the daemon is of no use, nor is a
/// later one. Where a difference cannot be known, the daemon's own mean stands. Pure.
TopView compare(const TopSample* before, TopSample now, TopOrder order);

/// What the streams behind the first `shown` and those that the daemon did not name sent.
TopTraffic others_of(const TopView& view, std::size_t shown);

}  // namespace duramen::cli
