#!/bin/sh
# make demo: a letter to the mayor of each of the 1,000 largest cities of the world,
# in three languages, as HTML and text, into a Maildir; with a kill -9 in the
# middle of it, and a picture of what happened. It needs nothing but awk.
set -eu
brood=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BROOD_STATE="$dir/state"
from=testdata/mail/atlas

say() { printf '\n\033[1m$ %s\033[0m\n' "$*"; }
[ -t 1 ] || say() { printf '\n$ %s\n' "$*"; }

in_place= # or exec, to be the process and not only its parent
mailing() {
	$in_place "$brood" run email --run atlas -j 4 \
		--template "$from/letter.{lang}.eml" --html "$from/letter.{lang}.html" --default-lang en \
		--inline "$from/globe.png" --unsubscribe 'https://example.org/leave/{{.id}}' \
		--suppress "$from/left.txt" --transport "maildir:$dir/Maildir" -o "$dir/sent.jsonl" "$@" "$from/mayors.csv"
}

say "brood run email --preview 1 --template 'letter.{lang}.eml' --html 'letter.{lang}.html' … mayors.csv"
mailing --preview 1 --preview-dir "$dir/preview" | sed "s|$dir/||"

say "brood run email --run atlas --rate 400/s … mayors.csv & sleep 1; kill -9 \$!"
in_place=exec
mailing --rate 400/s --progress never &
pid=$!
sleep 1
kill -9 $pid
wait $pid 2>/dev/null || true
echo "killed, with $(ls "$dir/Maildir/new" | wc -l) messages in the Maildir"
sleep 1

say "brood resume atlas"
"$brood" resume atlas 2>&1 | sed "s|$dir/||g; s|$PWD/||g" || true

say "what happened"
bars() { # lines of a number and a word
	awk '
		{ n[NR] = $1; word[NR] = $2; all += $1 }
		END {
			for (i = 1; i <= NR; i++) {
				s = ""
				for (j = 0; j < n[i] * 50 / all; j++) s = s "█"
				printf "  %-11s %5d  %s\n", word[i], n[i], s
			}
		}'
}
grep -o '"email_status":"[a-z]*"' "$dir/sent.jsonl" | cut -d '"' -f 4 | sort | uniq -c | sort -k1nr | bars
echo
grep -h '^Content-Language' "$dir"/Maildir/new/* | sed 's/.*: /lang=/' | sort | uniq -c | sort -k1nr | bars
# When messages came: the hole is the time between the kill and the resume.
if find "$dir/Maildir/new" -name none -printf '' 2>/dev/null; then
	echo
	find "$dir/Maildir/new" -type f -printf '%T@\n' | sort -n | awk '
		NR == 1 { first = $1 }
		{ n[int(($1 - first) * 5)]++; last = int(($1 - first) * 5) }
		END {
			for (i = 0; i <= last; i++) {
				s = ""
				for (j = 0; j < n[i] / 2; j++) s = s "█"
				printf "  %4.1f s      %5d  %s\n", i / 5, n[i], s
			}
		}'
fi

say "does it add up?"
twice=$(grep -h '^To:' "$dir"/Maildir/new/* | sort | uniq -d | wc -l)
there=$(ls "$dir/Maildir/new" | wc -l)
ok=$(grep -c '"_status":"ok"' "$dir/sent.jsonl")
echo "$there messages in the Maildir, $ok records ok, $twice addresses with two messages"
[ "$there" = "$ok" ] && [ "$twice" = 0 ]

say "brood status atlas"
"$brood" status atlas
