#pragma once

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <thread>
#include <utility>

namespace duramen::support {

/// Holds up whoever opens the store in a data directory: the file of RocksDB that is read first
/// becomes a pipe, and opening that waits for release(). Threading: one thread.
class HeldStore {
 public:
  /// The store must be closed. `pipe`: a path for it on the same file system.
  HeldStore(const std::string& data, std::string pipe)
      : current_(data + "/db/CURRENT"), pipe_(std::move(pipe)) {
    std::ifstream file(current_, std::ios::binary);
    text_.assign(std::istreambuf_iterator<char>(file), {});
    std::error_code failed;
    std::filesystem::rename(current_, pipe_ + ".kept", failed);
    held_ = !failed && ::mkfifo(pipe_.c_str(), 0600) == 0 &&
            ::link(pipe_.c_str(), current_.c_str()) == 0;
  }

  bool held() const { return held_; }

  /// Waits until somebody opens the store, and lets it pass. False when nobody does.
  bool release() {
    const int pipe = wait_for_reader();
    if (pipe < 0) return false;
    // Whoever opens it again finds the file.
    std::error_code failed;
    std::filesystem::rename(pipe_ + ".kept", current_, failed);
    const bool written = ::write(pipe, text_.data(), text_.size()) == std::ssize(text_);
    ::close(pipe);
    return written && !failed;
  }

 private:
  int wait_for_reader() const {
    const auto deadline = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    for (;;) {
      const int pipe = ::open(pipe_.c_str(), O_WRONLY | O_NONBLOCK | O_CLOEXEC);
      if (pipe >= 0 || std::chrono::steady_clock::now() > deadline) return pipe;
      std::this_thread::yield();
    }
  }

  const std::string current_;
  const std::string pipe_;
  std::string text_;
  bool held_ = false;
};

}  // namespace duramen::support
