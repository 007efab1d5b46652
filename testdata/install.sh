#!/bin/sh
# Installs what the tests need and is not there yet. Where that cannot be done
# the tests say what they miss: they skip on a person's machine, and fail in CI.
set -u
trap wait EXIT # what is installed beside the packages
missing=
need() { command -v "$1" >/dev/null 2>&1 || missing="$missing $2"; }
need python3 python3
need node nodejs
need php php-cli
need parallel parallel
need sqlite3 sqlite3
need tmux tmux
need curl curl
need chromium chromium
need strace strace
need zsh zsh
need fish fish
need man man-db
need groff groff
need cc gcc
[ -e /usr/include/stdio.h ] || missing="$missing libc6-dev"
need mkfs.ext4 e2fsprogs
need unshare util-linux
need hledger hledger
need ledger ledger
need pdftotext poppler-utils
need prlimit util-linux
need script bsdutils
need pkill procps
need rpm rpm
need openssl openssl
need xmllint libxml2-utils
need opendkim-testmsg opendkim-tools
need spamassassin spamassassin
need systemd-analyze systemd
need supervisord supervisor
# Of the packages that Debian's Python has, whatever other one there is.
/usr/bin/python3 -c 'import dkim' 2>/dev/null || missing="$missing python3-dkim"
/usr/bin/python3 -c 'import aiosmtpd' 2>/dev/null || missing="$missing python3-aiosmtpd"
/usr/bin/python3 -c 'import openpyxl' 2>/dev/null || missing="$missing python3-openpyxl"

/usr/bin/python3 -c 'import geopy' 2>/dev/null || missing="$missing python3-geopy"

# Servers of work queues; the tests start their own, at their own ports.
PATH="$PATH:/usr/sbin"
need beanstalkd beanstalkd
need gearmand gearman-job-server
need mariadbd mariadb-server
need redis-server redis-server
need supervisord supervisor
ls /usr/lib/postgresql/*/bin/initdb >/dev/null 2>&1 || missing="$missing postgresql"

# Mail servers are only unpacked, as to install one may put another out of work.
mail=bin/tools/mail
unpacked() { [ -x $mail/postfix/usr/sbin/smtp-sink ] && [ -x $mail/opensmtpd/usr/sbin/smtpd ] && [ -x $mail/sasl2-bin/usr/sbin/saslpasswd2 ]; }
unpack() {
	mkdir -p $mail
	for name in postfix opensmtpd sasl2-bin; do
		[ -d $mail/$name ] && continue
		(cd $mail && apt-get download -q $name && dpkg-deb -x ${name}_*.deb $name.part && mv $name.part $name) || return
		# The libraries it needs are taken from the system.
		missing="$missing $(dpkg-deb -f $mail/${name}_*.deb Depends | tr ',' '\n' | sed -n 's/^ *\(lib[^ |:]*\).*/\1/p' | grep -v '^libc6$' | tr '\n' ' ')"
	done
}

# So is the server of ssh, as to install it opens the machine to others.
ssh=bin/tools/ssh
shelled() { command -v sshd >/dev/null 2>&1 || [ -x $ssh/openssh-server/usr/sbin/sshd ]; }
need ssh openssh-client
if ! shelled && command -v apt-get >/dev/null 2>&1; then
	echo "installing: openssh-server, beneath $ssh"
	mkdir -p $ssh
	(cd $ssh && apt-get download -q openssh-server >/dev/null 2>&1 && dpkg-deb -x openssh-server_*.deb part && rm -rf openssh-server && mv part openssh-server)
	for lib in $(dpkg-deb -f $ssh/openssh-server_*.deb Depends 2>/dev/null | tr ',' '\n' | sed -n 's/^ *\(lib[^ |:]*\).*/\1/p'); do
		case $lib in libc6 | libpam-*) ;; *) dpkg -s "$lib" >/dev/null 2>&1 || missing="$missing $lib" ;; esac
	done
fi

# How Postfix finds out who somebody is.
ls /usr/lib/*/sasl2/libcrammd5.so /usr/lib/*/sasl2/libsasldb.so >/dev/null 2>&1 || missing="$missing libsasl2-modules libsasl2-modules-db"

