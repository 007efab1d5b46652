#!/bin/bash
#SBATCH --job-name=Spring.2026
#SBATCH --array=1-8
#SBATCH --no-requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
# The 8 shards of run Spring.2026. All of them: sbatch FILE. Some again: sbatch --array=3,7 FILE
set -u
name=Spring.2026-"$SLURM_ARRAY_TASK_ID"-of-8
export BROOD_STATE="${BROOD_STATE:-/var/tmp/brood-$(id -u)}"
run="$BROOD_STATE/runs/$name"
to="${SLURM_SUBMIT_DIR:-.}"/Spring.2026.shards

mkdir -p "$to" || exit 74
if [ ! -e "$run" ]; then
  # Begun once, on one machine: what that has done is known there alone.
  if ! (set -C; hostname > "$to/$name.begun") 2>/dev/null; then
    echo "shard $name was begun on $(cat "$to/$name.begun"): go on with it there, or find out what it has done" >&2
    exit 2
  fi
fi

pid=
told=
trap 'told=1; [ -z "$pid" ] || kill -TERM "$pid"' TERM INT HUP
brood run exec '/data/people list.csv' -o out.csv --where 'city="St. John'\''s"' --shard "$SLURM_ARRAY_TASK_ID/8" --run Spring.2026 --resume -- ./work '{name}' '$HOME' '' &
pid=$!
[ -z "$told" ] || kill -TERM "$pid"
wait "$pid"
status=$?
while [ -n "$told" ]; do
  told=
  wait "$pid"
  again=$?
  [ "$again" -eq 127 ] || status=$again
done

if [ -e "$run" ]; then
  rm -rf "$to/.$name.part" && cp -R -p "$run" "$to/.$name.part" && rm -rf "$to/$name" && mv "$to/.$name.part" "$to/$name" || status=74
fi
exit "$status"
