#!/bin/sh
# Installs what brood is measured beside and is not there yet. Only make bench-peers asks for it; a
# peer that cannot be had is named on the page as missing.
set -u
missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need xjobs xjobs
command -v fd >/dev/null 2>&1 || need fdfind fd-find
need ruby ruby
ruby -e 'require "parallel"' 2>/dev/null || missing="$missing ruby-parallel"
need awk mawk
need hey hey
need ab apache2-utils
# The servers of queues are those of the tests (testdata/install.sh); these speak to them.
need psql postgresql-client
need mariadb mariadb-client
php -r 'exit(extension_loaded("pdo_mysql") ? 0 : 1);' 2>/dev/null || missing="$missing php-mysql"
[ -z "$missing" ] && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "please install:$missing" >&2
	exit 0
fi
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
echo "installing:$missing"
$sudo apt-get update -q >/dev/null
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends $missing >/dev/null ||
	echo "could not install:$missing" >&2
