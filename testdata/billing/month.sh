#!/bin/sh
# A month's billing run as somebody does it who has a CSV of customers and no provider: planned, killed in the
# middle, gone on with, mailed, reconciled. brood, and awk for the books.
set -eu
brood=$1 customers=$2 here=$3
say() { printf '\n$ brood %s\n' "$*"; }
run() { say "$@"; "$brood" "$@"; }

# What the books say: nobody takes that from the plan.
count=$(awk 'END { print NR - 1 }' "$customers")
sum=$(awk -F, 'NR > 1 { split($9, a, "."); n += a[1] * 100 + a[2] } END { printf "%d.%02d", int(n / 100), n % 100 }' "$customers")

run plan billing --settings "$here/seller.toml" --scope 2026-11 -o november.plan "$customers"
say "run billing --run november --plan november.plan --expect-count $count --expect-sum EUR=$sum -o november.csv & kill -9 \$!"
"$brood" run billing --run november --plan november.plan --expect-count "$count" --expect-sum "EUR=$sum" --rate 400/s -o november.csv &
pid=$!
while [ "$(ls november-invoices 2>/dev/null | wc -l)" -lt 100 ]; do kill -0 $pid; sleep 0.05; done
kill -9 $pid
wait $pid 2>/dev/null || true
echo "killed, with $(ls november-invoices | grep -c 'pdf$') invoices written"
run resume november
run run email --run letters --where 'billing_status == "succeeded" && email != ""' --key invoice_id --once-per invoices \
	--template "$here/letter.eml" --attach-dir . --transport maildir:letters -o letters.csv november.csv
run reconcile november
run verify november
run report november -o november.html
