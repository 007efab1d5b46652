# Becomes the agent.
echo "$$ $(began $$)" >"$dir/pid.new" && mv -f "$dir/pid.new" "$dir/pid" || exit 73
echo "agent $$" >&4
exec 4>&-
exec "$@"
