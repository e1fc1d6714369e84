#include "query/tail/batch_lines.h"

#include <algorithm>

namespace duramen::query {
namespace {

using Kind = Filter::Kind;

Verdict opposite(Verdict verdict) {
  if (verdict == Verdict::kLook) return verdict;
  return verdict == Verdict::kYes ? Verdict::kNo : Verdict::kYes;
}

/// The first row behind `after`; seqs of a batch rise.
std::size_t row_behind(const model::RowSet& rows, model::Seq after) {
  std::size_t low = 0;
  std::size_t high = rows.rows();
  while (low < high) {
    const std::size_t middle = low + (high - low) / 2;
    if (rows.identity(middle).seq > after) {
      high = middle;
    } else {
      low = middle + 1;
    }
  }
  return low;
}

}  // namespace

BatchLines::BatchLines(const TailQuery& query, const model::RowSet& rows, model::Seq after,
                       model::Seq up_to)
    : query_(query),
      up_to_(up_to),
      columns_(rows),
      row_(query.names()),
      next_(row_behind(rows, after)),
      looked_at_(after) {
  row_.bind(columns_);
  for (std::uint32_t stream = 0; stream < columns_.streams().size(); ++stream) {
    of_stream_.push_back(judge(query_.matcher().root(), stream));
    hopeless_ = hopeless_ && of_stream_.back() == Verdict::kNo;
  }
}

bool BatchLines::append(TailChunk& to) {
  const std::size_t rows = columns_.rows();
  if (hopeless_ && next_ < rows) {
    looked_at_ = std::min(up_to_, columns_.seq(rows - 1));
    next_ = rows;
  }
  for (; next_ < rows && to.lines.size() < kTailChunkBytes; ++next_) {
    const Verdict verdict = of_stream_[columns_.stream(next_)];
    const model::Seq seq = columns_.seq(next_);
    if (seq > up_to_) return false;
    looked_at_ = seq;
    if (verdict == Verdict::kNo) continue;
    row_.move_to(next_);
    if (verdict == Verdict::kLook && !query_.matcher().matches(row_)) continue;
    query_.append(row_, seq, columns_.position(next_), to);
  }
  return next_ < rows;
}

Verdict BatchLines::judge(const Matcher::Node& node, std::uint32_t stream) const {
  if (node.kind == Kind::kAll) return Verdict::kYes;
  if (node.kind == Kind::kNot) return opposite(judge(node.children[0], stream));
  if (node.is_leaf() || node.kind == Kind::kCompareTime) return judge_leaf(node, stream);
  // One child that decides is enough: false of an AND, true of an OR.
  const Verdict decides = node.kind == Kind::kAnd ? Verdict::kNo : Verdict::kYes;
  Verdict out = opposite(decides);
  for (const Matcher::Node& child : node.children) {
    const Verdict verdict = judge(child, stream);
    if (verdict == decides) return decides;
    if (verdict == Verdict::kLook) out = Verdict::kLook;
  }
  return out;
}

Verdict BatchLines::judge_leaf(const Matcher::Node& leaf, std::uint32_t stream) const {
  const bool of_stream =
      query_.names().at(leaf.slot).builtin == Name::Builtin::kNone && !row_.may_be_field(leaf.slot);
  if (!of_stream || leaf.kind == Kind::kCompareTime) return Verdict::kLook;
  const auto label = row_.resolve(leaf.slot, stream, {}).label;
  return label && Matcher::matches_value(leaf, *label) ? Verdict::kYes : Verdict::kNo;
}

}  // namespace duramen::query
