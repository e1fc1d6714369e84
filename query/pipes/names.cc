#include "query/pipes/names.h"

#include <algorithm>
#include <functional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

#include "model/labels.h"

namespace duramen::query {
namespace {

constexpr std::size_t kEntryBytes = 224;  // hash node, counts, its place in the sorted list
constexpr std::string_view kRemedy = "narrow the time range or the filter";

/// One entry of the answer while it is put in order.
struct Counted {
  std::string_view name;
  std::uint64_t rows = 0;
  std::string more;  ///< JSON of the column that goes with it, if there is one
};

/// Hands the entries on as rows of `name_column`, `rows` and `more_column`.
class Emission {
 public:
  Emission(std::string_view name_column, std::string_view more_column, const Progress& progress,
           Stage& next)
      : name_column_(name_column), more_column_(more_column), progress_(progress), next_(next) {}

  Result<void> run(std::vector<Counted> entries) {
    std::sort(entries.begin(), entries.end(), [](const Counted& a, const Counted& b) {
      return a.rows != b.rows ? a.rows > b.rows : a.name < b.name;
    });
    for (std::size_t i = 0; i < entries.size(); ++i) {
      if (i % 1000 == 0) {
        DURAMEN_TRY_VOID(progress_.check());
      }
      DURAMEN_TRY(const bool more, next_.push(row_of(entries[i])));
      if (!more) break;
    }
    return next_.finish();
  }

 private:
  Row row_of(const Counted& entry) const {
    Row row;
    row.set(name_column_, entry.name, model::FieldKind::kText);
    row.set("rows", std::to_string(entry.rows), model::FieldKind::kJson);
    if (!more_column_.empty()) row.set(more_column_, entry.more, model::FieldKind::kJson);
    return row;
  }

  const std::string_view name_column_;
  const std::string_view more_column_;
  const Progress& progress_;
  Stage& next_;
};

class FieldNamesStage final : public Stage {
 public:
  FieldNamesStage(const StageContext& context, Stage& next)
      : names_(context.names),
        progress_(context.progress),
        memory_(context.progress),
        next_(next) {}

  Result<bool> push(Row row) override { return push_view(OwnRowView(names_, row)); }

  Result<bool> push_view(const RowView& row) override {
    ++row_;
    row_names_.clear();
    row.append_names(row_names_);
    for (const RowName& name : row_names_) {
      DURAMEN_TRY(Entry* const entry, find_entry(name));
      entry->last_row = row_;
      ++entry->rows[static_cast<std::size_t>(name.kind)];
    }
    return true;
  }

  Result<void> finish() override {
    std::vector<Counted> entries;
    entries.reserve(entries_.size());
    for (const auto& [name, entry] : entries_) {
      entries.push_back({name, entry.rows[0] + entry.rows[1] + entry.rows[2], kinds_json(entry)});
    }
    return Emission("name", "kinds", progress_, next_).run(std::move(entries));
  }

 private:
  struct Entry {
    std::uint64_t rows[3] = {};  ///< a RowName::Kind
    std::uint64_t last_row = 0;
  };
  struct Hash {
    using is_transparent = void;
    std::size_t operator()(std::string_view text) const {
      return std::hash<std::string_view>()(text);
    }
  };

  static std::string kinds_json(const Entry& entry) {
    constexpr std::string_view kKinds[] = {"label", "text", "json"};
    std::string out = "{";
    for (std::size_t i = 0; i < std::size(kKinds); ++i) {
      if (entry.rows[i] == 0) continue;
      if (out.size() > 1) out += ',';
      out += "\"" + std::string(kKinds[i]) + "\":" + std::to_string(entry.rows[i]);
    }
    return out + "}";
  }

  Result<Entry*> find_entry(const RowName& name) {
    std::string_view text = name.name;
    if (!name.qualifier.empty()) text = text_.assign(name.qualifier).append(name.name);
    auto found = entries_.find(text);
    // A name that the row has shown already is shown again with a number.
    for (int n = 2; found != entries_.end() && found->second.last_row == row_; ++n) {
      text = text_.assign(name.qualifier).append(name.name).append("#" + std::to_string(n));
      found = entries_.find(text);
    }
    if (found != entries_.end()) return &found->second;
    memory_.add(kEntryBytes + text.size());
    DURAMEN_TRY_VOID(memory_.check(std::to_string(entries_.size() + 1) + " field names", kRemedy));
    return &entries_.emplace(std::string(text), Entry()).first->second;
  }

