#!/bin/sh
# make demo: the distance from Berlin to each of the 1,000 largest cities of
# the world, one command a city, with the results in a table and the books in a
# ledger. It needs nothing but awk.
set -eu
brood=$1
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
export BROOD_STATE="$dir/state"

echo "\$ brood run exec --run demo -o distances.csv testdata/cities.csv -- awk … {latitude} {longitude}"
"$brood" run exec --run demo -o "$dir/distances.csv" testdata/cities.csv -- \
	awk 'function rad(d) { return d * atan2(0, -1) / 180 }
	BEGIN {
		a = rad(52.52); b = rad(ARGV[1]); d = rad(ARGV[2] - 13.405)
		x = sin(a) * sin(b) + cos(a) * cos(b) * cos(d)
		printf "%d km\n", 6371 * atan2(sqrt(1 - x * x), x)
	}' {latitude} {longitude}

echo
echo "\$ head -6 distances.csv"
head -6 "$dir/distances.csv"
echo
echo "\$ brood status demo"
"$brood" status demo