# A proxy that breaks connections.
if [ ! -x bin/tools/toxiproxy/server ]; then
	echo "installing: toxiproxy"
	{ GOFLAGS= GOBIN=$PWD/bin/tools/toxiproxy ${GO:-go} install github.com/Shopify/toxiproxy/v2/cmd/server@v2.5.0 >/dev/null 2>&1 ||
		echo "could not install: toxiproxy" >&2; } &
fi

# Servers in Stripe's shape: Stripe's own, which knows every parameter, and one that remembers.
if [ ! -x bin/tools/stripe-mock/stripe-mock ]; then
	echo "installing: stripe-mock"
	GOBIN=$PWD/bin/tools/stripe-mock ${GO:-go} install github.com/stripe/stripe-mock@v0.203.0 >/dev/null 2>&1 ||
		echo "could not install: stripe-mock" >&2
fi
stateful=bin/tools/stripe-stateful-mock
if [ ! -e $stateful/node_modules/stripe-stateful-mock/dist/cli.js ] && command -v npm >/dev/null 2>&1; then
	echo "installing: stripe-stateful-mock"
	mkdir -p $stateful
	npm install --prefix $stateful --no-audit --no-fund --ignore-scripts --silent stripe-stateful-mock@0.0.16 >/dev/null 2>&1 ||
		echo "could not install: stripe-stateful-mock" >&2
fi

# What others geocode tables with.
csvgeocode=bin/tools/csvgeocode
if [ ! -e $csvgeocode/node_modules/.bin/csvgeocode ] && command -v npm >/dev/null 2>&1; then
	echo "installing: csvgeocode"
	mkdir -p $csvgeocode
	{ npm install --prefix $csvgeocode --no-audit --no-fund --ignore-scripts --silent csvgeocode@2.3.1 >/dev/null 2>&1 ||
		echo "could not install: csvgeocode" >&2; } &
fi

# Who reads and judges bank files: ISO's schemas, as Debian's packages of other programs have them (they are ISO's, and are not given
# on with brood), and a reader of ACH files.
bank=bin/tools/bank
schemas() { [ -e $bank/pain.008.001.08.xsd ] && [ -e $bank/camt.054.001.04.xsd ]; }
if ! schemas && command -v apt-get >/dev/null 2>&1; then
	echo "installing: schemas of ISO 20022"
	mkdir -p $bank
	(cd $bank && apt-get download -q libhbci4j-core-java tryton-modules-account-payment-sepa >/dev/null 2>&1 && for d in *.deb; do dpkg-deb -x "$d" part || exit; done &&
		python3 -m zipfile -e part/usr/share/java/hbci4j-core.jar part/jar && find part -name '*.xsd' -exec mv {} . \; && rm -rf part ./*.deb)
fi
if [ ! -e $bank/node_modules/@midlandsbank/node-nacha ] && command -v npm >/dev/null 2>&1; then
	echo "installing: node-nacha"
	mkdir -p $bank
	npm install --prefix $bank --no-audit --no-fund --ignore-scripts --silent @midlandsbank/node-nacha@0.4.0 >/dev/null 2>&1 ||
		echo "could not install: node-nacha" >&2
fi

[ -z "$missing" ] && unpacked && schemas && shelled && exit 0
if ! command -v apt-get >/dev/null 2>&1; then
	echo "please install:$missing; smtp-sink and smtpd go below $mail" >&2
	exit 0
fi
sudo=
[ "$(id -u)" = 0 ] || sudo="sudo -n"
$sudo apt-get update -q >/dev/null
schemas || echo "could not unpack the schemas of ISO 20022 below $bank" >&2
shelled || (cd $ssh && apt-get download -q openssh-server >/dev/null && dpkg-deb -x openssh-server_*.deb openssh-server) || echo "could not unpack openssh-server beneath $ssh" >&2
unpacked || unpack >/dev/null || echo "could not unpack postfix, opensmtpd and sasl2-bin below $mail" >&2
echo "installing:$missing"
# shellcheck disable=SC2086
DEBIAN_FRONTEND=noninteractive $sudo apt-get install -q -y --no-install-recommends $missing >/dev/null || {
	echo "could not install:$missing" >&2
	exit 0
}
