#!/bin/sh
# The 8 shards of run Spring.2026, as an array of AWS Batch: sh FILE QUEUE
set -eu
queue=${1:?name the job queue}
definition=$(mktemp)
trap 'rm -f "$definition"' EXIT
cat > "$definition" <<'END OF DEFINITION'
{
  "containerProperties": {
    "command": [
      "/bin/sh",
      "-c",
      "set -u\nname=Spring.2026-\"$((AWS_BATCH_JOB_ARRAY_INDEX + 1))\"-of-8\nexport BROOD_STATE=\"${BROOD_STATE:-/var/tmp/brood-$(id -u)}\"\nrun=\"$BROOD_STATE/runs/$name\"\nto='/data/shards of spring'\n\nmkdir -p \"$to\" || exit 74\nif [ ! -e \"$run\" ]; then\n  # What an earlier start has left, perhaps on another machine.\n  if [ -e \"$to/$name\" ]; then\n    mkdir -p -m 700 \"$BROOD_STATE\" \"$BROOD_STATE/runs\" && rm -rf \"$run.part\" && cp -R -p \"$to/$name\" \"$run.part\" && mv \"$run.part\" \"$run\" || exit 75\n  fi\nfi\n\npid=\ntold=\ntrap 'told=1; [ -z \"$pid\" ] || kill -TERM \"$pid\"' TERM INT HUP\nbrood run exec '/data/people list.csv' -o out.csv --where 'city=\"St. John'\\''s\"' --shard auto/8 --run Spring.2026 --resume --take-over -- ./work '{name}' '$HOME' '' &\npid=$!\n[ -z \"$told\" ] || kill -TERM \"$pid\"\nwait \"$pid\"\nstatus=$?\nwhile [ -n \"$told\" ]; do\n  told=\n  wait \"$pid\"\n  again=$?\n  [ \"$again\" -eq 127 ] || status=$again\ndone\n\nif [ -e \"$run\" ]; then\n  rm -rf \"$to/.$name.part\" && cp -R -p \"$run\" \"$to/.$name.part\" && rm -rf \"$to/$name\" && mv \"$to/.$name.part\" \"$to/$name\" || status=74\nfi\nexit \"$status\"\n"
    ],
    "image": "registry.example/brood:1",
    "mountPoints": [
      {
        "containerPath": "/data/shards of spring",
        "sourceVolume": "shared"
      }
    ],
    "resourceRequirements": [
      {
        "type": "VCPU",
        "value": "2"
      },
      {
        "type": "MEMORY",
        "value": "2048"
      }
    ],
    "volumes": [
      {
        "efsVolumeConfiguration": {
          "fileSystemId": "fs-0123"
        },
        "name": "shared"
      }
    ]
  },
  "jobDefinitionName": "Spring.2026",
  "retryStrategy": {
    "attempts": 4,
    "evaluateOnExit": [
      {
        "onExitCode": "1",
        "action": "EXIT"
      },
      {
        "onExitCode": "2",
        "action": "EXIT"
      },
      {
        "onExitCode": "3",
        "action": "EXIT"
      },
      {
        "onExitCode": "4",
        "action": "EXIT"
      },
      {
        "onExitCode": "65",
        "action": "EXIT"
      }
    ]
  },
  "type": "container"
}
END OF DEFINITION
aws batch register-job-definition --cli-input-json "file://$definition"
aws batch submit-job --job-name Spring.2026 --job-definition Spring.2026 --job-queue "$queue" --array-properties size=8
