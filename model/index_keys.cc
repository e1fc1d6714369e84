#include "model/index_keys.h"

#include "base/bytes.h"

namespace duramen::model {

std::string pair_text(std::string_view name, std::string_view value) {
  std::string text;
  ByteWriter out(text);
  out.text(name);
  out.raw(value);
  return text;
}

}  // namespace duramen::model
