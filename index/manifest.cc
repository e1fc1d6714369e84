#include "index/manifest.h"

#include <algorithm>
#include <utility>

#include "base/bytes.h"
#include "base/checksum.h"
#include "index/filter_layout.h"

namespace duramen::index {
namespace {

constexpr std::string_view kMagic = "DIXM";
constexpr std::uint16_t kVersion = 1;
constexpr std::size_t kMaxName = 200;

Error damaged(std::string_view what) {
  return {ErrorCode::kDataLoss, "manifest: " + std::string(what)};
}

void write_part(ByteWriter& out, const PartEntry& part) {
  out.u64(part.number);
  out.u64(part.words_size);
  out.u64(part.words_sum);
  out.u64(part.filter_size);
  out.varint(part.blocks.size());
  std::uint64_t before = 0;
  for (const model::BlockId block : part.blocks) {
    out.zigzag(static_cast<std::int64_t>(block.value() - before));
    before = block.value();
  }
}

Result<PartEntry> read_part(ByteReader& in) {
  PartEntry part;
  part.number = in.u64();
  part.words_size = in.u64();
  part.words_sum = in.u64();
  part.filter_size = in.u64();
  const std::size_t blocks = in.count(1);
  if (!in.ok() || blocks == 0 || blocks > kMaxPartBlocks) return damaged("a part that cannot be");
  std::uint64_t before = 0;
  for (std::size_t i = 0; i < blocks; ++i) {
    before += static_cast<std::uint64_t>(in.zigzag());
    part.blocks.emplace_back(before);
  }
  return part;
}

std::string file_name(std::uint64_t number, std::string_view ending) {
  std::string digits = std::to_string(number);
  if (digits.size() < 12) digits.insert(0, 12 - digits.size(), '0');
  return digits + std::string(ending);
}

}  // namespace

std::string encode_manifest(const Manifest& manifest) {
  std::string out;
  ByteWriter writer(out);
  writer.raw(kMagic);
  writer.u16(kVersion);
  writer.u16(0);
  writer.text(manifest.owner);
  writer.text(manifest.segment);
  writer.varint(manifest.parts.size());
  for (const PartEntry& part : manifest.parts) write_part(writer, part);
  writer.u64(checksum64(out));
  return out;
}

Result<Manifest> decode_manifest(std::string_view bytes) {
  constexpr std::size_t kSum = sizeof(std::uint64_t);
  if (bytes.size() < kMagic.size() + 4 + kSum || !bytes.starts_with(kMagic)) {
    return damaged("no manifest");
  }
  const std::string_view body = bytes.substr(0, bytes.size() - kSum);
  if (ByteReader(bytes.substr(body.size())).u64() != checksum64(body)) return damaged("checksum");
  ByteReader in(body.substr(kMagic.size()));
  if (in.u16() != kVersion) {
    return Error{ErrorCode::kUnimplemented, "manifest: written by a newer Duramen"};
  }
  const bool reserved = in.u16() != 0;
  Manifest manifest;
  manifest.owner = in.text();
  manifest.segment = in.text();
  const std::size_t parts = in.count(34);
  for (std::size_t i = 0; i < parts; ++i) {
    DURAMEN_TRY(auto part, read_part(in));
    manifest.parts.push_back(std::move(part));
  }
  if (reserved || !in.ok() || !in.done() || !is_segment_name(manifest.segment)) {
    return damaged("content that cannot be");
  }
  return manifest;
}

bool is_segment_name(std::string_view name) {
  if (name.empty() || name.size() > kMaxName || name.front() == '.') return false;
  return std::all_of(name.begin(), name.end(), [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  });
}

std::string manifest_name(std::string_view segment) { return std::string(segment) + ".manifest"; }
std::string words_name(std::uint64_t number) { return file_name(number, ".words"); }
std::string filter_name(std::uint64_t number) { return file_name(number, ".filter"); }

}  // namespace duramen::index
