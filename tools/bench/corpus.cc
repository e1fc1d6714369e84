#include "tools/bench/corpus.h"

#include <algorithm>
#include <charconv>

#include "base/json_text.h"
#include "base/time_text.h"
#include "tools/bench/texts.h"

namespace duramen::bench {
namespace {

constexpr std::size_t kContainers = 3;     ///< of each service
constexpr std::size_t kLiveRequests = 64;  ///< with ids without end: those that records choose from
constexpr std::uint64_t kRecordsPerRequest = 6;
constexpr std::string_view kHex = "0123456789abcdef";

void append_hex(std::string& out, std::uint64_t value, unsigned digits) {
  char text[16];
  for (unsigned i = digits; i-- > 0; value >>= 4) text[i] = kHex[value & 15];
  out.append(text, digits);
}

void append_number(std::string& out, std::uint64_t value) {
  char text[20];
  const auto end = std::to_chars(text, text + sizeof text, value).ptr;
  out.append(text, static_cast<std::size_t>(end - text));
}

void append_padded(std::string& out, std::uint64_t value, unsigned digits) {
  char text[20];
  for (unsigned i = digits; i-- > 0; value /= 10) text[i] = static_cast<char>('0' + value % 10);
  out.append(text, digits);
}

std::size_t unescaped_size(std::string_view json) {
  std::size_t size = 0;
  for (std::size_t i = 0; i < json.size(); ++i, ++size) i += json[i] == '\\' ? 1 : 0;
  return size;
}

Corpus::Template compile(const TextTemplate& from) {
  Corpus::Template out;
  out.weight = from.weight;
  out.error = from.error;
  out.trace = from.trace;
  Corpus::Piece piece;
  const auto finish = [&](char variable) {
    std::string json;
    append_json_string(json, piece.text);
    piece.message_bytes = piece.text.size();
    piece.text = json.substr(1, json.size() - 2);
    piece.variable = variable;
    out.pieces.push_back(std::move(piece));
    piece = {};
  };
  for (std::size_t i = 0; i < from.text.size(); ++i) {
    if (from.text[i] == '%') {
      finish(from.text[++i]);
    } else {
      piece.text += from.text[i];
    }
  }
  finish('\0');
  return out;
}

}  // namespace

Random::Random(std::uint64_t seed) : state_{} {
  for (std::uint64_t& word : state_) {  // splitmix64
    seed += 0x9E3779B97F4A7C15;
    std::uint64_t z = seed;
    z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
    z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
    word = z ^ (z >> 31);
  }
}

std::uint64_t Random::next() {
  const auto rotate = [](std::uint64_t x, unsigned k) { return (x << k) | (x >> (64 - k)); };
  const std::uint64_t result = rotate(state_[1] * 5, 7) * 9;
  const std::uint64_t shifted = state_[1] << 17;
  state_[2] ^= state_[0];
  state_[3] ^= state_[1];
  state_[1] ^= state_[2];
  state_[0] ^= state_[3];
  state_[2] ^= shifted;
  state_[3] = rotate(state_[3], 45);
  return result;
}

Corpus::Corpus(const CorpusOptions& options)
    : random_(options.seed),
      ids_(options.ids),
      gap_ns_(1e9 / std::max(options.rate, 1e-3)),
      now_(options.start) {
  for (const TextTrace& trace : text_traces()) {
    auto& lines = traces_.emplace_back();
    for (const std::string_view line : trace) lines.push_back(compile({line, 1, true, -1}));
  }
  for (const TextService& from : text_services()) {
    Service service;
    for (const TextTemplate& text : from.templates) {
      service.choice.insert(service.choice.end(), text.weight,
                            static_cast<std::uint16_t>(service.templates.size()));
      service.templates.push_back(compile(text));
    }
    for (std::size_t i = 0; i < kContainers; ++i) {
      std::string id;
      for (int word = 0; word < 4; ++word) append_hex(id, random_.next(), 16);
      std::string pod = std::string(from.name) + "-";  // as Kubernetes names pod and container
      append_hex(pod, random_.next(), 10);
      pod += '-';
      append_hex(pod, random_.next(), 5);
      for (const bool error : {false, true}) {
        service.heads[error].push_back("\",\"container_name\":\"/k8s_" + std::string(from.name) +
                                       "_" + pod + "_shop_0\",\"container_id\":\"" + id +
                                       "\",\"source\":\"" + (error ? "stderr" : "stdout") +
                                       "\",\"tag\":\"shop." + std::string(from.tag) +
                                       "\",\"log\":\"");
      }
    }
    service_choice_.insert(service_choice_.end(), from.weight,
                           static_cast<std::uint8_t>(services_.size()));
    services_.push_back(std::move(service));
  }
  for (int i = 0; i < 800; ++i) {
    std::string address = "10";
    for (int part = 0; part < 3; ++part) address += "." + std::to_string(random_.below(254) + 1);
    addresses_.push_back(std::move(address));
  }
  const std::uint64_t pool = ids_ == 0 ? kLiveRequests : ids_;
  requests_.reserve(pool);
  for (std::uint64_t i = 0; i < pool; ++i) requests_.push_back(make_request());
  current_ = requests_[0];
}

Corpus::Request Corpus::make_request() {
  Request request;
  const std::uint64_t high = random_.next();
  const std::uint64_t low = random_.next();
  append_hex(request.uuid, high >> 32, 8);
  request.uuid += '-';
  append_hex(request.uuid, high >> 16, 4);
  request.uuid += "-4";
  append_hex(request.uuid, high, 3);
  request.uuid += "-a";
  append_hex(request.uuid, low >> 48, 3);
  request.uuid += '-';
  append_hex(request.uuid, low, 12);
  append_hex(request.trace, random_.next(), 16);
  request.address = addresses_[random_.below(addresses_.size())];
  request.user = static_cast<std::uint32_t>(10'000 + random_.below(90'000));
  request.order = static_cast<std::uint32_t>(700'000 + random_.below(200'000));
  request.path = static_cast<std::uint32_t>(random_.below(text_paths().size()));
  return request;
}