  const NameTable& names_;
  const Progress& progress_;
  MemoryUse memory_;
  Stage& next_;
  std::unordered_map<std::string, Entry, Hash, std::equal_to<>> entries_;
  std::uint64_t row_ = 0;
  std::vector<RowName> row_names_;
  std::string text_;
};

/// Counts rows a stream, and only at the end looks at what the streams are.
class LabelsStage final : public Stage {
 public:
  LabelsStage(NamesPipe pipe, const StageContext& context, Stage& next)
      : pipe_(std::move(pipe)),
        names_(context.names),
        progress_(context.progress),
        memory_(context.progress),
        next_(next) {}

  Result<bool> push(Row row) override { return push_view(OwnRowView(names_, row)); }

  Load load() const override { return Load::kStreams; }

  Result<bool> push_view(const RowView& row) override {
    const model::Labels* labels = row.labels();
    if (labels == nullptr) {
      return Error{ErrorCode::kInternal, "labels are asked of rows that have none any more"};
    }
    if (last_ == nullptr || last_->labels.id() != labels->id()) {
      DURAMEN_TRY(last_, find_stream(*labels));
    }
    ++last_->rows;
    return true;
  }

  Result<void> finish() override {
    if (pipe_.of == NamesPipe::Of::kLabels) {
      return Emission("name", "values", progress_, next_).run(count_names());
    }
    return Emission("value", "", progress_, next_).run(count_values());
  }

 private:
  struct Stream {
    model::Labels labels;
    std::uint64_t rows = 0;
  };

  Result<Stream*> find_stream(const model::Labels& labels) {
    if (const auto found = streams_.find(labels.id()); found != streams_.end()) {
      return &found->second;
    }
    // At the end each label may be a value of its own.
    memory_.add(kEntryBytes * (1 + labels.pairs().size()) + labels.weight());
    DURAMEN_TRY_VOID(memory_.check(
        "the labels of " + std::to_string(streams_.size() + 1) + " streams", kRemedy));
    return &streams_.emplace(labels.id(), Stream{labels, 0}).first->second;
  }

  std::vector<Counted> count_names() const {
    struct Name {
      std::uint64_t rows = 0;
      std::unordered_set<std::string_view> values;
    };
    std::unordered_map<std::string_view, Name> names;
    for (const auto& [id, stream] : streams_) {
      for (const auto& [name, value] : stream.labels.pairs()) {
        names[name].rows += stream.rows;
        names[name].values.insert(value);
      }
    }
    std::vector<Counted> out;
    for (const auto& [name, counted] : names) {
      out.push_back({name, counted.rows, std::to_string(counted.values.size())});
    }
    return out;
  }

  std::vector<Counted> count_values() const {
    std::unordered_map<std::string_view, std::uint64_t> values;
    for (const auto& [id, stream] : streams_) {
      const std::string_view value = stream.labels.find(pipe_.label);
      if (!value.empty()) values[value] += stream.rows;
    }
    std::vector<Counted> out;
    out.reserve(values.size());
    for (const auto& [value, rows] : values) out.push_back({value, rows, {}});
    return out;
  }

  const NamesPipe pipe_;
  const NameTable& names_;
  const Progress& progress_;
  MemoryUse memory_;
  Stage& next_;
  std::unordered_map<model::StreamId, Stream> streams_;
  Stream* last_ = nullptr;  ///< of the row before: rows of a block stand together by stream
};

}  // namespace

std::unique_ptr<Stage> make_names_stage(const NamesPipe& pipe, const StageContext& context,
                                        Stage& next) {
  if (pipe.of == NamesPipe::Of::kFields) return std::make_unique<FieldNamesStage>(context, next);
  return std::make_unique<LabelsStage>(pipe, context, next);
}

}  // namespace duramen::query
