#include <unistd.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <csignal>
#include <optional>
#include <thread>
#include <utility>

#include "tools/cli/context.h"
#include "tools/cli/screen.h"
#include "tools/cli/top_asker.h"
#include "tools/cli/top_frame.h"

namespace duramen::cli {
namespace {

using std::chrono::milliseconds;
using Steady = std::chrono::steady_clock;

constexpr std::size_t kPlainStreams = 20;  ///< shown where there is no screen
constexpr milliseconds kFirstPause{1000};
constexpr milliseconds kLongestPause{8000};

extern "C" void leave_quietly(int) { _exit(kExitOk); }

/// Asking again may help: nobody answers, or the daemon starts, stops or has too much to do.
bool may_pass(const Error& error) {
  return error.code == ErrorCode::kUnavailable || error.code == ErrorCode::kDeadlineExceeded ||
         error.code == ErrorCode::kResourceExhausted || error.code == ErrorCode::kDataLoss;
}

/// The last two samples.
class History {
 public:
  void add(TopSample sample) { before_ = std::exchange(now_, std::move(sample)); }
  TopView view(TopOrder order) const {
    return compare(before_ ? &*before_ : nullptr, *now_, order);
  }

 private:
  std::optional<TopSample> before_;
  std::optional<TopSample> now_;
};

// ---- without a screen

class PlainTop {
 public:
  PlainTop(const Context& context, const TopCommand& command)
      : context_(context), command_(command) {}

  Result<int> run() {
    std::signal(SIGINT, leave_quietly);
    DURAMEN_TRY(const auto client, context_.open_client());
    DURAMEN_TRY(auto first, take_top_sample(*client, command_.order));
    history_.add(std::move(first));
    const std::uint64_t frames = command_.frames.value_or(1);
    for (std::uint64_t shown = 0; shown < frames;) {
      std::this_thread::sleep_for(std::chrono::nanoseconds(command_.interval));
      auto sample = take_top_sample(*client, command_.order);
      if (!sample) {
        DURAMEN_TRY_VOID(say_lost(sample.error()));
        continue;
      }
      lost_ = false;
      history_.add(*std::move(sample));
      DURAMEN_TRY_VOID(print(shown++ > 0));
    }
    return kExitOk;
  }

 private:
  Result<void> say_lost(const Error& error) {
    if (!may_pass(error)) return error;
    if (std::exchange(lost_, true)) return {};
    return context_.err.line("duramen: " + visible_on_one_line(error.message) + "; trying again");
  }
  Result<void> print(bool more) const {
    TopView view = history_.view(command_.order);
    const TimeNs time = context_.clock.now();
    if (context_.options.output == OutputFormat::kJson) {
      return context_.out.line(top_json(view, time));
    }
    if (view.streams.size() > kPlainStreams) view.streams.resize(kPlainStreams);
    TopFrame frame;
    frame.columns = context_.out.is_terminal() ? static_cast<std::size_t>(terminal_width(1))
                                               : std::string::npos;
    frame.color = context_.render.color;
    frame.time = time;
    if (more) DURAMEN_TRY_VOID(context_.out.write("\n"));
    for (const std::string& line : top_lines(view, frame)) {
      DURAMEN_TRY_VOID(context_.out.write(line + "\n"));
    }
    return context_.out.flush();
  }

  const Context& context_;
  const TopCommand& command_;
  History history_;
  bool lost_ = false;
};

// ---- on a screen

class ScreenTop {
 public:
  ScreenTop(const Context& context, const TopCommand& command, TopSample first)
      : context_(context),
        interval_(std::chrono::nanoseconds(command.interval)),
        frames_(command.frames),
        order_(command.order) {
    history_.add(std::move(first));
  }

  Result<int> run(std::unique_ptr<Client> client) {
    TopAsker asker(std::move(client));
    DURAMEN_TRY(screen_, Screen::open(context_.out, asker.descriptor()));
    const auto ended = loop(asker);
    screen_->close();
    if (ended && signal_ != 0) leave_by_signal(signal_);
    // An answer that does not come is nothing to wait for.
    if (ended && asker.busy()) ::_exit(kExitOk);
    return ended ? Result<int>(kExitOk) : Result<int>(ended.error());
  }

