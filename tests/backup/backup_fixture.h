#pragma once

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <utility>
#include <vector>

#include "backup/manifest.h"
#include "backup/receive.h"
#include "tests/base/temporary_directory.h"
#include "tests/support/tar_text.h"

namespace duramen::backup {

inline std::string text_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()};
}

/// A source that gives `text` in small pieces.
inline Source in_pieces(std::string text, std::size_t piece = 1000) {
  return [text = std::move(text), piece, at = std::size_t{0}]() mutable -> Result<std::string> {
    std::string out = text.substr(at, piece);
    at += out.size();
    return out;
  };
}

using Files = std::vector<std::pair<std::string, std::string>>;  ///< names and contents

inline Manifest manifest_of(const Files& files) {
  Manifest out;
  out.version = "1";
  out.store_id = "5707e1d";
  out.durable = model::Seq(17);
  for (const auto& [name, content] : files) {
    out.files.push_back({name, content.size(), hash128(content)});
  }
  return out;
}

inline const Files kFiles{{"db/CURRENT", "MANIFEST-1\n"},
                          {"db/000001.log", std::string(5000, 'l')},
                          {"index/1.words", ""}};

/// A tar of these files, and their list if wanted.
inline support::TarText tar_of(const Files& files) {
  support::TarText tar;
  for (const auto& [name, content] : files) tar.add(name, content);
  return tar;
}
inline std::string whole_tar() {
  return tar_of(kFiles).add("backup.json", encode_manifest(manifest_of(kFiles))).whole();
}

}  // namespace duramen::backup
