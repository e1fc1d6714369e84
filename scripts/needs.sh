# shellcheck shell=bash
# What `./test --require` knows, which is what needs.txt lists. Sourced by ./test.

known_needs() {
  sed -e '/^#/d' -e 's/[[:space:]].*//' -e '/^$/d' "$(dirname -- "${BASH_SOURCE[0]}")/needs.txt"
}

# check_needs NAME,...: false, with a message that lists the known names, when one is unknown.
check_needs() {
  local name names known
  mapfile -t known < <(known_needs)
  IFS=, read -r -a names <<<"$1"
  for name in "${names[@]}"; do
    if ! printf '%s\n' "${known[@]}" | grep -Fx -e "$name" >/dev/null; then
      echo "$0: no test needs '$name'; --require knows: ${known[*]}" >&2
      return 1
    fi
  done
}
