#!/usr/bin/env bash
# lint.sh JOBS: checks that need no tests to run; files outcomes for ./test in $DURAMEN_OUTCOMES.
# Needs build/clang to be configured (compile database).
set -uo pipefail
root=$(cd -- "$(dirname -- "${BASH_SOURCE[0]}")/.." && pwd -P)
cd -- "$root" || exit 1
jobs=$1
export PYTHONDONTWRITEBYTECODE=1

# check NAME COMMAND...
check() {
  local name=$1 started=$SECONDS
  shift
  if "$@"; then
    printf 'passed\tlint: %s\t\n' "$name" >>"$DURAMEN_OUTCOMES"
    echo "lint: $name: ok ($((SECONDS - started)) s)"
  else
    printf 'failed\tlint: %s\tits messages are above\n' "$name" >>"$DURAMEN_OUTCOMES"
    echo "lint: $name: FAILED"
  fi
}

own_sources() {
  find . -path ./build -prune -o -path ./.git -prune -o \
    \( -name '*.cc' -o -name '*.h' \) -type f -print0
}
format() { own_sources | xargs -0 --no-run-if-empty clang-format-14 --dry-run --Werror; }
shell_scripts() {
  shellcheck --external-sources --source-path="$root" run test .ci/run scripts/*.sh
}

check "clang-format" format
check "shellcheck" shell_scripts
for script in tests/house/*_test.py; do
  check "$(basename "$script" .py)" python3 "$script"
done
check "clang-tidy" python3 scripts/tidy.py --build build/clang --jobs "$jobs"
