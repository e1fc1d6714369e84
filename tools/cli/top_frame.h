#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "base/clock.h"
#include "tools/cli/top_view.h"

namespace duramen::cli {

/// Where a frame is shown.
struct TopFrame {
  std::size_t columns = 80;  ///< longer lines are cut
  std::size_t rows = 0;      ///< at most so many lines; 0: as many as there are
  bool color = false;
  TimeNs time = 0;   ///< of this machine, for the first line
  std::string lost;  ///< why the daemon does not answer, and when it is asked again; empty: it does
};

/// The lines of a frame, without line ends: text for a terminal, on which no label, query or
/// message of a daemon can act. Where there is too little room, streams go first, but for a few.
/// Pure.
std::vector<std::string> top_lines(const TopView& view, const TopFrame& frame);

/// A frame as one JSON document on one line, for programs. Pure.
std::string top_json(const TopView& view, TimeNs time);

}  // namespace duramen::cli
