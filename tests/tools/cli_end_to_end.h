#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/support/daemon_process.h"
#include "tests/support/http_client.h"
#include "tests/tools/cli_process.h"

namespace duramen {

/// `duramen` against a real daemon on a fresh store. Both are of this build.
class CliEndToEnd : public testing::Test {
 protected:
  void SetUp() override {
    ASSERT_FALSE(files_.path().empty());
    const auto started = daemon_.start_in(files_.file("data"));
    ASSERT_TRUE(started) << started.error().message;
  }

  support::Variables variables() const { return {{"DURAMEN_URL", daemon_.base_url()}}; }
  support::CliRun duramen(const std::vector<std::string>& arguments,
                          const std::string& input = {}) {
    return cli_.run(arguments, variables(), input);
  }
  std::string file(const std::string& name, const std::string& content) const {
    std::ofstream(files_.file(name), std::ios::binary) << content;
    return files_.file(name);
  }
  /// Rows of a query as JSON, oldest first.
  std::vector<nlohmann::json> rows(const std::string& query) {
    const support::CliRun run = duramen({"query", "--all", "--order", "asc", "-o", "json", query});
    std::vector<nlohmann::json> out;
    std::size_t at = 0;
    while (at < run.out.size()) {
      const std::size_t end = run.out.find('\n', at);
      out.push_back(nlohmann::json::parse(run.out.substr(at, end - at)));
      at = end + 1;
    }
    return out;
  }
  std::uint64_t stored_rows() const {
    const auto answer = support::HttpClient(daemon_.base_url()).get("/api/v1/status");
    return answer ? nlohmann::json::parse(answer->body).value("rows", std::uint64_t{0}) : 0;
  }
  /// `accepted`, `rejected`, `duplicates` of an import.
  static nlohmann::json summary(const support::CliRun& run) {
    return nlohmann::json::parse(run.out, nullptr, false);
  }

  TemporaryDirectory files_;
  support::DaemonProcess daemon_;
  support::CliProcess cli_;
};

}  // namespace duramen
