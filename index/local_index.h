#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/mutex.h"
#include "index/index.h"
#include "index/inventory.h"
#include "index/local_view.h"
#include "index/part.h"

namespace duramen::index {

/// The index in one directory. Writers wait for each other for as long as files are written;
/// readers only ever wait for a few pointers.
class LocalIndex final : public Index {
 public:
  LocalIndex(IndexOptions options, const Inventory& inventory, std::shared_ptr<PartContext> context,
             MetricRegistry& metrics);

  std::shared_ptr<const SegmentView> view(const std::string& segment) const override;
  std::vector<std::string> segments() const override;
  Result<void> add(const std::string& segment, model::BlockId block, BlockKeys keys) override;
  Result<void> seal(const std::string& segment) override;
  Result<void> flush() override;
  Result<void> checkpoint(const std::string& directory) override;
  Result<void> drop(const std::string& segment) override;
  Result<void> keep_only(const std::string& segment,
                         const std::set<model::BlockId>& blocks) override;
  IndexStatus status() const override;
  Result<std::vector<std::string>> verify(const VerifyProgress& progress) override;

 private:
  using Parts = std::vector<std::shared_ptr<Part>>;
  using Delta = std::vector<std::shared_ptr<const DeltaBlock>>;
  struct Segment {
    Parts parts;
    Delta delta;
    std::size_t delta_bytes = 0;
    mutable std::shared_ptr<const LocalView> view;  ///< null: to be made
  };

  static std::shared_ptr<const LocalView> view_locked(const Segment& segment);
  std::shared_ptr<const LocalView> current(const std::string& segment) const;
  Segment copy_of(const std::string& segment) const;

  // What writes. `parts` is what the segment has from then on, durably; the delta is in it when
  // `with_delta`.
  Result<void> publish(const std::string& segment, const Parts& parts, bool with_delta)
      DURAMEN_REQUIRES(writer_);
  Result<void> write_delta(const std::string& segment) DURAMEN_REQUIRES(writer_);
  Result<void> make_room(const std::string& segment, std::size_t bytes) DURAMEN_REQUIRES(writer_);
  Result<void> sweep(const std::string& segment) DURAMEN_REQUIRES(writer_);
  /// Merges what `choose` gives for the parts' sizes until it gives nothing.
  Result<void> merge(const std::string& segment,
                     std::vector<std::size_t> (*choose)(const std::vector<std::size_t>&))
      DURAMEN_REQUIRES(writer_);
  /// False when a part turned out to be damaged, which is left out then.
  Result<bool> merge_once(const std::string& segment, const std::vector<std::size_t>& chosen)
      DURAMEN_REQUIRES(writer_);
  std::shared_ptr<Part> new_part(const std::string& segment, PartEntry entry) const;
  /// The segment whose delta has most bytes; empty: none has any.
  std::string largest_delta() const;
  std::size_t delta_bytes() const;

  const IndexOptions options_;
  const std::shared_ptr<PartContext> context_;
  Counter& parts_written_;
  Counter& merges_;

  Mutex writer_;
  std::uint64_t next_number_ DURAMEN_GUARDED_BY(writer_);

  mutable Mutex mutex_;
  std::map<std::string, Segment> segments_ DURAMEN_GUARDED_BY(mutex_);
};

}  // namespace duramen::index
