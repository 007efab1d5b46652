# Takes the binary from standard input. Given: $hash, $size, $packed, and $new, a name that nobody
# else uses. It gets its own name when it is whole and on the disk, so others may do the same at
# the same time.
mkdir -p "$cache/$hash" || exit 73
file=$cache/$hash/$new
trap 'rm -f "$file"' EXIT
if [ "$packed" ]; then gzip -dc >"$file"; else cat >"$file"; fi || exit 74
[ "$(wc -c <"$file" | tr -d ' ')" = "$size" ] || { echo "it did not come as a whole" >&2; exit 74; }
sum=$({ sha256sum <"$file" || shasum -a 256 <"$file" || openssl dgst -r -sha256 <"$file"; } 2>/dev/null)
sum=${sum%% *}
case $sum in "$hash" | "") ;; *) echo "it has come damaged: its SHA-256 is $sum" >&2; exit 74 ;; esac
chmod 755 "$file" && { sync "$file" 2>/dev/null || sync; } && mv -f "$file" "$cache/$hash/brood" || exit 74
# Builds that nobody has used for a month go.
for old in "$cache"/*/brood; do
	old=${old%/brood}
	case ${old##*/} in *[!0-9a-f]* | "$hash") continue ;; esac
	[ ${#old} = $((${#cache} + 65)) ] && [ -n "$(find "$old" -prune -mtime +30)" ] && rm -rf "$old"
done
echo stored
