#include "ingest/stream_rates.h"

#include <algorithm>
#include <cmath>
#include <utility>

namespace duramen::ingest {
namespace {

constexpr double kFadeSeconds = 10;
constexpr TimeNs kMakeRoomEvery = kNsPerSecond;

double faded(TimeNs passed) {
  const double seconds = static_cast<double>(passed) / static_cast<double>(kNsPerSecond);
  return std::exp(-seconds / kFadeSeconds);
}

}  // namespace

BatchTally::BatchTally(std::shared_ptr<const model::RecordBatch> records, std::size_t streams)
    : records_(std::move(records)), counts_(records_->streams.size()) {
  const model::RecordBatch& batch = *records_;
  for (std::uint32_t stream = 0; stream < counts_.size(); ++stream) counts_[stream].stream = stream;
  std::uint32_t message = 0;
  std::uint32_t field = 0;
  std::uint32_t value = 0;
  for (std::size_t row = 0; row < batch.rows(); ++row) {
    Count& count = counts_[batch.stream[row]];
    ++count.records;
    count.bytes += batch.message_end[row] - message;
    message = batch.message_end[row];
    if (batch.fields_end[row] == field) continue;
    field = batch.fields_end[row];
    count.bytes += batch.value_end[field - 1] - value;
    value = batch.value_end[field - 1];
  }
  if (counts_.size() <= streams) return;
  std::nth_element(counts_.begin(), counts_.begin() + static_cast<std::ptrdiff_t>(streams),
                   counts_.end(),
                   [](const Count& a, const Count& b) { return a.records > b.records; });
  counts_.resize(streams);
}

void StreamRates::Fading::add(std::uint64_t records, std::uint64_t bytes, TimeNs now) {
  // Threads come here in another order than that of their clocks, by a little.
  now = std::max(now, last);
  traffic = at(now);
  traffic.records += records;
  traffic.bytes += bytes;
  traffic.records_per_second += static_cast<double>(records) / kFadeSeconds;
  traffic.bytes_per_second += static_cast<double>(bytes) / kFadeSeconds;
  last = now;
}

Traffic StreamRates::Fading::at(TimeNs now) const {
  Traffic out = traffic;
  if (now <= last) return out;
  const double left = faded(now - last);
  out.records_per_second *= left;
  out.bytes_per_second *= left;
  return out;
}

StreamRates::StreamRates(const Clock& clock, MetricRegistry& metrics, StreamRatesLimits limits)
    : clock_(clock),
      limits_(limits),
      forgotten_(metrics.counter("duramen_ingest_streams_forgotten_total",
                                 "Streams whose counts were dropped because more send than are "
                                 "followed.")),
      made_room_(clock.monotonic() - kMakeRoomEvery) {}

void StreamRates::add(const BatchTally& batch) {
  const TimeNs now = clock_.monotonic();
  const MutexLock lock(mutex_);
  total_.add(batch.records(), batch.bytes(), now);
  for (const BatchTally::Count& count : batch.counts()) {
    if (count.records == 0) continue;
    Followed* stream = follow_locked(batch.labels(count), now);
    if (stream != nullptr) stream->fading.add(count.records, count.bytes, now);
  }
}

StreamRates::Followed* StreamRates::follow_locked(const model::Labels& labels, TimeNs now) {
  const auto found = streams_.find(labels.id());
  if (found != streams_.end()) return &found->second;
  const std::size_t weight = labels.weight();
  if (!has_room_locked(weight)) {
    if (now - made_room_ < kMakeRoomEvery) return nullptr;
    make_room_locked(now);
    if (!has_room_locked(weight)) return nullptr;
  }
  label_bytes_ += weight;
  return &streams_
              .emplace(labels.id(),
                       Followed{std::make_shared<const model::Labels>(labels), now, {{}, now}})
              .first->second;
}

bool StreamRates::has_room_locked(std::size_t weight) const {
  return streams_.size() < limits_.streams && label_bytes_ + weight <= limits_.label_bytes;
}

void StreamRates::make_room_locked(TimeNs now) {
  made_room_ = now;
  std::vector<std::pair<double, model::StreamId>> by_rate;
  by_rate.reserve(streams_.size());
  for (const auto& [id, stream] : streams_) {
    by_rate.emplace_back(stream.fading.at(now).records_per_second, id);
  }
  const std::size_t go = std::max<std::size_t>(1, by_rate.size() / 4);
  if (by_rate.size() < go) return;
  std::nth_element(by_rate.begin(), by_rate.begin() + static_cast<std::ptrdiff_t>(go - 1),
                   by_rate.end());
  for (std::size_t i = 0; i < go; ++i) {
    const auto quiet = streams_.find(by_rate[i].second);
    label_bytes_ -= quiet->second.labels->weight();
    streams_.erase(quiet);
  }
  forgotten_.add(go);
}

StreamRates::Reading StreamRates::read() const {
  const MutexLock lock(mutex_);
  Reading out;
  out.at = clock_.monotonic();
  out.total = total_.at(out.at);
  out.streams.reserve(streams_.size());
  for (const auto& [id, stream] : streams_) {
    out.streams.push_back({stream.labels, stream.since, stream.fading.at(out.at)});
  }
  return out;
}

}  // namespace duramen::ingest
