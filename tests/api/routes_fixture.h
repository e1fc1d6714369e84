#pragma once

#include <gtest/gtest.h>

#include <nlohmann/json.hpp>
#include <string>
#include <utility>

#include "api/routes.h"
#include "base/time_text.h"
#include "ingest/counted_sink.h"
#include "tests/api/fake_services.h"
#include "tests/api/handler_client.h"

namespace duramen::api {

/// All routes over fake services, called without a socket.
class RoutesTest : public testing::Test {
 protected:
  RoutesTest() { readiness_.set(""); }

  Answer ask(const std::string& method, const std::string& target, std::string body = "",
             std::map<std::string, std::string, std::less<>> headers = {}) {
    Request request;
    request.method = method;
    request.path = target.substr(0, target.find('?'));
    if (target.size() > request.path.size()) {
      request.parameters = *parse_form(target.substr(request.path.size() + 1));
    }
    request.body = std::move(body);
    request.headers = std::move(headers);
    return call(router_, std::move(request), leave_after_);
  }
  static nlohmann::json json(const Answer& answer) {
    return nlohmann::json::parse(answer.text, nullptr, false);
  }

  FakeStore store_;
  FakeEngine engine_;
  ManualClock clock_{*parse_rfc3339("2026-11-21T12:00:00Z")};
  MetricRegistry metrics_;
  Readiness readiness_;
  ingest::IngestLimits limits_;
  ingest::StreamRates rates_{clock_, metrics_};
  ingest::CountedSink sink_{store_, rates_};
  ingest::Ingest ingest_{sink_, clock_, metrics_, limits_, std::nullopt};
  Router router_ = make_router({store_, engine_, ingest_, clock_, metrics_, readiness_,
                                "0.1.0-test", limits_, nullptr, nullptr, &rates_});
  std::size_t leave_after_ = 0;
};

}  // namespace duramen::api
