#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"

namespace duramen::api {

/// Where to listen. `text` is how people write it: `127.0.0.1:5647`, `[::1]:5647`.
struct ListenAddress {
  std::string host;  ///< an IP address without brackets
  std::uint16_t port = 0;
  bool v6 = false;
  bool loopback = false;
  std::string text() const;
};

/// Reads `addr:port`, `[v6]:port` or `localhost:port`.
/// Errors: kInvalidArgument, with an example of the right form.
Result<ListenAddress> parse_listen_address(std::string_view text);

/// All of them; refuses addresses beyond loopback unless `insecure` (there is no authentication).
Result<std::vector<ListenAddress>> parse_listen_addresses(const std::vector<std::string>& texts,
                                                          bool insecure);

}  // namespace duramen::api
