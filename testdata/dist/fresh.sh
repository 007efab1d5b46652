#!/bin/sh
# fresh.sh DEB RPM SAYS: install the packages in a root of its own, a copy of this machine's that is thrown away, one after the other, and do
# there what somebody does who has just got one. SAYS is how what brood --version prints begins. As root, in a mount namespace
# of its own: unshare -m sh fresh.sh …
set -eu
deb=$1 rpm=$2 says=$3
base=$(mktemp -d)
mount -t tmpfs tmpfs "$base"
mkdir "$base/up" "$base/work" "$base/root"
mount -t overlay overlay -o "lowerdir=/,upperdir=$base/up,workdir=$base/work" "$base/root"
mount -t proc proc "$base/root/proc"
mount --rbind /dev "$base/root/dev"
cp "$deb" "$base/root/the.deb"
cp "$rpm" "$base/root/the.rpm"
cat >"$base/root/inside.sh" <<'END'
set -eu
says=$1
# Whoever began this may have another brood in the path.
export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root
export LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive
unset BROOD_STATE XDG_STATE_HOME || true
say() { echo "== $*"; }
dpkg -i /the.deb >/dev/null
say files
dpkg -L brood >/files
for f in /usr/bin/brood /usr/share/man/man1/brood-email.1.gz /usr/share/man/man1/brood-run-email.1.gz /usr/lib/systemd/system/brood@.service /usr/share/doc/brood/copyright /usr/share/doc/brood/brood.cdx.json /usr/share/doc/brood/docs/reference.md; do
	[ -f "$f" ] || { echo "there is no $f"; exit 1; }
done
dpkg --verify brood
say version
case $(command -v brood) in /usr/bin/brood | /bin/brood) ;; *) echo "brood is $(command -v brood)"; exit 1 ;; esac
case $(brood --version) in "$says"*) ;; *) echo "it says: $(brood --version), and not: $says"; exit 1 ;; esac
say manual
for page in brood brood-run brood-email brood-run-email; do
	MANWIDTH=80 man --warnings=w "$page" >/page 2>/warned
	grep -q 'EXIT STATUS' /page || { echo "man $page: no page"; cat /warned; exit 1; }
	[ ! -s /warned ] || { cat /warned; exit 1; }
done
say completion
bash -c 'source /usr/share/bash-completion/completions/brood; complete -p brood' | grep -q _brood
zsh -fc 'fpath=(/usr/share/zsh/vendor-completions $fpath); autoload -Uz compinit; compinit -u -D; echo $_comps[brood]' | grep -qx _brood
fish --no-config -c 'complete -C "brood stat"' >/dev/null
say units
systemd-analyze verify brood@lengths.service brood@lengths.timer
[ "$(stat -c '%U %a' /var/lib/brood)" = 'brood 700' ]
say 'as a normal user'
useradd -m stranger
runuser -u stranger -- env -i HOME=/home/stranger PATH=/usr/bin:/bin sh -c 'cd; seq 3 | brood run exec -q --run three -o out.txt -- echo got {}; [ "$(cat out.txt)" = "$(printf "got 1\ngot 2\ngot 3")" ]; brood status three | grep -q done; brood doctor >/dev/null'
say 'as the unit does'
printf '[run.lengths]\njob = "exec"\ndataset = "/etc/passwd"\ncommand = ["printf", "%%s", "{}"]\noutput = "/var/lib/brood/lengths.csv"\n' >/etc/brood/brood.toml
start=$(sed -n 's/^ExecStart=//p' /usr/lib/systemd/system/brood@.service | sed 's/%i/lengths/')
runuser -u brood -- env -i BROOD_STATE=/var/lib/brood/state PATH=/usr/bin:/bin sh -c "cd /var/lib/brood; $start"
[ "$(wc -l </var/lib/brood/lengths.csv)" -gt 3 ]
say removed
dpkg -r brood >/dev/null
while read -r f; do
	[ -d "$f" ] || [ ! -e "$f" ] || { echo "$f is left"; exit 1; }
done </files
for d in /home/stranger/.local/state/brood /var/lib/brood/state /etc/brood/brood.toml; do
	[ -e "$d" ] || { echo "$d is gone, which is the user's"; exit 1; }
done
say 'as Fedora has it'
rm -r /etc/brood
fedora() { rpm --force-debian --nodeps "$@"; }
fedora -i /the.rpm
[ -z "$(rpm -V brood)" ] || { rpm -V brood; exit 1; }
case $(/usr/bin/brood --version) in "$says"*) ;; *) echo "it says: $(/usr/bin/brood --version), and not: $says"; exit 1 ;; esac
rpm -q --docfiles brood | grep -qx /usr/share/doc/brood/docs/reference.md
rpm -q --docfiles brood | grep -qx /usr/share/man/man1/brood.1.gz
[ "$(rpm -q --licensefiles brood | tr '\n' ' ')" = '/usr/share/licenses/brood/LICENSE /usr/share/licenses/brood/licenses.txt ' ]
[ -z "$(rpm -q --configfiles brood)" ]
[ "$(rpm -q --qf '[%{FILEUSERNAME}:%{FILEGROUPNAME} %{FILEMODES:perms}\n]' brood | sort -u)" = "$(printf '%s\n' 'root:root -rw-r--r--' 'root:root -rwxr-xr-x' 'root:root drwxr-xr-x' | sort)" ]
[ "$(stat -c '%U %a' /var/lib/brood)" = 'brood 700' ]
fedora -U --replacepkgs /the.rpm # as a newer one is put in its place
[ -d /etc/brood ] || { echo 'the newer package has no /etc/brood'; exit 1; }
rpm -ql brood >/files
rpm --force-debian -e brood
while read -r f; do
	[ ! -e "$f" ] || { echo "$f is left"; exit 1; }
done </files
[ ! -e /etc/brood ] && [ -e /var/lib/brood/state ]
END
chroot "$base/root" sh /inside.sh "$says"
# What is new in the root and has brood in its name is the state, and what was written by hand.
left=$(cd "$base/up" && find . -name '*brood*' ! -type c | grep -vE '^\./(home/stranger|var/lib/brood|etc/brood|var/lib/dpkg|var/lib/rpm|tmp|var/log|var/cache/man)(/|$)' || true)
[ -z "$left" ] || { echo "left: $left"; exit 1; }
echo "== all"
