#include "index/merge_policy.h"

#include <algorithm>
#include <bit>
#include <map>

#include "index/filter_layout.h"

namespace duramen::index {

std::vector<std::size_t> parts_to_merge(const std::vector<std::size_t>& sizes) {
  std::map<std::size_t, std::vector<std::size_t>> tiers;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    tiers[(static_cast<std::size_t>(std::bit_width(sizes[i])) + 2) / 3].push_back(i);
  }
  for (const auto& [tier, parts] : tiers) {
    if (parts.size() < kTierParts) continue;
    std::vector<std::size_t> chosen;
    std::size_t blocks = 0;
    for (const std::size_t part : parts) {
      if (blocks + sizes[part] > kMaxPartBlocks) continue;
      blocks += sizes[part];
      chosen.push_back(part);
    }
    if (chosen.size() >= 2) return chosen;
  }
  return {};
}

std::vector<std::size_t> parts_to_seal(const std::vector<std::size_t>& sizes) {
  std::vector<std::size_t> order(sizes.size());
  for (std::size_t i = 0; i < order.size(); ++i) order[i] = i;
  std::stable_sort(order.begin(), order.end(),
                   [&](std::size_t a, std::size_t b) { return sizes[a] < sizes[b]; });
  std::vector<std::size_t> chosen;
  std::size_t blocks = 0;
  for (const std::size_t part : order) {
    if (blocks + sizes[part] > kMaxPartBlocks) break;
    blocks += sizes[part];
    chosen.push_back(part);
  }
  if (chosen.size() < 2) return {};
  std::sort(chosen.begin(), chosen.end());
  return chosen;
}

}  // namespace duramen::index
