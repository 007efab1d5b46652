# The first session: what machine this is, and what has been left here. It lasts as long as the
# connection, for which its standard input is the life line.
echo "os $(uname -s)"
echo "arch $(uname -m)"
mkdir -p "$dir" || exit 73
rm -f "$dir/socket"
echo "dir $dir"
if [ -f "$dir/log" ]; then echo "log $(wc -c <"$dir/log" | tr -d ' ')"; fi
if agent; then echo "agent $pid"; elif [ -s "$dir/status" ]; then echo "status $(cat "$dir/status")"; fi
command -v gzip >/dev/null && echo "gzip yes"
echo "end"
exec cat >/dev/null
