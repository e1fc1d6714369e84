#pragma once

#include <algorithm>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "base/result.h"
#include "model/record_batch.h"
#include "tests/store/store_without_deletions.h"

namespace duramen::query {

struct FakeRecord {
  TimeNs time = 0;
  std::string message;
  std::vector<model::Labels::Pair> labels;
  struct Field {
    std::string name;
    std::string value;
    model::FieldKind kind = model::FieldKind::kText;
  };
  std::vector<Field> fields;
};

class FakeSnapshot final : public store::Snapshot {
 public:
  struct Block {
    model::RowSet rows;
    bool damaged = false;
    std::optional<store::BlockPart> damaged_part = std::nullopt;
  };
  model::Seq seq() const override { return seq_; }
  const std::vector<model::RowSet>& open_rows() const override { return open_; }
  const std::vector<store::BlockRef>& blocks() const override { return refs_; }
  Result<model::RowSet> read(const store::BlockRef& block) const override {
    if (on_read_) on_read_();
    const Block& found = blocks_.at(block.id.value());
    if (found.damaged) return Error{ErrorCode::kDataLoss, "rows: frame 2: checksum mismatch"};
    return found.rows;
  }
  /// Encodes the rows, as a real store has them.
  Result<std::unique_ptr<store::BlockReader>> open(const store::BlockRef& block) const override {
    if (on_read_) on_read_();
    const Block& found = blocks_.at(block.id.value());
    if (found.damaged) return Error{ErrorCode::kDataLoss, "rows: frame 2: checksum mismatch"};
    std::vector<store::RowRef> rows;
    for (std::uint32_t row = 0; row < found.rows.rows(); ++row) rows.push_back({&found.rows, row});
    DURAMEN_TRY(auto encoded, store::encode_block(rows, {}));
    return store::BlockReader::open(
        [bytes = std::move(encoded.bytes),
         damaged = found.damaged_part](store::BlockPart part) -> Result<store::BlockReader::Value> {
          std::string value = part_of(bytes, part);
          if (part == damaged) value.back() = static_cast<char>(value.back() ^ 1);
          return std::make_shared<const std::string>(std::move(value));
        });
  }

 private:
  static const std::string& part_of(const store::BlockBytes& bytes, store::BlockPart part) {
    switch (part) {
      case store::BlockPart::kHead:
        return bytes.head;
      case store::BlockPart::kRows:
        return bytes.rows;
      case store::BlockPart::kVars:
        return bytes.vars;
      case store::BlockPart::kFields:
        break;
    }
    return bytes.fields;
  }

  friend class FakeStore;
  model::Seq seq_;
  std::vector<model::RowSet> open_;
  std::vector<store::BlockRef> refs_;
  std::map<std::uint64_t, Block> blocks_;
  std::function<void()> on_read_;
};

/// A store in memory: batches are open rows until build() makes a block of them.
/// Threading: none.
class FakeStore final : public store::StoreWithoutDeletions {
 public:
  explicit FakeStore(std::string id = "5707e1d") : id_(std::move(id)) {}

  static constexpr model::NodeId kNode{0xab};

  /// Appends the records as one open batch.
  void add(const std::vector<FakeRecord>& records) {
    auto batch = std::make_shared<model::RecordBatch>();
    for (const FakeRecord& record : records) {
      for (const FakeRecord::Field& field : record.fields) {
        batch->add_field(batch->intern_field_name(field.name), field.kind, field.value);
      }
      batch->add_row(batch->intern_stream(model::Labels(record.labels)), record.time,
                     record.message);
    }
    const model::Seq first = next_;
    next_ = next_.plus(records.size());
    open_.emplace_back(std::move(batch), model::RowIdentity{first, node_, first, kReceived});
  }
  void add(const std::vector<std::string>& messages) {
    std::vector<FakeRecord> records;
    for (const std::string& message : messages) {
      records.push_back(
          {static_cast<TimeNs>(next_.value() + records.size()) * kNsPerSecond, message, {}, {}});
    }
    add(records);
  }
  /// Rows with identities of their own, in the order of their seqs.
  void add(const model::RowSet& rows) {
    next_ = rows.identity(rows.rows() - 1).seq.plus(1);
    open_.push_back(rows);
  }
  /// What is added from now on is of another node, with seqs of its own.
  void set_node(model::NodeId node) { node_ = node; }

