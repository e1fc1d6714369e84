#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <functional>
#include <future>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "api/server.h"
#include "base/mutex.h"
#include "tests/api/raw_client.h"

namespace duramen::api {

/// Waits for a condition that another thread brings about; false after 10 s.
inline bool eventually(const std::function<bool()>& condition) {
  const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(10);
  while (!condition()) {
    if (std::chrono::steady_clock::now() > end) return false;
    std::this_thread::yield();
  }
  return true;
}

/// A server on a free loopback port with a few routes:
/// GET /plain, POST /echo, GET /q (its parameters as text), GET /stream (runs `producer`), POST
/// /held (keeps the responder in `held`), POST /forgotten (never answers), GET /throws, GET
/// /immediate.
class ServerTest : public testing::Test {
 protected:
  ServerTest() {
    options_.listen = {"127.0.0.1:0"};
    add_routes();
  }
  void TearDown() override {
    held_.clear();
    if (server_) server_->stop(0);
  }

  void start() {
    auto started = HttpServer::start(options_, router_, metrics_);
    ASSERT_TRUE(started) << started.error().message;
    server_ = *std::move(started);
    address_ = server_->addresses().at(0);
  }
  RawClient client() const { return RawClient(address_); }
  /// One request on a connection of its own.
  RawResponse ask(std::string_view request) const {
    RawClient one = client();
    one.send(request);
    return one.read_response();
  }
  static std::string get(const std::string& path, const std::string& more = "") {
    return "GET " + path + " HTTP/1.1\r\nHost: x\r\n" + more + "\r\n";
  }
  static std::string post(const std::string& path, const std::string& body,
                          const std::string& more = "") {
    return "POST " + path +
           " HTTP/1.1\r\nHost: x\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
           more + "\r\n" + body;
  }
  bool metric_is(const std::string& line) const {
    return metrics_.render().find("\n" + line + "\n") != std::string::npos;
  }

  /// Bytes that the server has taken from clients.
  std::uint64_t received() const {
    const std::string text = metrics_.render();
    const std::string name = "\nduramen_http_received_bytes_total ";
    const auto at = text.find(name);
    return at == std::string::npos ? 0 : std::stoull(text.substr(at + name.size()));
  }

  ServerOptions options_;
  MetricRegistry metrics_;
  BodyProducer producer_ = [](BodyWriter& out) { return out.write("nothing\n"); };
  Mutex held_mutex_;
  std::vector<Responder> held_;
  Router router_;
  std::unique_ptr<HttpServer> server_;
  std::string address_;

 private:
  void add_routes() {
    const auto add = [&](const char* method, const char* path, Handler handler,
                         bool immediate = false) {
      router_.add({method, path, "", std::move(handler), "", immediate});
    };
    add("GET", "/plain",
        [](const Request&, const Responder& respond) { respond(text_response(200, "hello")); });
    add("POST", "/echo", [](Request request, const Responder& respond) {
      respond(text_response(200, std::move(request.body)));
    });
    add("GET", "/q", [](const Request& request, const Responder& respond) {
      std::string text;
      for (const auto& [name, value] : request.parameters) text += name + "=" + value + ";";
      respond(text_response(200, text));
    });
    add("GET", "/stream", [this](const Request&, const Responder& respond) {
      respond(Response{200, {{"Content-Type", "application/x-ndjson"}}, producer_});
    });
    add("POST", "/held", [this](const Request&, Responder respond) {
      const MutexLock lock(held_mutex_);
      held_.push_back(std::move(respond));
    });
    add("POST", "/forgotten", [](const Request&, const Responder&) {});
    add("GET", "/throws",
        [](const Request&, const Responder&) { throw std::runtime_error("bug"); });
    add(
        "GET", "/immediate",
        [](const Request&, const Responder& respond) { respond(text_response(200, "now")); }, true);
  }
};

}  // namespace duramen::api
