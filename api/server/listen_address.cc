#include "api/server/listen_address.h"

#include <boost/asio/ip/address.hpp>
#include <charconv>

namespace duramen::api {
namespace {

Error bad_address(std::string_view text, std::string_view why) {
  return Error{ErrorCode::kInvalidArgument,
               "listen address '" + std::string(text) + "': " + std::string(why)};
}

bool is_loopback(const boost::asio::ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return boost::asio::ip::make_address_v4(boost::asio::ip::v4_mapped, address.to_v6())
        .is_loopback();
  }
  return address.is_loopback();
}

}  // namespace

std::string ListenAddress::text() const {
  return (v6 ? "[" + host + "]" : host) + ":" + std::to_string(port);
}

Result<ListenAddress> parse_listen_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon + 1 == text.size()) {
    return bad_address(text, "the port is missing; write 127.0.0.1:5647 or [::1]:5647");
  }
  std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() >= 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  if (!bracketed && host.find(':') != std::string_view::npos) {
    return bad_address(text, "an IPv6 address stands in brackets: [::1]:5647");
  }
  if (host.empty()) return bad_address(text, "the address is missing; write 127.0.0.1:5647");

  ListenAddress out;
  const auto read = std::from_chars(port.data(), port.data() + port.size(), out.port);
  if (read.ec != std::errc() || read.ptr != port.data() + port.size()) {
    return bad_address(text, "the port must be a number from 0 to 65535");
  }
  out.host = host == "localhost" ? "127.0.0.1" : std::string(host);
  boost::system::error_code ec;
  const auto address = boost::asio::ip::make_address(out.host, ec);
  if (ec || (bracketed && !address.is_v6())) {
    return bad_address(text, "not an IP address; write 127.0.0.1:5647 or [::1]:5647");
  }
  out.v6 = address.is_v6();
  out.loopback = is_loopback(address);
  return out;
}

Result<std::vector<ListenAddress>> parse_listen_addresses(const std::vector<std::string>& texts,
                                                          bool insecure) {
  if (texts.empty()) return Error{ErrorCode::kInvalidArgument, "no address to listen on"};
  std::vector<ListenAddress> out;
  for (const auto& text : texts) {
    DURAMEN_TRY(auto address, parse_listen_address(text));
    if (!address.loopback && !insecure) {
      return bad_address(text,
                         "reachable from other machines, and there is no authentication; listen on "
                         "127.0.0.1 or [::1], or allow it with --insecure-listen");
    }
    out.push_back(std::move(address));
  }
  return out;
}

}  // namespace duramen::api
