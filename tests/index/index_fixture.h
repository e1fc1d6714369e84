#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <initializer_list>
#include <iterator>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "base/metrics.h"
#include "index/index.h"
#include "tests/base/temporary_directory.h"

namespace duramen::index {

using model::BlockId;
using model::KeyKind;

inline const std::string kSegment = "2026-11-21.default";

/// The keys of a block whose rows have these texts.
inline BlockKeys keys_of(const std::vector<std::string>& texts,
                         const std::vector<std::string>& labels = {}) {
  BlockKeysBuilder builder;
  std::string scratch;
  for (const std::string& text : texts) {
    model::for_each_key_of_text(
        text, scratch, [&](KeyKind kind, std::string_view key) { builder.add(kind, key); });
  }
  for (const std::string& label : labels) {
    builder.add_label(label);
    builder.add(KeyKind::kPair, label);
  }
  return builder.take();
}

inline std::string read_bytes(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// In place, as a fault of a disk does it: who has the file open sees it.
inline void write_bytes(const std::string& path, const std::string& bytes) {
  std::ofstream out(path, std::ios::binary | std::ios::in | std::ios::out);
  if (!out) out.open(path, std::ios::binary | std::ios::out);
  out << bytes;
  ASSERT_TRUE(out.flush()) << path;
  out.close();
  std::filesystem::resize_file(path, bytes.size());
}

/// A real index in a temporary directory that deletes itself.
class TemporaryIndex {
 public:
  TemporaryIndex() {
    options.directory = directory.file("index");
    options.owner = "store-1";
    reopen();
  }

  void reopen() {
    index.reset();
    metrics = std::make_unique<MetricRegistry>();
    auto opened = Index::open(options, *metrics);
    ASSERT_TRUE(opened) << opened.error().message;
    index = *std::move(opened);
  }

  void add(std::uint64_t block, const std::vector<std::string>& texts,
           const std::vector<std::string>& labels = {}) {
    const auto added = index->add(kSegment, BlockId(block), keys_of(texts, labels));
    ASSERT_TRUE(added) << added.error().message;
  }
  void flush() {
    const auto flushed = index->flush();
    ASSERT_TRUE(flushed) << flushed.error().message;
  }
  void seal() {
    const auto sealed = index->seal(kSegment);
    ASSERT_TRUE(sealed) << sealed.error().message;
  }

  std::shared_ptr<const SegmentView> view() const { return index->view(kSegment); }
  std::vector<std::uint64_t> blocks() const {
    std::vector<std::uint64_t> out;
    for (const BlockId block : view()->blocks()) out.push_back(block.value());
    return out;
  }
  SegmentIndexStatus segment_status() const {
    for (const SegmentIndexStatus& segment : index->status().segments) {
      if (segment.name == kSegment) return segment;
    }
    return {};
  }
  std::uint64_t metric(const std::string& name) const {
    const std::string text = metrics->render();
    const std::size_t at = text.find("\n" + name + " ");
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size() + 2));
  }
  /// Names of the files with this ending.
  std::vector<std::string> files(const std::string& ending) const {
    std::vector<std::string> out;
    for (const auto& entry : std::filesystem::directory_iterator(options.directory)) {
      if (entry.path().string().ends_with(ending)) out.push_back(entry.path().string());
    }
    std::sort(out.begin(), out.end());
    return out;
  }

  TemporaryDirectory directory;
  IndexOptions options;
  std::unique_ptr<MetricRegistry> metrics;
  std::unique_ptr<Index> index;
};

/// Ids of the blocks that an answer names.
inline std::vector<std::uint64_t> ids_of(const SegmentView& view, const BlockSet& set) {
  std::vector<std::uint64_t> out;
  set.for_each([&](std::size_t place) { out.push_back(view.blocks()[place].value()); });
  return out;
}

inline std::vector<std::uint64_t> found(const SegmentView& view, KeyKind kind,
                                        const std::string& text) {
  LookupCost cost;
  return ids_of(view, view.find({kind, text}, cost));
}

inline std::vector<std::uint64_t> found_prefix(const SegmentView& view, KeyKind kind,
                                               const std::string& prefix) {
  LookupCost cost;
  return ids_of(view, view.find_prefix(kind, prefix, cost));
}

}  // namespace duramen::index
