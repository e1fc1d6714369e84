#include "query/scan/noted_rows.h"

#include <algorithm>
#include <atomic>
#include <utility>

#include "base/parallel.h"

namespace duramen::query {
namespace {

/// Bytes of blocks that are kept open, roughly: their text, and numbers of each row.
constexpr std::uint64_t kMaxOpen = 64U << 20;
constexpr std::uint64_t kRowBytes = 64;

}  // namespace

void NotedRows::keep_open(const ScanUnit& unit, UnitReader& reader) {
  if (unit.block == nullptr) return;  // it is in memory anyway
  open_bytes_ += unit.block->summary.raw_bytes + unit.block->summary.rows * kRowBytes;
  if (open_bytes_ <= kMaxOpen) open_[&unit] = reader.suspend();
}

void NotedRows::clear() {
  open_.clear();
  open_bytes_ = 0;
}

/// Shared by the threads that fill rows.
class NotedRows::Filling {
 public:
  Filling(const ReadContext& context, std::uint64_t limit, const Fill& fill)
      : context_(context), limit_(limit), fill_(fill) {}

  Result<bool> read(UnitRows& of) {
    UnitReader reader(context_);
    std::vector<std::uint32_t> numbers;
    for (const KeptRow* row : of.rows) numbers.push_back(row->number);
    DURAMEN_TRY(bool readable, reader.reopen(*of.unit, std::move(of.suspended)));
    if (readable) {
      DURAMEN_TRY(readable, reader.load(numbers, Load::kWhole));
    }
    if (!readable) return false;
    for (KeptRow* row : of.rows) {
      DURAMEN_TRY_VOID(context_.progress.check());
      fill_(reader, *row);
      if (bytes_.fetch_add(row->memory_bytes()) > limit_) return false;
    }
    return true;
  }

 private:
  const ReadContext& context_;
  const std::uint64_t limit_;
  const Fill& fill_;
  std::atomic<std::uint64_t> bytes_{0};
};

std::vector<NotedRows::UnitRows> NotedRows::by_unit(std::span<KeptRow> rows) {
  std::vector<KeptRow*> sorted;
  for (KeptRow& row : rows) sorted.push_back(&row);
  std::sort(sorted.begin(), sorted.end(), [](const KeptRow* a, const KeptRow* b) {
    return a->unit != b->unit ? a->unit < b->unit : a->number < b->number;
  });
  std::vector<UnitRows> out;
  for (KeptRow* row : sorted) {
    if (out.empty() || out.back().unit != row->unit) {
      out.push_back({row->unit, std::move(open_[row->unit]), {}, true});
    }
    out.back().rows.push_back(row);
  }
  return out;
}

Result<bool> NotedRows::read(std::span<KeptRow> rows, std::uint64_t limit, const Fill& fill) {
  std::vector<UnitRows> units = by_unit(rows);
  clear();
  Filling filling(context_, limit, fill);
  for_each_index(units.size(), [&](std::size_t i) { units[i].read = filling.read(units[i]); });
  bool all = true;
  for (UnitRows& unit : units) {
    if (!unit.read) return std::move(unit.read).error();
    all = all && *unit.read;
  }
  return all;
}

}  // namespace duramen::query
