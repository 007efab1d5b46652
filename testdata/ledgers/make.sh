#!/bin/sh
# Makes the runs of this folder: sh testdata/ledgers/make.sh BROOD VERSION
#
# Each is a run that a brood of that version began, and that was killed with all
# its workers in the middle, with records done, failed, waiting for a retry and in
# hand. They are made once for a version and kept, as later versions must be able
# to resume them: see TestOldLedgers. All paths in them begin with
# /tmp/brood-ledgers, which the test replaces.
set -eu
brood=$(realpath "$1")
to=$PWD/testdata/ledgers/$2
top=/tmp/brood-ledgers
mkdir -p "$to"

# tree PID: the process and all below it.
tree() { echo "$1"; for c in $(pgrep -P "$1"); do tree "$c"; done; }

# killed NAME FINAL COMMAND...: begins a run, and kills it with all its workers
# when so many records are final.
killed() {
	name=$1 final=$2
	shift 2
	rm -rf $top && mkdir -p $top && cd $top
	{ echo id,name,email; i=1; while [ $i -le 40 ]; do echo "$i,name $i,p$i@example.com"; i=$((i+1)); done; echo '41,twice,p1@example.com'; } >data.csv
	tr , '\t' <data.csv >data.tsv
	awk -F, 'NR>1{printf "{\"id\":\"%s\",\"name\":\"%s\",\"email\":\"%s\"}\n",$1,$2,$3}' data.csv >data.jsonl
	awk -F, 'NR>1{print $1}' data.csv >data.txt
	printf 'Subject: for {{.name}}\nFrom: ada@example.com\n\nDear {{.name}}, {{.id}}.\n' >letter.eml
	cat >work.sh <<-'WORK'
		# Fails where 7 divides the id, asks for another try where 5 does, and from 20
		# on takes a minute, unless there is a file go.
		while read -r line; do
			n=$(echo "$line" | sed 's/.*"record":{"id":"\([0-9]*\)".*/\1/')
			id=$(echo "$line" | sed 's/^{"id":\([^,]*\),.*/\1/')
			if [ "$n" -ge 20 ] && ! [ -e go ]; then sleep 60; fi
			status=ok
			if [ $((n % 7)) = 0 ]; then status=failed; elif [ $((n % 5)) = 0 ] && ! [ -e go ]; then status=retry; fi
			echo "{\"id\":$id,\"status\":\"$status\",\"error\":\"of $n\",\"result\":{\"n\":\"$n\"}}"
		done
	WORK
	BROOD_STATE=$top/state "$brood" run "$@" >log 2>&1 &
	pid=$!
	i=0
	while [ $i -lt 300 ]; do
		i=$((i+1))
		n=$(BROOD_STATE=$top/state "$brood" status "$name" --json 2>/dev/null | tr ',{' '\n\n' | awk -F: '/"(ok|failed|skipped|unknown)"/{s+=$2} END{print s+0}')
		[ "$n" -ge "$final" ] && break
		sleep 0.1
	done
	sleep 0.5
	kill -STOP $pid
	kill -9 $(tree $pid)
	wait $pid 2>/dev/null || true
	rm -f log state/runs/$name/control.sock
	tar --sort=name --owner=0 --group=0 --numeric-owner -cf - . | gzip -9n >"$to/$name.tar.gz"
	echo "$name: killed with $n final"
	cd "$to"
}

command='if [ $1 -ge 20 ] && ! [ -e go ]; then sleep 60; fi; [ $(($1 % 7)) = 0 ] && exit 65; [ $(($1 % 5)) = 0 ] && ! [ -e go ] && exit 75; echo did $1'
more='--retries 2 --backoff 2s -j 2'
killed exec-once 16 exec --run exec-once $more --key email --key-normalize lower --once-per spring -o out.csv data.csv -- sh -c "$command" _ '{id}'
killed exec-keyed 16 exec --run exec-keyed $more --effect keyed --key-lifetime 87600h -o out.tsv data.tsv -- sh -c "$command" _ '{id}'
killed exec-none 16 exec --run exec-none $more --effect none --rate-by 'domain(line)=1000/s' -o out.txt data.txt -- sh -c "$command" _ '{}'
killed pipe-once 16 pipe --run pipe-once $more -o out.jsonl data.jsonl -- sh work.sh
killed pipe-keyed 16 pipe --run pipe-keyed $more --effect keyed --key-lifetime 87600h --key id -o out.csv data.csv -- sh work.sh
killed pipe-none 16 pipe --run pipe-none $more --effect none --unordered -o out.csv data.csv -- sh work.sh
killed echo-none 12 echo --run echo-none $more --sleep 100ms --fail-rate 0.3 -o out.csv data.csv
killed echo-keyed 12 echo --run echo-keyed $more --sleep 100ms --fail-rate 0.3 --effect keyed -o out.jsonl data.jsonl
killed echo-once 12 echo --run echo-once $more --sleep 100ms --fail-rate 0.3 --effect once -o out.tsv data.tsv
killed email-once 12 email --run email-once -j 2 --rate 20/s --transport maildir:out --template letter.eml -o out.csv data.csv
killed email-keyed 12 email --run email-keyed -j 2 --rate 20/s --effect keyed --transport maildir:out --template letter.eml -o out.csv data.csv
killed email-none 12 email --run email-none -j 2 --rate 20/s --effect none --transport maildir:out --template letter.eml -o out.jsonl data.csv
