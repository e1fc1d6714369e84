#include "query/tail/tails.h"

#include <limits>
#include <thread>
#include <utility>

#include "query/tail/tail_hub.h"

namespace duramen::query {
namespace {

/// What a tail keeps between two slices, it keeps at most twice this long.
constexpr TimeNs kKeepFor = 2 * kNsPerSecond;

class HubTail final : public Tail {
 public:
  HubTail(std::shared_ptr<TailHub> hub, TailEntryPtr entry, RecordName start)
      : hub_(std::move(hub)), entry_(std::move(entry)), start_(start) {}
  HubTail(const HubTail&) = delete;
  HubTail& operator=(const HubTail&) = delete;
  HubTail(HubTail&&) = delete;
  HubTail& operator=(HubTail&&) = delete;
  ~HubTail() override {
    entry_->queue->leave();
    hub_->remove(entry_);
  }
  std::uint64_t id() const override { return entry_->id; }
  RecordName start() const override { return start_; }
  void open(std::function<void()> wake) override { entry_->queue->open(std::move(wake)); }
  TailTaken take(std::size_t bytes) override { return entry_->queue->take(bytes); }

 private:
  const std::shared_ptr<TailHub> hub_;
  const TailEntryPtr entry_;
  const RecordName start_;
};

void stop_one(const TailEntryPtr& entry) {
  entry->progress.cancel();
  entry->queue->end("stopped");
}

class LocalTails final : public Tails {
 public:
  LocalTails(store::Store& store, const index::Index* index, TailOptions options,
             const Clock& clock, MetricRegistry& metrics)
      : store_(store), clock_(clock) {
    const bool threads = options.threads;
    hub_ = std::make_shared<TailHub>(store, index, std::move(options), clock, metrics);
    add_gauges(metrics);
    store_.set_durable_listener([hub = hub_] { hub->note_moved(); });
    if (!threads) return;
    follower_ = std::thread([this] { run_follower(); });
    reader_ = std::thread([this] { run_reader(); });
  }
  LocalTails(const LocalTails&) = delete;
  LocalTails& operator=(const LocalTails&) = delete;
  LocalTails(LocalTails&&) = delete;
  LocalTails& operator=(LocalTails&&) = delete;
  ~LocalTails() override {
    store_.set_durable_listener(nullptr);
    hub_->end_all("the daemon is stopping");
    hub_->stop();
    if (follower_.joinable()) follower_.join();
    if (reader_.joinable()) reader_.join();
    hub_->release_all();
  }

  Result<std::shared_ptr<Tail>> start(const TailRequest& request) override {
    RecordName start;
    DURAMEN_TRY(auto entry, hub_->add(request, start));
    return std::shared_ptr<Tail>(std::make_shared<HubTail>(hub_, std::move(entry), start));
  }
  std::vector<TailInfo> list() const override { return hub_->list(); }
  bool stop(std::uint64_t id) override {
    const TailEntryPtr entry = hub_->find(id);
    if (entry != nullptr) stop_one(entry);
    return entry != nullptr;
  }
  void stop_all() override {
    for (const TailEntryPtr& entry : hub_->all()) stop_one(entry);
  }
  void end_all(const std::string& reason) override { hub_->end_all(reason); }
  void step() override {
    hub_->follow();
    while (hub_->read_one()) {
    }
    hub_->release_idle(std::numeric_limits<TimeNs>::max());
  }

 private:
  void add_gauges(MetricRegistry& metrics) {
    const auto count = [weak = std::weak_ptr<TailHub>(hub_)](bool behind_only) {
      double tails = 0;
      const auto hub = weak.lock();
      if (hub == nullptr) return tails;
      for (const TailEntryPtr& entry : hub->all()) {
        if (!behind_only || !entry->live) tails += 1;
      }
      return tails;
    };
    metrics.gauge("duramen_tails", "Tails that are open.", {}, [count] { return count(false); });
    metrics.gauge("duramen_tails_behind", "Open tails that read what is stored already.", {},
                  [count] { return count(true); });
  }

  void run_follower() {
    while (hub_->wait_to_follow()) {
      hub_->follow();
      hub_->rest();
    }
  }
  void run_reader() {
    TimeNs released = clock_.monotonic();
    while (hub_->wait_to_read()) {
      hub_->read_one();
      const TimeNs now = clock_.monotonic();
      if (now - released < kKeepFor) continue;
      hub_->release_idle(released);
      released = now;
    }
  }

  store::Store& store_;
  const Clock& clock_;
  std::shared_ptr<TailHub> hub_;
  std::thread follower_;
  std::thread reader_;
};

}  // namespace

std::unique_ptr<Tails> make_tails(store::Store& store, const index::Index* index,
                                  TailOptions options, const Clock& clock,
                                  MetricRegistry& metrics) {
  return std::make_unique<LocalTails>(store, index, std::move(options), clock, metrics);
}

}  // namespace duramen::query
