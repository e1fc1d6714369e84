#include <algorithm>
#include <vector>

#include "tools/cli/arguments.h"

namespace duramen::cli {
namespace {

/// Letters to insert, remove, change or swap with their neighbour.
std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::vector<std::size_t>> d(a.size() + 1, std::vector<std::size_t>(b.size() + 1));
  for (std::size_t i = 0; i <= a.size(); ++i) d[i][0] = i;
  for (std::size_t j = 0; j <= b.size(); ++j) d[0][j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = d[i - 1][j - 1] + (a[i - 1] == b[j - 1] ? 0 : 1);
      d[i][j] = std::min({d[i - 1][j] + 1, d[i][j - 1] + 1, change});
      const bool swapped = i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1];
      if (swapped) d[i][j] = std::min(d[i][j], d[i - 2][j - 2] + 1);
    }
  }
  return d[a.size()][b.size()];
}

}  // namespace

std::string nearest_command(const std::string& word) {
  std::string best;
  std::size_t best_distance = 3;  // further away is no slip of the finger
  for (const std::string command : kCommandNames) {
    const std::size_t distance = edit_distance(word, command);
    // Of two that are equally near, the one as long as the word: letters were swapped.
    const bool nearer =
        distance < best_distance || (distance == best_distance && command.size() == word.size());
    if (!nearer || distance >= 3 || distance >= word.size()) continue;
    best_distance = distance;
    best = command;
  }
  return best;
}

}  // namespace duramen::cli
