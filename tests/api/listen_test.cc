#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "api/server/listen_address.h"
#include "tests/api/server_fixture.h"

namespace duramen::api {
namespace {

using ServerListen = ServerTest;

/// The kernel may know IPv6 and the machine still have no ::1.
bool has_ipv6() {
  const int fd = ::socket(AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0) return false;
  sockaddr_in6 address{};
  address.sin6_family = AF_INET6;
  address.sin6_addr = in6addr_loopback;
  const bool bound = ::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
  ::close(fd);
  return bound;
}

TEST(ListenAddress, BracketsAndPortsRoundTrip) {
  for (const auto* text : {"127.0.0.1:5647", "[::1]:80", "0.0.0.0:0", "[::]:65535", "10.1.2.3:1"}) {
    const auto address = parse_listen_address(text);
    ASSERT_TRUE(address) << text;
    EXPECT_EQ(address->text(), text);
  }
  EXPECT_EQ(parse_listen_address("localhost:1")->text(), "127.0.0.1:1");
}

TEST(ListenAddress, LoopbackIsKnown) {
  for (const auto* text : {"127.0.0.1:1", "127.9.9.9:1", "[::1]:1", "[::ffff:127.0.0.1]:1"}) {
    EXPECT_TRUE(parse_listen_address(text)->loopback) << text;
  }
  for (const auto* text : {"0.0.0.0:1", "[::]:1", "192.168.0.1:1", "[::ffff:10.0.0.1]:1"}) {
    EXPECT_FALSE(parse_listen_address(text)->loopback) << text;
  }
}

TEST(ListenAddress, BadOnesSayWhatIsWrong) {
  const std::pair<const char*, const char*> cases[] = {{"", "port is missing"},
                                                       {"127.0.0.1", "port is missing"},
                                                       {"127.0.0.1:", "port is missing"},
                                                       {":80", "address is missing"},
                                                       {"::1:80", "brackets"},
                                                       {"127.0.0.1:65536", "from 0 to 65535"},
                                                       {"127.0.0.1:-1", "from 0 to 65535"},
                                                       {"127.0.0.1:80x", "from 0 to 65535"},
                                                       {"example.com:80", "not an IP"},
                                                       {"[127.0.0.1]:80", "not an IP"},
                                                       {"127.0.0.256:80", "not an IP"}};
  for (const auto& [text, why] : cases) {
    const auto address = parse_listen_address(text);
    ASSERT_FALSE(address) << text;
    EXPECT_EQ(address.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(address.error().message.find(why), std::string::npos) << address.error().message;
  }
}

TEST_F(ServerListen, BeyondLoopbackIsRefusedUnlessInsecure) {
  for (const auto* text : {"0.0.0.0:0", "[::]:0", "192.0.2.1:0"}) {
    options_.listen = {text};
    const auto refused = HttpServer::start(options_, router_, metrics_);
    ASSERT_FALSE(refused) << text;
    EXPECT_EQ(refused.error().code, ErrorCode::kInvalidArgument);
    EXPECT_NE(refused.error().message.find("--insecure-listen"), std::string::npos);
  }
  options_.listen = {"0.0.0.0:0"};
  options_.insecure_listen = true;
  start();
  const auto port = address_.substr(address_.rfind(':'));
  RawClient one("127.0.0.1" + port);
  one.send(get("/plain"));
  EXPECT_EQ(one.read_response().status, 200);
}

TEST_F(ServerListen, BusyPortIsNamedWithTheRemedy) {
  start();
  options_.listen = {address_};
  const auto second = HttpServer::start(options_, router_, metrics_);
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().code, ErrorCode::kUnavailable);
  EXPECT_NE(second.error().message.find(address_), std::string::npos);
  EXPECT_NE(second.error().message.find("--http-listen"), std::string::npos);
}

TEST_F(ServerListen, Ipv6LoopbackServes) {
  options_.listen = {"[::1]:0", "127.0.0.1:0"};
  if (!has_ipv6()) {
    const auto refused = HttpServer::start(options_, router_, metrics_);
    ASSERT_FALSE(refused);
    EXPECT_NE(refused.error().message.find("no IPv6"), std::string::npos);
    return;
  }
  start();
  ASSERT_EQ(server_->addresses().size(), 2U);
  for (const auto& address : server_->addresses()) {
    EXPECT_NE(address.substr(address.rfind(':')), ":0");
    RawClient one(address);
    ASSERT_TRUE(one.ok()) << address;
    one.send(get("/plain"));
    EXPECT_EQ(one.read_response().status, 200);
  }
}

TEST_F(ServerListen, Ipv6WildcardTakesBothFamilies) {
  if (!has_ipv6()) GTEST_SKIP() << "no IPv6 on this machine";
  options_.listen = {"[::]:0"};
  options_.insecure_listen = true;
  start();
  const auto port = address_.substr(address_.rfind(':'));
  for (const auto* host : {"[::1]", "127.0.0.1"}) {
    RawClient one(host + port);
    ASSERT_TRUE(one.ok()) << host;
    one.send(get("/plain"));
    EXPECT_EQ(one.read_response().status, 200);
  }
}

TEST_F(ServerListen, ThePortIsFreeAgainAfterStop) {
  start();
  {
    RawClient one = client();
    one.send(get("/plain"));
    EXPECT_EQ(one.read_response().status, 200);
    server_->stop(0);
  }
  options_.listen = {address_};
  server_.reset();
  start();
  EXPECT_EQ(ask(get("/plain")).status, 200);
}

}  // namespace
}  // namespace duramen::api
