package shard

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
)

// Start is all parts of a run, as a scheduler is to start them.
type Start struct {
	Name string // of the run, without its part
	Of   int
	// Before and After are the arguments of brood: before what says which shard this is, and behind it.
	Before, After []string
	// Once says that a record must not be done twice: what was begun on one machine is not gone on with on another.
	Once bool
	// To is a directory that all machines see, to which each shard's run is copied when it ends.
	To string
	// Image is that of the containers, Claim the PersistentVolumeClaim, and EFS the file system, in which To is.
	Image, Claim, EFS string
}

// SlurmMost is how many tasks an array of Slurm has where its administrators have not changed MaxArraySize, which is 1001 and
// one more than the highest number (slurm.conf(5)).
const SlurmMost = 1000

// Retries is how often a scheduler starts a shard again that was stopped.
const Retries = 3

// Final are the exit statuses with which a shard must not be started again: it is done (1, 3), it would come to the same
// (2, 65), or has stopped for a reason (4). NotFinal may be: what was stopped or held up goes on.
const (
	finalList = "1, 2, 3, 4, 65"
	notFinal  = "70|75|129|130|143"
)

var finalStatuses = []int{1, 2, 3, 4, 65}

// body is what all platforms run: a script for a POSIX shell. Shard is which one this is, in the shell's words, and number
// the same as a number. It makes the script's variable "status" what it ends with.
//
// The ledger of a run is safe on a local disk only, so runs are worked on there and copied when they have ended.
func (s *Start) body(number, shard string) string {
	var b strings.Builder
	line := func(format string, args ...any) { fmt.Fprintf(&b, format+"\n", args...) }
	line("set -u")
	line("name=%s-%s-of-%d", quote(s.Name), number, s.Of)
	line(`export BROOD_STATE="${BROOD_STATE:-/var/tmp/brood-$(id -u)}"`)
	line(`run="$BROOD_STATE/runs/$name"`)
	line("to=%s", s.to())
	line("")
	line(`mkdir -p "$to" || exit 74`)
	line(`if [ ! -e "$run" ]; then`)
	if s.Once {
		line("  # Begun once, on one machine: what that has done is known there alone.")
		line(`  if ! (set -C; hostname > "$to/$name.begun") 2>/dev/null; then`)
		line(`    echo "shard $name was begun on $(cat "$to/$name.begun"): go on with it there, or find out what it has done" >&2`)
		line("    exit 2")
		line("  fi")
	} else {
		line("  # What an earlier start has left, perhaps on another machine.")
		line(`  if [ -e "$to/$name" ]; then`)
		line(`    mkdir -p -m 700 "$BROOD_STATE" "$BROOD_STATE/runs" && rm -rf "$run.part" && cp -R -p "$to/$name" "$run.part" && mv "$run.part" "$run" || exit 75`)
		line("  fi")
	}
	line("fi")
	line("")
	takeOver := " --take-over"
	if s.Once {
		takeOver = ""
	}
	line("pid=")
	line("told=")
	line(`trap 'told=1; [ -z "$pid" ] || kill -TERM "$pid"' TERM INT HUP`)
	line(`brood %s --shard %s --run %s --resume%s%s &`, quoteAll(s.Before), shard, quote(s.Name), takeOver, withSpace(quoteAll(s.After)))
	line("pid=$!")
	line(`[ -z "$told" ] || kill -TERM "$pid"`)
	line(`wait "$pid"`)
	line("status=$?")
	line(`while [ -n "$told" ]; do`)
	line("  told=")
	line(`  wait "$pid"`)
	line("  again=$?")
	line(`  [ "$again" -eq 127 ] || status=$again`)
	line("done")
	line("")
	line(`if [ -e "$run" ]; then`)
	line(`  rm -rf "$to/.$name.part" && cp -R -p "$run" "$to/.$name.part" && rm -rf "$to/$name" && mv "$to/.$name.part" "$to/$name" || status=74`)
	line("fi")
	return b.String()
}

// to is the shared directory in the shell's words.
func (s *Start) to() string {
	if s.To == "" {
		return `"${SLURM_SUBMIT_DIR:-.}"/` + quote(s.Name+".shards")
	}
	return quote(s.To)
}

// Slurm is a script for sbatch. Which shard a task is its number says, so that some of them can be started again by
// --array. Slurm starts a task again only where it is asked to, which the script does (scontrol(1), requeue).
func (s *Start) Slurm() string {
	requeue := "--requeue"
	if s.Once {
		requeue = "--no-requeue"
	}
	out := fmt.Sprintf(`#!/bin/bash
#SBATCH --job-name=%s
#SBATCH --array=1-%d
#SBATCH %s
#SBATCH --open-mode=append
#SBATCH --signal=B:TERM@60
# The %d shards of run %s. All of them: sbatch FILE. Some again: sbatch --array=3,7 FILE
`, s.Name, s.Of, requeue, s.Of, s.Name)
	out += s.body(`"$SLURM_ARRAY_TASK_ID"`, fmt.Sprintf(`"$SLURM_ARRAY_TASK_ID/%d"`, s.Of))
	if !s.Once {
		out += fmt.Sprintf(`
# Statuses %s are final: another start would come to the same, or do harm.
case $status in
  %s) [ "${SLURM_RESTART_COUNT:-0}" -ge %d ] || scontrol requeue "${SLURM_ARRAY_JOB_ID}_$SLURM_ARRAY_TASK_ID" ;;
esac
`, finalList, notFinal, Retries)
	}
	return out + `exit "$status"` + "\n"
}

