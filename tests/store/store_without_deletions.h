#pragma once

#include <string>
#include <vector>

#include "store/store.h"

namespace duramen::store {

/// What fake stores have in common: nothing was ever deleted in them, and nothing can be.
class StoreWithoutDeletions : public Store {
 public:
  std::vector<Deletion> deletions() const override { return {}; }
  Result<Deletion> plan_deletion(Deletion) override { return use_a_real_store(); }
  Result<Deletion> hide_rows(std::uint64_t, const std::vector<MarkedBlock>&, std::string) override {
    return use_a_real_store();
  }
  Result<std::vector<std::string>> erase_hidden_rows(const EraseProgress&) override {
    return use_a_real_store();
  }
  Result<Deletion> end_deletion(std::uint64_t, DeletionState, std::string) override {
    return use_a_real_store();
  }

 protected:
  static Error use_a_real_store() { return {ErrorCode::kUnimplemented, "use a real store"}; }
};

}  // namespace duramen::store
