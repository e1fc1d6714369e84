# shellcheck shell=bash
# Installs the Debian packages that a list names. Sourced by ./run and ./test.

# missing_packages LIST...: prints the packages of the lists that are not installed.
missing_packages() {
  local wanted
  mapfile -t wanted < <(sed -e 's/#.*//' -e '/^[[:space:]]*$/d' "$@" | sort -u)
  comm -23 <(printf '%s\n' "${wanted[@]}") \
    <(dpkg-query -W -f='${db:Status-Status} ${Package}\n' "${wanted[@]}" 2>/dev/null |
      sed -n 's/^installed //p' | sort -u)
}

# install_packages LIST...: installs what is missing; touches neither network nor apt otherwise.
install_packages() {
  local missing as_root=()
  if ! command -v dpkg-query >/dev/null; then
    echo "$0: this is no Debian: install yourself what $* name" >&2
    return 0
  fi
  mapfile -t missing < <(missing_packages "$@")
  if [[ ${#missing[@]} -eq 0 ]]; then return 0; fi
  if [[ $EUID -ne 0 ]]; then
    if ! command -v sudo >/dev/null; then
      echo "$0: these packages are missing, and there is no sudo here. As root:" >&2
      echo "  apt-get install --no-install-recommends ${missing[*]}" >&2
      return 1
    fi
    as_root=(sudo)
  fi
  echo "installing Debian packages: ${missing[*]}"
  # An apt that is away or out of date may still have everything in its cache.
  "${as_root[@]}" apt-get update -qq || true
  "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
    --no-install-recommends "${missing[@]}"
}