void Corpus::pick_request() {
  Request& picked = requests_[random_.below(requests_.size())];
  if (ids_ == 0 && random_.below(kRecordsPerRequest) == 0) picked = make_request();
  current_ = picked;
}

/// Gaps of a few sizes around the mean: records come in bursts.
void Corpus::step_time() {
  const std::uint64_t kind = random_.below(8);
  const double mean = kind < 4 ? gap_ns_ * 0.2 : kind < 7 ? gap_ns_ * 1.2 : gap_ns_ * 3.6;
  now_ += 1 + static_cast<TimeNs>(random_.unit() * mean * 2);
}

void Corpus::append_record(std::string& out) {
  std::size_t service = trace_service_;
  std::size_t container = trace_container_;
  const Template* chosen = nullptr;
  if (trace_ >= 0) {
    chosen = &traces_[static_cast<std::size_t>(trace_)][trace_line_];
    now_ += 1'000 + static_cast<TimeNs>(random_.below(20'000));
    if (++trace_line_ == traces_[static_cast<std::size_t>(trace_)].size()) trace_ = -1;
  } else {
    step_time();
    pick_request();
    service = service_choice_[random_.below(service_choice_.size())];
    container = random_.below(kContainers);
    const Service& from = services_[service];
    chosen = &from.templates[from.choice[random_.below(from.choice.size())]];
    if (chosen->trace >= 0) {
      trace_ = chosen->trace;
      trace_line_ = 0;
      trace_service_ = service;
      trace_container_ = container;
    }
  }
  out += "{\"time\":\"";
  append_rfc3339(out, now_);
  out += services_[service].heads[chosen->error ? 1 : 0][container];
  append_message(*chosen, out);
  out += "\"}\n";
  ++records_;
}

void Corpus::append_message(const Template& chosen, std::string& out) {
  for (const Piece& piece : chosen.pieces) {
    out += piece.text;
    message_bytes_ += piece.message_bytes;
    if (piece.variable == '\0') continue;
    const std::size_t before = out.size();
    append_variable(piece.variable, out);
    message_bytes_ += unescaped_size(std::string_view(out).substr(before));
  }
}

void Corpus::append_clock(std::string& out, char separator, bool zone) const {
  append_rfc3339(out, now_);
  out.resize(out.size() - 7);  // milliseconds
  out[out.size() - 13] = separator;
  if (zone) out += 'Z';
}

void Corpus::append_variable(char variable, std::string& out) {
  switch (variable) {
    case 'u':
      out += current_.uuid;
      break;
    case 'h':
      out += current_.trace;
      break;
    case 'i':
      out += current_.address;
      break;
    case 'U':
      append_number(out, current_.user);
      break;
    case 'o':
      append_number(out, current_.order);
      break;
    case 'p':
      out += text_paths()[current_.path];
      break;
    case 'd':  // a duration: mostly short
      append_number(out, 1 + random_.below(1ULL << (3 + random_.below(8))));
      break;
    case 'n':
      append_number(out, random_.below(100));
      break;
    case 'N':
      append_number(out, 1000 + random_.below(60'000));
      break;
    case 'x':
      append_hex(out, random_.next(), 8);
      break;
    case 'f':
      out += "0.";
      append_padded(out, random_.below(1000), 3);
      break;
    case 's':
      out += text_statuses()[random_.below(text_statuses().size())];
      break;
    case 'w':
      out += text_words()[random_.below(text_words().size())];
      break;
    case 'a':
      out += text_agents()[random_.below(text_agents().size())];
      break;
    case 't':
      append_clock(out, 'T', true);
      break;
    case 'T':
      append_clock(out, ' ', false);
      break;
    default:
      out += variable;
  }
}

}  // namespace duramen::bench
