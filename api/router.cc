#include "api/router.h"

#include <algorithm>
#include <atomic>
#include <exception>
#include <map>

#include "base/json_text.h"
#include "base/log.h"

namespace duramen::api {
namespace {

std::vector<std::string_view> segments_of(std::string_view path) {
  std::vector<std::string_view> out;
  while (!path.empty()) {
    const auto end = std::min(path.find('/'), path.size());
    out.push_back(path.substr(0, end));
    if (end == path.size()) return out;
    path.remove_prefix(end + 1);
    if (path.empty()) out.emplace_back();
  }
  return out;
}

bool is_variable(std::string_view segment) {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

/// The `{x}` values of `path` under `pattern`; nothing when they do not fit.
std::optional<Parameters> fit(std::string_view pattern, std::string_view path) {
  const auto want = segments_of(pattern);
  const auto have = segments_of(path);
  if (want.size() != have.size()) return std::nullopt;
  Parameters out;
  for (std::size_t i = 0; i < want.size(); ++i) {
    auto value = percent_decoded(have[i]);
    if (!value) return std::nullopt;
    if (is_variable(want[i])) {
      if (value->empty()) return std::nullopt;
      out.emplace_back(std::string(want[i].substr(1, want[i].size() - 2)), *std::move(value));
    } else if (*value != want[i]) {
      return std::nullopt;
    }
  }
  return out;
}

/// Levenshtein's distance; both texts are cut to 64 bytes.
std::size_t distance(std::string_view a, std::string_view b) {
  a = a.substr(0, 64);
  b = b.substr(0, 64);
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t change = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, change});
    }
  }
  return row[b.size()];
}

Response method_refusal(std::string_view method, const std::string& allow) {
  if (method == "OPTIONS") return Response{204, {{"Allow", allow}}, std::string()};
  Response out = problem_response(make_problem(
      405, "method-not-allowed", "this path takes " + allow + ", not " + std::string(method)));
  out.headers.emplace_back("Allow", allow);
  return out;
}

/// Makes sure that exactly one answer leaves, whatever the handler does after a throw.
class Once {
 public:
  explicit Once(Responder respond) : respond_(std::move(respond)) {}
  void operator()(Response response) {
    if (!answered_.test_and_set()) respond_(std::move(response));
  }

 private:
  std::atomic_flag answered_ = ATOMIC_FLAG_INIT;
  Responder respond_;
};

}  // namespace

void Router::add(Route route) { routes_.push_back(std::move(route)); }

RouteMatch Router::match(std::string_view method, std::string_view path) const {
  RouteMatch out;
  std::vector<std::string_view> allowed;
  const std::string_view wanted = method == "HEAD" ? "GET" : method;
  for (std::size_t i = 0; i < routes_.size(); ++i) {
    auto values = fit(routes_[i].path, path);
    if (!values) continue;
    if (routes_[i].method == wanted) {
      out.route = i;
      out.parameters = *std::move(values);
      return out;
    }
    allowed.push_back(routes_[i].method);
    if (routes_[i].method == "GET") allowed.emplace_back("HEAD");
  }
  if (allowed.empty() && !(method == "OPTIONS" && path == "*")) {
    out.refusal = elsewhere_ ? elsewhere_() : not_found(path);
    return out;
  }
  if (path == "*") allowed = {"DELETE", "GET", "HEAD", "POST"};
  allowed.emplace_back("OPTIONS");
  std::string allow;
  for (const auto name : allowed) (allow += allow.empty() ? "" : ", ") += name;
  out.refusal = method_refusal(method, allow);
  return out;
}

Response Router::not_found(std::string_view path) const {
  std::multimap<std::size_t, std::string_view> near;
  for (const auto& route : routes_) {
    const auto at = std::find_if(near.begin(), near.end(),
                                 [&](const auto& entry) { return entry.second == route.path; });
    if (at == near.end()) near.emplace(distance(path, route.path), route.path);
  }
  Problem problem =
      make_problem(404, "no-such-route", "there is nothing at " + std::string(path.substr(0, 200)));
  std::string list = "[";
  std::size_t shown = 0;
  for (const auto& [steps, pattern] : near) {
    if (shown == 3) break;
    problem.detail += shown == 0 ? "; near: " : ", ";
    problem.detail += pattern;
    list += shown == 0 ? "" : ",";
    append_json_string(list, pattern);
    ++shown;
  }
  problem.members.emplace_back("near", list + "]");
  return problem_response(problem);
}

void Router::handle(Request request, Responder respond) const {
  RouteMatch found = match(request.method, request.path);
  if (!found.route) {
    respond(*std::move(found.refusal));
    return;
  }
  const Route& route = routes_[*found.route];
  request.parameters.insert(request.parameters.begin(),
                            std::make_move_iterator(found.parameters.begin()),
                            std::make_move_iterator(found.parameters.end()));
  const auto once = std::make_shared<Once>(std::move(respond));
  try {
    route.handler(std::move(request), [once](Response response) { (*once)(std::move(response)); });
  } catch (const std::exception& e) {
    log_error("a request handler failed", {{"route", route.path}, {"error", e.what()}});
    (*once)(problem_response(
        make_problem(500, "internal", "the handler failed; see the server's log")));
  }
}

}  // namespace duramen::api
