#include "tools/cli/top_view.h"

#include <algorithm>
#include <utility>

namespace duramen::cli {
namespace {

double per_second(std::uint64_t before, std::uint64_t now, double seconds) {
  return now <= before || seconds <= 0 ? 0 : static_cast<double>(now - before) / seconds;
}

TopTraffic with_rates(const TopTraffic& before, TopTraffic now, double seconds) {
  now.records_per_second = per_second(before.records, now.records, seconds);
  now.bytes_per_second = per_second(before.bytes, now.bytes, seconds);
  return now;
}

template <class T>
const T* find_id(const std::vector<T>& list, const decltype(T::id)& id) {
  const auto at =
      std::find_if(list.begin(), list.end(), [&](const T& one) { return one.id == id; });
  return at == list.end() ? nullptr : &*at;
}

TopTraffic stream_traffic(const TopSample* before, const TopStream& now, double seconds) {
  if (before == nullptr) return now.traffic;
  // All of it came since the sample before.
  if (now.since > before->at) return with_rates({}, now.traffic, seconds);
  const TopStream* old = find_id(before->streams, now.id);
  if (old == nullptr || old->since != now.since) return now.traffic;
  return with_rates(old->traffic, now.traffic, seconds);
}

TopView::Query with_rates(const TopSample* before, const TopQuery& now) {
  TopView::Query out{now, std::nullopt, std::nullopt};
  const TopQuery* old = before == nullptr ? nullptr : find_id(before->queries, now.id);
  if (old == nullptr) return out;
  const double seconds = now.seconds - old->seconds;
  out.rows_per_second = per_second(old->rows, now.rows, seconds);
  out.bytes_per_second = per_second(old->bytes, now.bytes, seconds);
  return out;
}

TopView::Tail with_rates(const TopSample* before, const TopTail& now) {
  const TopTail* old = before == nullptr ? nullptr : find_id(before->tails, now.id);
  if (old == nullptr) return {now, std::nullopt};
  return {now, per_second(old->rows, now.rows, now.seconds - old->seconds)};
}

void sort_by(std::vector<TopView::Stream>& streams, TopOrder order) {
  const auto rates = [order](const TopView::Stream& stream) {
    const TopTraffic& t = stream.traffic;
    return order == TopOrder::kRecords ? std::pair(t.records_per_second, t.bytes_per_second)
                                       : std::pair(t.bytes_per_second, t.records_per_second);
  };
  std::sort(streams.begin(), streams.end(), [&](const auto& a, const auto& b) {
    return rates(a) != rates(b) ? rates(a) > rates(b) : a.labels < b.labels;
  });
}

void sort_running(TopView& view) {
  std::sort(view.queries.begin(), view.queries.end(),
            [](const auto& a, const auto& b) { return a.now.id < b.now.id; });
  std::sort(view.tails.begin(), view.tails.end(), [](const auto& a, const auto& b) {
    return a.now.lag_rows != b.now.lag_rows ? a.now.lag_rows > b.now.lag_rows : a.now.id < b.now.id;
  });
}

}  // namespace

TopView compare(const TopSample* before, TopSample now, TopOrder order) {
  if (before != nullptr && (before->node != now.node || before->at >= now.at)) before = nullptr;
  TopView out;
  double seconds = 0;
  if (before != nullptr) {
    seconds = static_cast<double>(now.at - before->at) / static_cast<double>(kNsPerSecond);
    out.seconds = seconds;
    out.disk_bytes_per_second =
        (static_cast<double>(now.disk_bytes) - static_cast<double>(before->disk_bytes)) / seconds;
  }
  out.total = before == nullptr ? now.total : with_rates(before->total, now.total, seconds);
  for (TopStream& stream : now.streams) {
    const TopTraffic traffic = stream_traffic(before, stream, seconds);
    out.streams.push_back({std::move(stream.labels), traffic});
  }
  for (const TopQuery& query : now.queries) out.queries.push_back(with_rates(before, query));
  for (const TopTail& tail : now.tails) out.tails.push_back(with_rates(before, tail));
  sort_by(out.streams, order);
  sort_running(out);
  now.streams.clear();
  now.queries.clear();
  now.tails.clear();
  out.now = std::move(now);
  return out;
}

TopTraffic others_of(const TopView& view, std::size_t shown) {
  TopTraffic out = view.total;
  for (std::size_t i = 0; i < std::min(shown, view.streams.size()); ++i) {
    const TopTraffic& one = view.streams[i].traffic;
    out.records -= std::min(out.records, one.records);
    out.bytes -= std::min(out.bytes, one.bytes);
    out.records_per_second = std::max(0.0, out.records_per_second - one.records_per_second);
    out.bytes_per_second = std::max(0.0, out.bytes_per_second - one.bytes_per_second);
  }
  return out;
}

}  // namespace duramen::cli
