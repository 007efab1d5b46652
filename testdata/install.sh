#!/bin/sh
# Installs what the tests need and is not there yet. Where that cannot be done
# the tests say what they miss: they skip on a person's machine, and fail in CI.
set -u
missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need python3 python3
need node nodejs
need php php-cli
need parallel parallel
need sqlite3 sqlite3
need tmux tmux
need strace strace
need mkfs.ext4 e2fsprogs
need unshare util-linux
need prlimit util-linux
[ -z "$missing" ] && exit 0
echo "installing:$missing"
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
if ! command -v apt-get >/dev/null 2>&1; then
	echo "please install:$missing" >&2
	exit 0
fi
# shellcheck disable=SC2086
{ $sudo apt-get update -q && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y $missing; } >/dev/null || {
	echo "could not install:$missing" >&2
	exit 0
}
