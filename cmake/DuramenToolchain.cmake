# Compiler, linker and sanitizer settings that hold for every target.

find_program(DURAMEN_CCACHE ccache)
if(DURAMEN_CCACHE)
  set(CMAKE_CXX_COMPILER_LAUNCHER ${DURAMEN_CCACHE})
endif()
find_program(DURAMEN_MOLD mold)
if(DURAMEN_MOLD)
  add_link_options(-fuse-ld=mold)
endif()

# Line tables are enough for a stack trace, and make compiling and linking much faster than -g.
set(CMAKE_CXX_FLAGS_RELWITHDEBINFO "-O2 -g1 -DNDEBUG")

# Linked privately by every own target; third-party headers never see these.
add_library(duramen_warnings INTERFACE)
target_compile_options(duramen_warnings INTERFACE
  -Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wnon-virtual-dtor -Woverloaded-virtual
  $<$<BOOL:${DURAMEN_WERROR}>:-Werror>
  $<$<CXX_COMPILER_ID:Clang>:-Wthread-safety>)

if(DURAMEN_SANITIZE)
  list(JOIN DURAMEN_SANITIZE "," duramen_sanitizers)
  add_compile_options(-fsanitize=${duramen_sanitizers} -fno-omit-frame-pointer
    -fno-sanitize-recover=all)
  add_link_options(-fsanitize=${duramen_sanitizers})
  # Asio's fences: ThreadSanitizer does not model them, and g++ says so. What they order is also
  # ordered by Asio's queue mutex.
  if(DURAMEN_SANITIZE STREQUAL "thread")
    add_compile_options($<$<CXX_COMPILER_ID:GNU>:-Wno-tsan>)
  endif()
endif()
