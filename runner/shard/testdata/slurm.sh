#!/bin/bash
#SBATCH --job-name=Spring.2026
#SBATCH --array=1-8
#SBATCH --requeue
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
# The 8 shards of run Spring.2026. All of them: sbatch FILE. Some again: sbatch --array=3,7 FILE
set -u
name=Spring.2026-"$SLURM_ARRAY_TASK_ID"-of-8
export BROOD_STATE="${BROOD_STATE:-/var/tmp/brood-$(id -u)}"
run="$BROOD_STATE/runs/$name"
to='/data/shards of spring'

mkdir -p "$to" || exit 74
if [ ! -e "$run" ]; then
  # What an earlier start has left, perhaps on another machine.
  if [ -e "$to/$name" ]; then
    mkdir -p -m 700 "$BROOD_STATE" "$BROOD_STATE/runs" && rm -rf "$run.part" && cp -R -p "$to/$name" "$run.part" && mv "$run.part" "$run" || exit 75
  fi
fi

pid=
told=
trap 'told=1; [ -z "$pid" ] || kill -TERM "$pid"' TERM INT HUP
brood run exec '/data/people list.csv' -o out.csv --where 'city="St. John'\''s"' --shard "$SLURM_ARRAY_TASK_ID/8" --run Spring.2026 --resume --take-over -- ./work '{name}' '$HOME' '' &
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

# Statuses 1, 2, 3, 4, 65 are final: another start would come to the same, or do harm.
case $status in
  70|75|129|130|143) [ "${SLURM_RESTART_COUNT:-0}" -ge 3 ] || scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" ;;
esac
exit "$status"