  /// Turns every open batch into a block of its own.
  void build() {
    for (model::RowSet& rows : open_) {
      store::BlockRef ref;
      ref.id = model::BlockId(blocks_.size() + 1);
      ref.segment = "2026-11-" + std::to_string(21 + refs_.size()) + ".default";
      const auto& times = rows.records().time;
      ref.summary.rows = static_cast<std::uint32_t>(rows.rows());
      ref.summary.raw_bytes = rows.records().raw_bytes();
      ref.summary.min_time = *std::min_element(times.begin(), times.end());
      ref.summary.max_time = *std::max_element(times.begin(), times.end());
      ref.summary.min_seq = rows.identity(0).seq;
      ref.summary.max_seq = rows.identity(rows.rows() - 1).seq;
      blocks_[ref.id.value()] = {std::move(rows), false};
      refs_.push_back(ref);
    }
    open_.clear();
  }
  /// As retention does.
  void drop_oldest_block() { refs_.erase(refs_.begin()); }
  void damage(std::uint64_t block) { blocks_.at(block).damaged = true; }
  /// Only the last byte of one value: read as a whole the block is good.
  void damage(std::uint64_t block, store::BlockPart part) { blocks_.at(block).damaged_part = part; }
  /// Called before every block that is read.
  void on_read(std::function<void()> hook) { on_read_ = std::move(hook); }
  /// Called once, before open rows are given out.
  void on_open_rows(std::function<void()> hook) { on_open_rows_ = std::move(hook); }

  std::shared_ptr<const store::Snapshot> snapshot() override {
    auto out = std::make_shared<FakeSnapshot>();
    out->seq_ = model::Seq(next_.value() - 1);
    out->open_ = open_;
    out->refs_ = refs_;
    out->blocks_ = blocks_;
    out->on_read_ = on_read_;
    return out;
  }
  model::Seq durable() const override { return model::Seq(next_.value() - 1); }
  store::OpenRows open_rows_after(model::Seq after) const override {
    if (const auto hook = std::exchange(on_open_rows_, nullptr)) hook();
    store::OpenRows out;
    out.durable = durable();
    for (const model::RowSet& rows : open_) {
      if (rows.identity(rows.rows() - 1).seq > after) out.batches.push_back(rows);
    }
    for (const store::BlockRef& block : refs_) {
      out.whole = out.whole && block.summary.max_seq <= after;
    }
    return out;
  }
  void set_durable_listener(std::function<void()>) override {}
  std::vector<store::Incarnation> incarnations() const override { return {{model::Seq(1), node_}}; }
  std::string store_id() const override { return id_; }
  model::BlockId block_end() const override { return model::BlockId(blocks_.size() + 1); }

  void append(model::AppendRequest, Done done) override {
    done(Error{ErrorCode::kUnimplemented, "use add()"});
  }
  Result<void> seal() override { return Error{ErrorCode::kUnimplemented, "use build()"}; }
  Result<model::Seq> checkpoint(const std::string& /*directory*/) override {
    return Error{ErrorCode::kUnimplemented, "not on a disk"};
  }
  store::StoreStatus status() override { return {}; }
  std::optional<std::string> writes_refused() const override { return std::nullopt; }
  Result<store::VerifyReport> verify(
      const std::function<void(std::uint64_t, std::uint64_t)>&) override {
    return store::VerifyReport{};
  }
  void set_retention(store::Retention) override {}
  Result<std::vector<std::string>> enforce_retention() override {
    return std::vector<std::string>{};
  }
  std::vector<store::Cursor> cursors() const override { return {}; }
  Result<store::Cursor> put_cursor(const std::string&, model::Seq, std::optional<bool>) override {
    return use_a_real_store();
  }
  Result<void> remove_cursor(const std::string&) override { return use_a_real_store(); }
  void interrupt() override {}
  void close() override {}

  static constexpr TimeNs kReceived = 1'795'000'000 * kNsPerSecond;

 private:
  const std::string id_;
  model::Seq next_{1};
  model::NodeId node_ = kNode;
  std::vector<model::RowSet> open_;
  std::vector<store::BlockRef> refs_;
  std::map<std::uint64_t, FakeSnapshot::Block> blocks_;
  std::function<void()> on_read_;
  mutable std::function<void()> on_open_rows_;
};

}  // namespace duramen::query
