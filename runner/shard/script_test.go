package shard

import (
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"

	"go.yaml.in/yaml/v3"
)

var update = flag.Bool("update", false, "write the golden files anew")

// start is a run of whose words a shell must be kept from reading some.
func start() *Start {
	return &Start{
		Name: "Spring.2026", Of: 8, Before: []string{"run", "exec", "/data/people list.csv", "-o", "out.csv", "--where", `city="St. John's"`}, After: []string{"--", "./work", "{name}", "$HOME", ""},
		To: "/data/shards of spring", Image: "registry.example/brood:1", Claim: "data", EFS: "fs-0123",
	}
}

// TestGolden: what is printed is what was looked at.
func TestGolden(t *testing.T) {
	once := start()
	once.Once, once.To = true, ""
	for name, text := range map[string]string{"slurm.sh": start().Slurm(), "slurm-once.sh": once.Slurm(), "kubernetes.yaml": start().Kubernetes(), "aws-batch.sh": start().Batch()} {
		path := filepath.Join("testdata", name)
		if *update {
			if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(path)
		if err != nil || string(want) != text {
			t.Errorf("%s: %v, or it is another; it is\n%s", name, err, text)
		}
	}
}

// TestManifest: the manifest is YAML, and says what Kubernetes must know; its script is the one that it was.
func TestManifest(t *testing.T) {
	s := start()
	var job struct {
		Kind     string
		Metadata struct{ Name string }
		Spec     struct {
			CompletionMode       string `yaml:"completionMode"`
			Completions          int
			Parallelism          int
			BackoffLimitPerIndex int `yaml:"backoffLimitPerIndex"`
			PodFailurePolicy     struct {
				Rules []struct {
					Action      string
					OnExitCodes struct {
						ContainerName string `yaml:"containerName"`
						Operator      string
						Values        []int
					} `yaml:"onExitCodes"`
				}
			} `yaml:"podFailurePolicy"`
			Template struct {
				Spec struct {
					RestartPolicy string `yaml:"restartPolicy"`
					Containers    []struct {
						Name, Image   string
						Command, Args []string
						VolumeMounts  []struct {
							Name      string
							MountPath string `yaml:"mountPath"`
						} `yaml:"volumeMounts"`
					}
				}
			}
		}
	}
	if err := yaml.Unmarshal([]byte(s.Kubernetes()), &job); err != nil {
		t.Fatal(err)
	}
	x := job.Spec
	if job.Kind != "Job" || job.Metadata.Name != "spring-2026" || x.CompletionMode != "Indexed" || x.Completions != 8 || x.Parallelism != 8 || x.BackoffLimitPerIndex != Retries || x.Template.Spec.RestartPolicy != "Never" {
		t.Errorf("%+v", job)
	}
	rules := x.PodFailurePolicy.Rules
	if len(rules) != 2 || rules[0].Action != "FailIndex" || rules[0].OnExitCodes.ContainerName != "brood" || rules[0].OnExitCodes.Operator != "In" || !slices.Equal(rules[0].OnExitCodes.Values, []int{1, 2, 3, 4, 65}) || rules[1].Action != "Ignore" {
		t.Errorf("%+v", rules)
	}
	c := x.Template.Spec.Containers[0]
	script := s.body(`"$((JOB_COMPLETION_INDEX + 1))"`, "auto/8") + "exit \"$status\"\n"
	if c.Name != "brood" || c.Image != s.Image || len(c.Args) != 1 || c.Args[0] != script || c.VolumeMounts[1].MountPath != s.To {
		t.Errorf("%+v", c)
	}
}

// TestDefinition: what AWS Batch is told is JSON, with the conditions that there may be.
func TestDefinition(t *testing.T) {
	_, text, _ := strings.Cut(start().Batch(), "<<'END OF DEFINITION'\n")
	text, _, found := strings.Cut(text, "\nEND OF DEFINITION\n")
	var d struct {
		RetryStrategy struct {
			Attempts       int
			EvaluateOnExit []struct{ OnExitCode, Action string }
		}
		ContainerProperties struct {
			Command []string
		}
	}
	if err := json.Unmarshal([]byte(text), &d); err != nil || !found {
		t.Fatal(err, text)
	}
	on := d.RetryStrategy.EvaluateOnExit
	if len(on) != 5 || d.RetryStrategy.Attempts != Retries+1 || len(d.ContainerProperties.Command) != 3 {
		t.Errorf("%+v", d)
	}
	for i, c := range on {
		if c.Action != "EXIT" || c.OnExitCode != fmt.Sprint(finalStatuses[i]) {
			t.Errorf("%+v", c)
		}
	}
}

// played is a directory in which a script is run, with a brood that notes its arguments, makes a run, and ends with what it is
// told to.
type played struct {
	*testing.T
	dir string
}

func play(t *testing.T) *played {
	t.Helper()
	p := &played{t, t.TempDir()}
	for name, text := range map[string]string{
		"brood": `#!/bin/sh
printf '%s\n' "$@" > "$PLAY/args"
run="$BROOD_STATE/runs/$NAME"
mkdir -p "$run"
[ -z "${WAIT-}" ] || { trap 'echo told >> "$run/ledger.db"; exit 143' TERM; touch "$PLAY/waits"; while :; do sleep 0.01; done; }
echo "$SAYS" >> "$run/ledger.db"
exit "$STATUS"
`,
		"scontrol": "#!/bin/sh\necho \"$@\" >> \"$PLAY/requeued\"\n",
	} {
		if err := os.WriteFile(filepath.Join(p.dir, name), []byte(text), 0o700); err != nil {
			t.Fatal(err)
		}
	}
	return p
}

func (p *played) command(shell, script string, env ...string) *exec.Cmd {
	cmd := exec.Command(shell, "-c", script)
	cmd.Dir = p.dir
	cmd.Env = append(os.Environ(), append([]string{"PATH=" + p.dir + ":" + os.Getenv("PATH"), "PLAY=" + p.dir, "BROOD_STATE=" + p.dir + "/state", "SLURM_SUBMIT_DIR=" + p.dir}, env...)...)
	return cmd
}

// ends runs a script and compares its exit status.
func (p *played) ends(want int, script string, env ...string) string {
	p.Helper()
	cmd := p.command("bash", script, env...)
	out, _ := cmd.CombinedOutput()
	if got := cmd.ProcessState.ExitCode(); got != want {
		p.Errorf("exit status %d, want %d\n%s", got, want, out)
	}
	return string(out)
}

func (p *played) has(name, want string) {
	p.Helper()
	b, err := os.ReadFile(filepath.Join(p.dir, name))
	if want == "" && os.IsNotExist(err) {
		return
	}
	if string(b) != want {
		p.Errorf("%s: %q, want %q", name, b, want)
	}
}

// TestSlurmScript: run by bash with the variables of a task, it starts brood with its words as they were, copies the run,
// ends as brood does, and asks to be started again only for what is not final.
func TestSlurmScript(t *testing.T) {
	t.Parallel()
	s := start()
	s.To = ""
	task := []string{"SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_JOB_ID=77", "NAME=Spring.2026-3-of-8"}
	p := play(t)
	p.ends(0, s.Slurm(), append(task, "STATUS=0", "SAYS=one")...)
	p.has("args", "run\nexec\n/data/people list.csv\n-o\nout.csv\n--where\ncity=\"St. John's\"\n--shard\n3/8\n--run\nSpring.2026\n--resume\n--take-over\n--\n./work\n{name}\n$HOME\n\n")
	p.has("Spring.2026.shards/Spring.2026-3-of-8/ledger.db", "one\n")
	for status, again := range map[int]bool{1: false, 2: false, 3: false, 4: false, 65: false, 74: false, 70: true, 75: true, 129: true, 130: true, 143: true} {
		if err := os.RemoveAll(filepath.Join(p.dir, "requeued")); err != nil {
			t.Fatal(err)
		}
		p.ends(status, s.Slurm(), append(task, "SAYS=x", fmt.Sprint("STATUS=", status))...)
		want := ""
		if again {
			want = "requeue 77_3\n"
		}
		p.has("requeued", want)
	}
	if err := os.RemoveAll(filepath.Join(p.dir, "requeued")); err != nil {
		t.Fatal(err)
	}
	p.ends(75, s.Slurm(), append(task, "SAYS=x", "STATUS=75", "SLURM_RESTART_COUNT=3")...)
	p.has("requeued", "")

	// On another machine it goes on with what was copied.
	if err := os.RemoveAll(filepath.Join(p.dir, "state")); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(p.dir, "Spring.2026.shards/Spring.2026-3-of-8/ledger.db"), []byte("one\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.ends(0, s.Slurm(), append(task, "STATUS=0", "SAYS=two")...)
	p.has("Spring.2026.shards/Spring.2026-3-of-8/ledger.db", "one\ntwo\n")
}

// TestOnceScript: what must not be done twice is gone on with where it was begun, and nowhere else.
func TestOnceScript(t *testing.T) {
	t.Parallel()
	s := start()
	s.Once, s.To = true, ""
	task := []string{"SLURM_ARRAY_TASK_ID=3", "SLURM_ARRAY_JOB_ID=77", "NAME=Spring.2026-3-of-8"}
	p := play(t)
	p.ends(143, s.Slurm(), append(task, "STATUS=143", "SAYS=one")...)
	p.has("requeued", "")
	p.ends(0, s.Slurm(), append(task, "STATUS=0", "SAYS=two")...)
	if err := os.RemoveAll(filepath.Join(p.dir, "state")); err != nil {
		t.Fatal(err)
	}
	if out := p.ends(2, s.Slurm(), append(task, "STATUS=0", "SAYS=three")...); !strings.Contains(out, "was begun on ") {
		t.Errorf("%s", out)
	}
	p.has("Spring.2026.shards/Spring.2026-3-of-8/ledger.db", "one\ntwo\n")
}

// TestScriptIsTold: a script that is told to end tells brood, waits for it, and keeps what it has left; in any shell.
func TestScriptIsTold(t *testing.T) {
	t.Parallel()
	s := start()
	for _, shell := range []string{"bash", "sh"} {
		p := play(t)
		s.To = p.dir + "/to"
		script := s.body(`"$((JOB_COMPLETION_INDEX + 1))"`, "auto/8") + "exit \"$status\"\n"
		cmd := p.command(shell, script, "JOB_COMPLETION_INDEX=0", "NAME=Spring.2026-1-of-8", "WAIT=1")
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		// It waits when there is the file; until then it is looked at whether it is there.
		for _, err := os.Stat(p.dir + "/waits"); err != nil; _, err = os.Stat(p.dir + "/waits") {
			if cmd.ProcessState != nil {
				t.Fatal("it has ended")
			}
		}
		if err := cmd.Process.Signal(syscall.SIGTERM); err != nil {
			t.Fatal(err)
		}
		_ = cmd.Wait()
		if got := cmd.ProcessState.ExitCode(); got != 143 {
			t.Errorf("%s: exit status %d", shell, got)
		}
		p.has("to/Spring.2026-1-of-8/ledger.db", "told\n")
	}
}

// TestObjectName: names are as Kubernetes has them.
func TestObjectName(t *testing.T) {
	for name, want := range map[string]string{"a": "a", "Big_1.x-": "big-1-x", strings.Repeat("a", 51) + ".b": strings.Repeat("a", 51)} {
		if got := objectName(name); got != want {
			t.Errorf("%q is %q, want %q", name, got, want)
		}
	}
}
