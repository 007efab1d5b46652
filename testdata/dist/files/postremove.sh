#!/bin/sh
set -e
if [ -d /run/systemd/system ]; then systemctl daemon-reload || true; fi
# It is called for the old package as well when there is a newer one: then there is an argument of another kind, by dpkg a word and by rpm the
# number of those that stay.
case ${1:-} in
remove | purge | 0)
	# What runs have done stays in /var/lib/brood; what is written by hand in /etc/brood as well.
	rmdir /etc/brood 2>/dev/null || true
	;;
esac
