#include "tools/cli/body_pipe.h"

#include <utility>

namespace duramen::cli {

std::string BodyPipe::read() {
  const MutexLock lock(mutex_);
  while (chunks_.empty() && !finished_) changed_.wait(mutex_);
  if (chunks_.empty()) return {};
  std::string chunk = std::move(chunks_.front());
  chunks_.pop_front();
  unread_ -= chunk.size();
  changed_.notify_all();
  return chunk;
}

void BodyPipe::finish() {
  const MutexLock lock(mutex_);
  finished_ = true;
  changed_.notify_all();
}

void BodyPipe::abandon() {
  const MutexLock lock(mutex_);
  abandoned_ = true;
  changed_.notify_all();
}

std::streamsize BodyPipe::xsputn(const char* bytes, std::streamsize count) {
  const MutexLock lock(mutex_);
  while (unread_ > limit_ && !abandoned_) changed_.wait(mutex_);
  if (abandoned_) return 0;
  if (count <= 0) return 0;
  chunks_.emplace_back(bytes, static_cast<std::size_t>(count));
  unread_ += chunks_.back().size();
  changed_.notify_all();
  return count;
}

BodyPipe::int_type BodyPipe::overflow(int_type c) {
  if (traits_type::eq_int_type(c, traits_type::eof())) return traits_type::not_eof(c);
  const char byte = traits_type::to_char_type(c);
  return xsputn(&byte, 1) == 1 ? c : traits_type::eof();
}

}  // namespace duramen::cli
