#!/bin/sh
# make pictures: what brood top and a report look like, for the documentation, into docs/pictures. A run is begun in a folder of its own
# and looked at in a terminal of tmux; its report is opened in Chromium, which reaches no network. testdata/install.sh installs both.
set -eu
brood=$1
site=$2
out=$PWD/docs/pictures
cities=$PWD/testdata/cities.csv
dir=$(mktemp -d)
screen="tmux -S $dir/tmux -f /dev/null"
trap '$screen kill-server 2>/dev/null || true; rm -rf "$dir"' EXIT
export BROOD_STATE="$dir/state"
mkdir -p "$out" "$dir/bin"
cp "$brood" "$dir/bin/brood"
cp "$cities" "$dir/cities.csv"
cat > "$dir/visit" <<'EOF'
#!/bin/sh
# Some cities take longer, some are not to be reached, and some only at the second try.
sleep "0.0$(($1 % 9))"
case $1 in
*17) echo "no road leads there" >&2; exit 65 ;;
*3) [ "$BROOD_ATTEMPT" -gt 1 ] || { echo "the bridge is closed" >&2; exit 75; } ;;
esac
echo "$2 was visited"
EOF
chmod 755 "$dir/visit"
cd "$dir"
$screen new-session -d -x 100 -y 20 "PATH=$dir/bin:$PATH TERM=screen-256color LC_ALL=C.UTF-8 sh"
$screen send-keys "brood run exec -q --run cities -j 6 --retries 2 --backoff 200ms --effect none -o visits.csv cities.csv -- ./visit {id} {name} 2>/dev/null & clear; sleep 4; brood top cities" Enter
tries=0
until $screen capture-pane -p | grep -q ' [3-9][0-9]%'; do
	tries=$((tries + 1))
	[ "$tries" -lt 600 ] || { echo "brood top shows nothing" >&2; $screen capture-pane -p >&2; exit 1; }
	sleep 0.1
done
$screen capture-pane -e -p > top.ansi
tries=0
until "$brood" status cities --json | grep -q '"state":"done"'; do
	tries=$((tries + 1))
	[ "$tries" -lt 600 ] || { echo "the run does not end" >&2; exit 1; }
	sleep 0.2
done
"$brood" report cities -o cities.html > /dev/null
"$site" -screen top.ansi -out "$out/top.svg"
chromium --headless --no-sandbox --disable-gpu --hide-scrollbars --proxy-server=127.0.0.1:9 --window-size=1000,1500 --screenshot="$out/report.png" "file://$dir/cities.html" > /dev/null 2>&1
ls -l "$out"
