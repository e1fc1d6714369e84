#include "api/routes/index_size.h"

namespace duramen::api {

IndexSize index_size(const index::IndexStatus& status) {
  IndexSize out;
  for (const index::SegmentIndexStatus& segment : status.segments) {
    out.blocks += segment.blocks;
    out.memory_blocks += segment.delta_blocks;
    out.parts += segment.parts;
    out.words_bytes += segment.word_bytes;
    out.filter_bytes += segment.filter_bytes;
  }
  return out;
}

IndexSize index_size(const Services& services) {
  return services.indexer == nullptr ? IndexSize() : index_size(services.indexer->index_status());
}

}  // namespace duramen::api
