#!/bin/sh
# Installs what building and running Holdfast needs and this machine lacks, and says so. Silent when nothing is missing.
# `setup.sh ha` also installs what the highly available form is made of: etcd, Patroni, HAProxy, Redis Sentinel, pgBackRest.
# `setup.sh browser` also installs what pages are tested with: Chromium, its driver, and axe-core below `target`.
# `setup.sh drill` installs that, and what lets the clock of one process jump.
# `setup.sh k8s` also installs what the manifests below k8s/ are tested with: promtool and kubectl.
set -eu

# Debian keeps servers where an ordinary user's shell does not look.
PATH=$PATH:/usr/sbin:/sbin
has() { command -v "$1" >/dev/null 2>&1; }

postgres_at_least_15() {
  for bin in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql@*/bin /usr/local/opt/postgresql@*/bin; do
    [ -x "$bin/postgres" ] || continue
    case $("$bin/postgres" --version) in *" 1"[5-9]* | *" "[2-9][0-9]*) return 0 ;; esac
  done
  return 1
}

# Debian 12's kubectl is older than what the manifests are written in.
kubectl_to_install() {
  candidate=$(apt-cache policy kubernetes-client 2>/dev/null | sed -n 's/^ *Candidate: //p')
  [ -n "$candidate" ] && dpkg --compare-versions "$candidate" ge 1.27
}

# axe-core, as axe.txt pins it, into `target/axe`: anew whenever another one is pinned.
fetch_axe() {
  here=$(dirname "$0")
  axe=$here/../target/axe
  cmp -s "$here/axe.txt" "$axe/axe.txt" && return
  echo "Fetching axe-core by pip, into target/axe."
  rm -rf "$axe"
  mkdir -p "$axe"
  python3 -m pip download --quiet --disable-pip-version-check --no-deps --only-binary :all: --require-hashes \
    --requirement "$here/axe.txt" --dest "$axe"
  python3 -m zipfile --extract "$axe"/*.whl "$axe"
  mv "$axe"/*/axe.min.js "$axe"
  cp "$here/axe.txt" "$axe"
}
# What is left to do once nothing is missing.
finish() {
  if [ "$1" = browser ]; then fetch_axe; fi
}

if ! has cargo; then
  echo "Rust is missing: https://rustup.rs installs it" >&2
  exit 1
fi

missing=
postgres_at_least_15 || missing="$missing postgresql"
has redis-server || missing="$missing redis-server"
has cc || missing="$missing gcc libc6-dev"
has curl || missing="$missing curl"
if [ "${1:-}" = ha ] || [ "${1:-}" = drill ]; then
  has etcd || missing="$missing etcd-server"
  # Debian's Patroni brings what it needs to speak to etcd and to Postgres (python3-etcd, python3-psycopg2).
  has patroni || missing="$missing patroni"
  has haproxy || missing="$missing haproxy"
  has redis-sentinel || missing="$missing redis-sentinel"
  has pgbackrest || missing="$missing pgbackrest"
fi
if [ "${1:-}" = browser ]; then
  has chromium || missing="$missing chromium"
  has chromedriver || missing="$missing chromium-driver"
  python3 -m pip --version >/dev/null 2>&1 || missing="$missing python3-pip"
  # Without a font for it, Chinese is a row of boxes in every picture.
  [ -n "$(fc-list :lang=zh 2>/dev/null)" ] || missing="$missing fontconfig fonts-wqy-microhei"
fi
if [ "${1:-}" = drill ]; then
  has faketime || missing="$missing faketime"
fi
if [ "${1:-}" = k8s ]; then
  has promtool || missing="$missing prometheus"
  if ! has kubectl; then
    if kubectl_to_install; then
      missing="$missing kubernetes-client"
    else
      echo "kubectl is missing, 1.27 or newer: https://kubernetes.io/docs/tasks/tools" >&2
      exit 1
    fi
  fi
fi
if [ -z "$missing" ]; then
  finish "${1:-}"
  exit
fi

if [ "$(uname)" = Darwin ]; then
  echo "Missing:$missing. Please run: brew install postgresql@17 redis && xcode-select --install" >&2
  exit 1
fi
if ! has apt-get; then
  echo "Missing:$missing. Please install them (Postgres 15 or newer); this script knows Debian and Ubuntu only." >&2
  exit 1
fi
root=
if [ "$(id -u)" != 0 ]; then
  has sudo || { echo "Missing:$missing. Please have them installed: apt-get install$missing" >&2; exit 1; }
  root=sudo
fi

echo "Installing$missing by apt-get; Holdfast starts its own servers and leaves the system's alone."
# The packages would start servers of the system's, which nobody here needs: not now, says this file while it exists.
policy=/usr/sbin/policy-rc.d
if [ ! -e $policy ]; then
  trap '$root rm -f $policy' EXIT
  printf '#!/bin/sh\nexit 101\n' | $root tee $policy >/dev/null
  $root chmod +x $policy
fi
$root apt-get update -q
# shellcheck disable=SC2086 # A list of packages.
$root env DEBIAN_FRONTEND=noninteractive apt-get install -q -y --no-install-recommends $missing
postgres_at_least_15 || { echo "This system's Postgres is older than 15: see https://apt.postgresql.org" >&2; exit 1; }
finish "${1:-}"
