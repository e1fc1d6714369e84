#include "index/words.h"

#include <xapian.h>

#include <algorithm>
#include <exception>
#include <filesystem>
#include <new>
#include <system_error>
#include <type_traits>
#include <utility>

#include "base/checksum.h"
#include "index/files.h"

namespace duramen::index {

struct Words::Database {
  Xapian::Database xapian;
};

namespace {

// docs/format/index.md, "Words".
constexpr char kWordPrefix = 'W';
constexpr char kHeadPrefix = 'H';
constexpr char kLabelPrefix = 'L';
/// Xapian's terms end at 245 bytes, and a zero counts twice.
constexpr std::size_t kMaxLabelTerm = 200;
constexpr int kOneFile = Xapian::DBCOMPACT_SINGLE_FILE | Xapian::Compactor::FULL;
/// Xapian's smallest: many of these files are small.
constexpr int kPageBytes = 2048;

/// The only place that catches what Xapian throws.
template <class F>
auto guarded(ErrorCode code, F&& call) -> Result<std::invoke_result_t<F>> {
  try {
    return call();
  } catch (const Xapian::Error& error) {
    return Error{code, "words: " + error.get_description()};
  } catch (const std::bad_alloc&) {
    return Error{ErrorCode::kUnavailable, "words: no memory"};
  } catch (const std::exception& error) {
    return Error{code, std::string("words: ") + error.what()};
  }
}

std::string term_of(char prefix, std::string_view text) {
  std::string term(1, prefix);
  term.append(text);
  return term;
}

char prefix_of(model::KeyKind kind) {
  return kind == model::KeyKind::kHead ? kHeadPrefix : kWordPrefix;
}

bool is_label_term(std::string_view pair) {
  return pair.size() + static_cast<std::size_t>(std::count(pair.begin(), pair.end(), '\0')) <=
         kMaxLabelTerm;
}

void add_block(Xapian::WritableDatabase& database, const BlockKeys& keys) {
  Xapian::Document document;
  for (const std::string& word : keys.words) {
    document.add_boolean_term(term_of(kWordPrefix, word));
  }
  for (const std::string& head : keys.heads) {
    document.add_boolean_term(term_of(kHeadPrefix, head));
  }
  for (const std::string& pair : keys.labels) {
    if (is_label_term(pair)) {
      document.add_boolean_term(term_of(kLabelPrefix, pair));
    } else {
      database.set_metadata(term_of(kLabelPrefix, hash128(pair).to_hex()), pair);
    }
  }
  database.add_document(document);
}

/// Compacts into memory: how and when it comes to the disk is not Xapian's business.
Result<std::string> compacted(Xapian::Database database) {
  DURAMEN_TRY(const auto file, File::in_memory());
  DURAMEN_TRY(auto for_xapian, file.duplicate());  // which closes it
  DURAMEN_TRY_VOID(guarded(ErrorCode::kUnavailable, [&] {
    database.compact(for_xapian.release(), kOneFile, kPageBytes);
    return true;
  }));
  DURAMEN_TRY(const auto size, file.size());
  return file.read(0, static_cast<std::size_t>(size));
}

Result<Xapian::Database> open_copy(std::string_view bytes, ErrorCode code) {
  DURAMEN_TRY(const auto file, File::in_memory());
  DURAMEN_TRY_VOID(file.append(bytes));
  DURAMEN_TRY(auto for_xapian, file.duplicate());  // which closes it
  return guarded(code, [&] { return Xapian::Database(for_xapian.release()); });
}

Result<std::string> build_in(const std::string& scratch,
                             const std::vector<const BlockKeys*>& blocks) {
  constexpr int kThrowAway = Xapian::DB_CREATE_OR_OVERWRITE | Xapian::DB_BACKEND_GLASS |
                             Xapian::DB_NO_TERMLIST | Xapian::DB_NO_SYNC | Xapian::DB_DANGEROUS;
  DURAMEN_TRY(auto database, guarded(ErrorCode::kUnavailable, [&] {
                Xapian::WritableDatabase filled(scratch, kThrowAway, kPageBytes);
                for (const BlockKeys* keys : blocks) add_block(filled, *keys);
                filled.commit();
                return filled;
              }));
  return compacted(database);
}

void set_blocks(const Xapian::Database& database, const std::string& term, BlockSet& found) {
  for (auto at = database.postlist_begin(term); at != database.postlist_end(term); ++at) {
    if (*at >= 1 && *at <= found.size()) found.set(*at - 1);
  }
}

/// False when it had to stop at the limit.
bool label_terms(const Xapian::Database& database, std::string_view prefix, std::size_t limit,
                 std::set<std::string>& pairs, LookupCost& cost) {
  const std::string begin = term_of(kLabelPrefix, prefix);
  for (auto at = database.allterms_begin(begin); at != database.allterms_end(begin); ++at) {
    if (pairs.size() > limit) return false;
    ++cost.terms;
    pairs.insert((*at).substr(1));
  }
  return true;
}

bool long_labels(const Xapian::Database& database, std::string_view prefix, std::size_t limit,
                 std::set<std::string>& pairs, LookupCost& cost) {
  const std::string begin(1, kLabelPrefix);
  for (auto at = database.metadata_keys_begin(begin); at != database.metadata_keys_end(begin);
       ++at) {
    if (pairs.size() > limit) return false;
    ++cost.terms;
    std::string pair = database.get_metadata(*at);
    if (pair.starts_with(prefix)) pairs.insert(std::move(pair));
  }
  return true;
}

}  // namespace

Result<std::string> build_words(const std::string& scratch,
                                const std::vector<const BlockKeys*>& blocks) {
  auto words = build_in(scratch, blocks);
  std::error_code ignored;  // a leftover is removed when the index is opened
  std::filesystem::remove_all(scratch, ignored);
  return words;
}

Result<std::string> merge_words(const std::vector<std::string>& parts) {
  Xapian::Database all;
  for (const std::string& bytes : parts) {
    DURAMEN_TRY(const auto part, open_copy(bytes, ErrorCode::kUnavailable));
    all.add_database(part);
  }
  return compacted(all);
}

Words::Words(std::unique_ptr<Database> database, std::size_t bytes, std::size_t blocks)
    : bytes_(bytes), blocks_(blocks), database_(std::move(database)) {}

Words::~Words() = default;

Result<std::shared_ptr<Words>> Words::open(std::string_view bytes, std::size_t blocks) {
  DURAMEN_TRY(auto xapian, open_copy(bytes, ErrorCode::kDataLoss));
  DURAMEN_TRY(const auto documents,
              guarded(ErrorCode::kDataLoss, [&] { return xapian.get_lastdocid(); }));
  if (documents != blocks) return Error{ErrorCode::kDataLoss, "words: not of these blocks"};
  auto database = std::make_unique<Database>(Database{std::move(xapian)});
  return std::shared_ptr<Words>(new Words(std::move(database), bytes.size(), blocks));
}

Result<BlockSet> Words::find(model::KeyKind kind, std::string_view text, LookupCost& cost) {
  const MutexLock lock(mutex_);
  ++cost.terms;
  const Xapian::Database& database = database_->xapian;
  return guarded(ErrorCode::kDataLoss, [&] {
    BlockSet found = BlockSet::none(blocks_);
    set_blocks(database, term_of(prefix_of(kind), text), found);
    return found;
  });
}

Result<BlockSet> Words::find_prefix(model::KeyKind kind, std::string_view prefix,
                                    LookupCost& cost) {
  const MutexLock lock(mutex_);
  const Xapian::Database& database = database_->xapian;
  return guarded(ErrorCode::kDataLoss, [&] {
    const std::string begin = term_of(prefix_of(kind), prefix);
    BlockSet found = BlockSet::none(blocks_);
    std::size_t terms = 0;
    for (auto at = database.allterms_begin(begin); at != database.allterms_end(begin); ++at) {
      if (terms++ == SegmentView::kMaxPrefixTerms) return BlockSet::all(blocks_);
      ++cost.terms;
      set_blocks(database, *at, found);
      if (found.is_all()) break;
    }
    return found;
  });
}

Result<void> Words::labels(std::string_view prefix, std::size_t limit, std::set<std::string>& pairs,
                           LookupCost& cost) {
  const MutexLock lock(mutex_);
  const Xapian::Database& database = database_->xapian;
  DURAMEN_TRY_VOID(guarded(ErrorCode::kDataLoss, [&] {
    return label_terms(database, prefix, limit, pairs, cost) &&
           long_labels(database, prefix, limit, pairs, cost);
  }));
  return {};
}

}  // namespace duramen::index