 private:
  Result<void> loop(TopAsker& asker) {
    ask_at_ = Steady::now() + interval_;
    DURAMEN_TRY_VOID(draw());
    while (!ended_) {
      if (Steady::now() >= ask_at_ && !asker.busy() && !due_) {
        asker.ask(order_);
        due_ = true;
      }
      const Screen::Event event = screen_->wait(patience());
      if (event.kind == Screen::Event::Kind::kOther) DURAMEN_TRY_VOID(take(asker.take()));
      take_event(event);
      if (!ended_ || event.kind == Screen::Event::Kind::kOther) DURAMEN_TRY_VOID(draw());
    }
    return {};
  }
  /// Until there is something to do; while the connection is lost, the seconds are counted.
  milliseconds patience() const {
    constexpr milliseconds kLongest{60'000};
    if (due_) return kLongest;
    const auto left = std::chrono::ceil<milliseconds>(ask_at_ - Steady::now());
    return std::clamp(left, milliseconds(0), lost_.empty() ? kLongest : milliseconds(1000));
  }
  Result<void> take(std::optional<Result<TopSample>> answer) {
    if (!answer) return {};
    due_ = false;
    if (*answer) {
      history_.add(**std::move(answer));
      lost_.clear();
      pause_ = kFirstPause;
      ask_at_ = std::max(ask_at_ + interval_, Steady::now());
      if (frames_ && ++shown_ >= *frames_) ended_ = true;
      return {};
    }
    const Error& error = answer->error();
    if (!may_pass(error)) return error;
    lost_ = error.message;
    ask_at_ = Steady::now() + pause_;
    pause_ = std::min(2 * pause_, kLongestPause);
    return {};
  }
  void take_event(const Screen::Event& event) {
    using Kind = Screen::Event::Kind;
    if (event.kind == Kind::kInterrupt) ended_ = true;
    if (event.kind == Kind::kTerminate) {
      ended_ = true;
      signal_ = event.signal;
    }
    if (event.kind != Kind::kKey) return;
    if (event.key == 'q' || event.key == 'Q') ended_ = true;
    if (event.key == 'r') order_ = TopOrder::kRecords;
    if (event.key == 'b') order_ = TopOrder::kBytes;
  }
  std::string lost_text() const {
    if (lost_.empty()) return {};
    const auto left = std::chrono::ceil<std::chrono::seconds>(ask_at_ - Steady::now()).count();
    const std::string when =
        due_ || left <= 0 ? "asking again" : "asking again in " + std::to_string(left) + " s";
    return "CONNECTION LOST, " + when + ": " + lost_;
  }
  Result<void> draw() {
    const Screen::Size size = screen_->size();
    TopFrame frame;
    frame.columns = size.columns;
    frame.rows = size.rows;
    frame.color = context_.render.color;
    frame.time = context_.clock.now();
    frame.lost = lost_text();
    return screen_->draw(top_lines(history_.view(order_), frame));
  }

  const Context& context_;
  const Steady::duration interval_;
  const std::optional<std::uint64_t> frames_;
  TopOrder order_;
  History history_;
  std::unique_ptr<Screen> screen_;
  Steady::time_point ask_at_;
  bool due_ = false;  ///< an answer is
  std::string lost_;  ///< why there was none; empty: there was
  milliseconds pause_ = kFirstPause;
  std::uint64_t shown_ = 0;
  bool ended_ = false;
  int signal_ = 0;
};

}  // namespace

Result<int> run_top(const Context& context, const TopCommand& command) {
  const bool on_screen =
      context.out.is_terminal() && context.options.output == OutputFormat::kText && !command.plain;
  if (!on_screen) return PlainTop(context, command).run();
  // A daemon that is not there is an error, and no screen.
  DURAMEN_TRY(auto client, context.open_client());
  DURAMEN_TRY(auto first, take_top_sample(*client, command.order));
  return ScreenTop(context, command, std::move(first)).run(std::move(client));
}

}  // namespace duramen::cli
