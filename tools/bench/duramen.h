#pragma once

#include <optional>
#include <string>

#include "tools/bench/client.h"
#include "tools/bench/store.h"

namespace duramen::bench {

/// Duramen as a store that is measured.
class DuramenStore final : public QueryStore {
 public:
  /// The daemon runs, and outlives this.
  DuramenStore(Daemon& daemon, std::string directory)
      : daemon_(daemon), directory_(std::move(directory)) {}

  Result<StoreCall> prepare(const Question& question) override;
  Result<StoreAnswer> ask(const StoreCall& call) override;
  Result<std::optional<StoreRead>> read_of(const Question& question) override;
  Result<std::uint64_t> make_cold() override;
  Result<ProcessUse> use() const override { return daemon_.use(); }

 private:
  Result<HttpConnection*> connection();
  Result<std::string> record_name(const Question& question);

  Daemon& daemon_;
  std::string directory_;
  std::optional<HttpConnection> connection_;
};

}  // namespace duramen::bench
