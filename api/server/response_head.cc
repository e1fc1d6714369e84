#include "api/server/response_head.h"

#include <array>
#include <charconv>

namespace duramen::api {
namespace {

constexpr std::array<std::string_view, 7> kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                   "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_two_digits(std::string& out, int value) {
  out.push_back(static_cast<char>('0' + value / 10 % 10));
  out.push_back(static_cast<char>('0' + value % 10));
}

}  // namespace

std::string http_date(std::time_t time) {
  std::tm tm{};
  if (gmtime_r(&time, &tm) == nullptr) return {};
  std::string out(kDays[static_cast<std::size_t>(tm.tm_wday)]);
  out += ", ";
  append_two_digits(out, tm.tm_mday);
  out += ' ';
  out += kMonths[static_cast<std::size_t>(tm.tm_mon)];
  out += ' ' + std::to_string(tm.tm_year + 1900) + ' ';
  append_two_digits(out, tm.tm_hour);
  out += ':';
  append_two_digits(out, tm.tm_min);
  out += ':';
  append_two_digits(out, tm.tm_sec);
  return out + " GMT";
}

std::string chunk_size_line(std::size_t bytes) {
  std::array<char, 20> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), bytes, 16).ptr;
  return std::string(text.data(), end) + "\r\n";
}

std::string response_head(const Response& response, const HeadOptions& options, std::time_t now) {
  std::string out = "HTTP/1.1 " + std::to_string(response.status) + " ";
  out += status_text(response.status);
  out += "\r\nDate: " + http_date(now) + "\r\n";
  for (const auto& [name, value] : response.headers) out += name + ": " + value + "\r\n";
  if (options.chunked) out += "Transfer-Encoding: chunked\r\n";
  if (options.content_length) {
    out += "Content-Length: " + std::to_string(*options.content_length) + "\r\n";
  }
  if (!options.keep_alive) {
    out += "Connection: close\r\n";
  } else if (options.http10) {
    out += "Connection: keep-alive\r\n";
  }
  return out + "\r\n";
}

}  // namespace duramen::api
