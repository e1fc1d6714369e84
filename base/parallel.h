#pragma once

#include <cstddef>
#include <functional>

namespace duramen {

/// Calls task(0) to task(n - 1), on all processors, this thread's among them; returns when all are
/// done. The threads are shared by the whole process (oneTBB): a task must not wait for a client.
/// Threading: any thread; a task may call it again.
void for_each_index(std::size_t n, const std::function<void(std::size_t)>& task);

/// How many tasks may run at once.
std::size_t processors();

}  // namespace duramen
