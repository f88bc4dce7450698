#!/bin/sh
# See that the machine has what Python packages cannot bring: as root on Debian or Ubuntu install
# it, otherwise print the one line to type and go on with what is there.
# Usage: system-packages.sh demo|test
set -u
PATH=$PATH:${SBIN-/usr/sbin:/sbin}

missing=
want() { # want PACKAGE COMMAND...: the package is missing if none of the commands is there
    package=$1
    shift
    for command in "$@"; do
        command -v "$command" >/dev/null 2>&1 && return
    done
    missing="$missing $package"
}

python=$("$(dirname "$0")/find-python.sh" 2>/dev/null) || python=
if [ -z "$python" ]; then
    missing="$missing python3 python3-venv python3-dev"
else
    "$python" -c 'import ensurepip, venv' 2>/dev/null || missing="$missing python3-venv"
    "$python" -c 'import os, sys, sysconfig
sys.exit(not os.path.exists(os.path.join(sysconfig.get_path("include"), "Python.h")))' \
        2>/dev/null || missing="$missing python3-dev"
fi
want gcc gcc cc
want libc6-dev gcc cc # comes with gcc only as a recommendation
want snmpd snmpd
want snmp snmpget
want netconfd netconfd
[ -d /usr/share/yuma ] || missing="$missing libyuma-base"
want openssh-server sshd
[ "$1" = demo ] || want frr vtysh
[ "$1" = demo ] || want hostapd hostapd
[ "$1" = demo ] || want chromium chromium chromium-browser google-chrome
[ "$1" = demo ] || want postgresql initdb pg_ctlcluster

[ -n "$missing" ] || exit 0

line="apt-get install --no-install-recommends -y$missing"
if [ "$(id -u)" != 0 ] || ! command -v apt-get >/dev/null 2>&1; then
    echo "Missing on this machine:$missing. As root on Debian or Ubuntu: $line" >&2
    echo "Going on with what is there." >&2
    exit 0
fi

# once per environment: a package the archive does not have must not cost a try each time
tried=.venv/.tried-system-$1
[ "$(cat "$tried" 2>/dev/null)" = "$missing" ] && exit 0

# packages of daemons start them: keep them from it, the project starts its own on loopback
policy=${POLICY_RC_D:-/usr/sbin/policy-rc.d}
if [ ! -e "$policy" ]; then
    trap 'rm -f "$policy"' EXIT
    printf '#!/bin/sh\nexit 101\n' >"$policy"
    chmod 755 "$policy"
fi
export DEBIAN_FRONTEND=noninteractive
echo "Installing system packages:$missing" >&2
apt-get update -q >&2
# shellcheck disable=SC2086 # a list of packages
if ! $line >&2; then
    for package in $missing; do
        apt-get install --no-install-recommends -y "$package" >&2 ||
            echo "Could not install $package; going on without it." >&2
    done
fi
mkdir -p .venv
echo "$missing" >"$tried"