// Kubernetes is the manifest of an Indexed Job, whose indexes fail each for itself (Kubernetes' documentation, "Jobs": pod
// failure policy, backoff limit per index).
func (s *Start) Kubernetes() string {
	script := s.body(`"$((JOB_COMPLETION_INDEX + 1))"`, fmt.Sprintf("auto/%d", s.Of)) + `exit "$status"` + "\n"
	return fmt.Sprintf(`# The %[2]d shards of run %[1]s: kubectl apply -f FILE
apiVersion: batch/v1
kind: Job
metadata:
  name: %[3]s
spec:
  completionMode: Indexed
  completions: %[2]d
  parallelism: %[2]d
  backoffLimitPerIndex: %[4]d
  podFailurePolicy:
    rules:
      - action: FailIndex # another start would come to the same, or do harm
        onExitCodes:
          containerName: brood
          operator: In
          values: [%[5]s]
      - action: Ignore # the node was needed for something else
        onPodConditions:
          - type: DisruptionTarget
            status: "True"
  template:
    spec:
      restartPolicy: Never
      terminationGracePeriodSeconds: 120
      containers:
        - name: brood
          image: %[6]s
          command: ["/bin/sh", "-c"]
          args:
            - |
%[7]s          env:
            - name: BROOD_STATE
              value: /state/brood
          volumeMounts:
            - name: state
              mountPath: /state
            - name: shared
              mountPath: %[8]s
      volumes:
        - name: state
          emptyDir: {}
        - name: shared
          persistentVolumeClaim:
            claimName: %[9]s
`, s.Name, s.Of, inJSON(objectName(s.Name)), Retries, finalList, inJSON(s.Image), indent(script, 14), inJSON(s.To), inJSON(s.Claim))
}

// Batch is a script that defines a job of AWS Batch and submits it as an array. Of what it ends with, the five conditions
// that a retry strategy may have name what is final; whatever none of them names is tried again (API reference,
// RetryStrategy and EvaluateOnExit).
func (s *Start) Batch() string {
	type condition struct {
		OnExitCode string `json:"onExitCode"`
		Action     string `json:"action"`
	}
	type requirement struct {
		Type  string `json:"type"`
		Value string `json:"value"`
	}
	var final []condition
	for _, status := range finalStatuses {
		final = append(final, condition{fmt.Sprint(status), "EXIT"})
	}
	script := s.body(`"$((AWS_BATCH_JOB_ARRAY_INDEX + 1))"`, fmt.Sprintf("auto/%d", s.Of)) + `exit "$status"` + "\n"
	definition := map[string]any{
		"jobDefinitionName": s.Name,
		"type":              "container",
		"retryStrategy":     map[string]any{"attempts": Retries + 1, "evaluateOnExit": final},
		"containerProperties": map[string]any{
			"image":                s.Image,
			"command":              []string{"/bin/sh", "-c", script},
			"resourceRequirements": []requirement{{"VCPU", "2"}, {"MEMORY", "2048"}},
			"volumes":              []any{map[string]any{"name": "shared", "efsVolumeConfiguration": map[string]any{"fileSystemId": s.EFS}}},
			"mountPoints":          []any{map[string]any{"sourceVolume": "shared", "containerPath": s.To}},
		},
	}
	return fmt.Sprintf(`#!/bin/sh
# The %[1]d shards of run %[2]s, as an array of AWS Batch: sh FILE QUEUE
set -eu
queue=${1:?name the job queue}
definition=$(mktemp)
trap 'rm -f "$definition"' EXIT
cat > "$definition" <<'END OF DEFINITION'
%[3]s
END OF DEFINITION
aws batch register-job-definition --cli-input-json "file://$definition"
aws batch submit-job --job-name %[4]s --job-definition %[4]s --job-queue "$queue" --array-properties size=%[1]d
`, s.Of, s.Name, pretty(definition), quote(s.Name))
}

// objectName is a name of a run as Kubernetes has names of jobs: small letters, digits and dashes, 63 of them, less the
// eleven that it puts behind it for the names of the pods.
func objectName(name string) string {
	var b []byte
	for _, c := range []byte(strings.ToLower(name)) {
		if c != '-' && (c < 'a' || c > 'z') && (c < '0' || c > '9') {
			c = '-'
		}
		b = append(b, c)
	}
	return strings.Trim(string(b[:min(len(b), 52)]), "-")
}

// quote is a word as a POSIX shell reads it.
func quote(word string) string {
	plain := word != ""
	for _, c := range word {
		plain = plain && (strings.ContainsRune("-_./,:=@%+", c) || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9')
	}
	if plain {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

func quoteAll(words []string) string {
	out := make([]string, len(words))
	for i, w := range words {
		out[i] = quote(w)
	}
	return strings.Join(out, " ")
}

func withSpace(s string) string {
	if s == "" {
		return ""
	}
	return " " + s
}

// inJSON is a string that YAML reads as well.
func inJSON(s string) string { return strings.TrimSuffix(pretty(s), "\n") }

func pretty(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	_ = enc.Encode(v) // of strings, numbers, lists and maps of them
	return strings.TrimSuffix(b.String(), "\n")
}

// indent puts a text behind so many spaces; empty lines stay empty.
func indent(text string, n int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		if line != "\n" {
			b.WriteString(strings.Repeat(" ", n))
		}
		b.WriteString(line)
	}
	return b.String()
}
