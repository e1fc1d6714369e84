#include "query/pipes/aggregate.h"

#include <algorithm>
#include <cmath>
#include <limits>
#include <unordered_set>
#include <vector>

#include "base/bytes.h"
#include "base/checksum.h"
#include "query/language/number.h"
#include "query/rows/sort_value.h"

namespace duramen::query {
namespace {

using Function = StatsPipe::Function;
__extension__ using WideInt = __int128;

std::optional<Number> number_of(const RowView& row, Slot slot) {
  const auto value = row.get(slot);
  return value ? Number::parse(value->bytes) : std::nullopt;
}

class Count final : public Aggregate {
 public:
  std::size_t add(const RowView& row, std::span<const Slot> fields, std::uint64_t times) override {
    if (fields.empty() || row.get(fields[0])) rows_ += times;
    return 0;
  }
  Value result() override { return {std::to_string(rows_)}; }

 private:
  std::uint64_t rows_ = 0;
};

class CountUniq final : public Aggregate {
 public:
  std::size_t add(const RowView& row, std::span<const Slot> fields,
                  std::uint64_t /*times*/) override {
    key_.clear();
    ByteWriter writer(key_);
    for (const Slot slot : fields) {
      const auto value = row.get(slot);
      if (!value) return 0;
      writer.text(value->bytes);
    }
    return seen_.insert(hash128(key_)).second ? kEntryBytes : 0;
  }
  Value result() override { return {std::to_string(seen_.size())}; }

 private:
  static constexpr std::size_t kEntryBytes = 56;  // node and bucket of an unordered_set
  std::unordered_set<Hash128> seen_;
  std::string key_;
};

/// Whole numbers exactly in 128 bits, the others as long doubles.
class Sum {
 public:
  void add(const Number& number) {
    ++count_;
    if (number.is_integer()) {
      const auto magnitude = static_cast<WideInt>(number.magnitude());
      whole_ += number.negative() ? -magnitude : magnitude;
    } else {
      only_whole_ = false;
      real_ += number.to_double();
    }
  }
  std::uint64_t count() const { return count_; }
  double to_double() const { return static_cast<double>(static_cast<long double>(whole_) + real_); }
  std::string text() const {
    if (count_ == 0) return "null";
    constexpr auto kSmallest = static_cast<WideInt>(std::numeric_limits<std::int64_t>::min());
    constexpr auto kGreatest = static_cast<WideInt>(std::numeric_limits<std::uint64_t>::max());
    if (!only_whole_ || whole_ < kSmallest || whole_ > kGreatest) {
      return to_json_number(to_double());
    }
    if (whole_ < 0) return std::to_string(static_cast<std::int64_t>(whole_));
    return std::to_string(static_cast<std::uint64_t>(whole_));
  }

 private:
  std::uint64_t count_ = 0;
  bool only_whole_ = true;
  WideInt whole_ = 0;
  long double real_ = 0;
};

class SumOrAverage final : public Aggregate {
 public:
  explicit SumOrAverage(bool average) : average_(average) {}
  std::size_t add(const RowView& row, std::span<const Slot> fields,
                  std::uint64_t /*times*/) override {
    if (const auto number = number_of(row, fields[0])) sum_.add(*number);
    return 0;
  }
  Value result() override {
    if (!average_ || sum_.count() == 0) return {sum_.text()};
    return {to_json_number(sum_.to_double() / static_cast<double>(sum_.count()))};
  }

 private:
  const bool average_;
  Sum sum_;
};

class Extreme final : public Aggregate {
 public:
  explicit Extreme(bool greatest) : greatest_(greatest) {}
  std::size_t add(const RowView& row, std::span<const Slot> fields,
                  std::uint64_t /*times*/) override {
    const auto value = row.get(fields[0]);
    if (!value) return 0;
    SortValue candidate(value->bytes);
    if (!better(candidate)) return 0;
    const std::size_t before = best_.bytes().size();
    best_ = std::move(candidate);
    return best_.bytes().size() - std::min(before, best_.bytes().size());
  }
  Value result() override {
    if (best_.absent()) return {"null"};
    if (!best_.is_number()) return {best_.bytes(), model::FieldKind::kText};
    if (is_json_number(best_.bytes())) return {best_.bytes()};
    const Number number = *Number::parse(best_.bytes());
    if (!number.is_integer()) return {to_json_number(number.to_double())};
    return {(number.negative() ? "-" : "") + std::to_string(number.magnitude())};
  }

 private:
  bool better(const SortValue& candidate) const {
    if (best_.absent() || candidate.is_number() != best_.is_number()) {
      return best_.absent() || candidate.is_number();
    }
    return greatest_ ? candidate > best_ : candidate < best_;
  }
  const bool greatest_;
  SortValue best_;
};

class Quantile final : public Aggregate {
 public:
  explicit Quantile(double quantile) : quantile_(quantile) {}
  std::size_t add(const RowView& row, std::span<const Slot> fields,
                  std::uint64_t /*times*/) override {
    const auto number = number_of(row, fields[0]);
    if (!number) return 0;
    const std::size_t before = values_.capacity();
    values_.push_back(number->to_double());
    return (values_.capacity() - before) * sizeof(double);
  }
  Value result() override {
    if (values_.empty()) return {"null"};
    // A quantile such as 0.55 is a little more as a double: 11 of 20 values are enough for it.
    const long double exact = static_cast<long double>(quantile_) * values_.size();
    const long double rank = std::ceil(exact - exact * 0x1p-51L);
    const auto index = static_cast<std::ptrdiff_t>(std::max(rank, 1.0L)) - 1;
    const auto nth = values_.begin() + std::min(index, std::ssize(values_) - 1);
    std::nth_element(values_.begin(), nth, values_.end());
    return {to_json_number(*nth)};
  }

 private:
  const double quantile_;
  std::vector<double> values_;
};

}  // namespace

std::unique_ptr<Aggregate> make_aggregate(const StatsPipe::Call& call) {
  switch (call.function) {
    case Function::kCount:
      return std::make_unique<Count>();
    case Function::kCountUniq:
      return std::make_unique<CountUniq>();
    case Function::kSum:
      return std::make_unique<SumOrAverage>(false);
    case Function::kAvg:
      return std::make_unique<SumOrAverage>(true);
    case Function::kMin:
      return std::make_unique<Extreme>(false);
    case Function::kMax:
      return std::make_unique<Extreme>(true);
    case Function::kQuantile:
      return std::make_unique<Quantile>(call.quantile);
  }
  return std::make_unique<Count>();
}

}  // namespace duramen::query
