package command

import (
	"brood/jobs"
	"brood/runner/daemon"
	"brood/runner/home"
	"brood/runner/shard"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"
)

// The flags of brood shards: for which scheduler.
const (
	forSlurm      = "slurm"
	forKubernetes = "kubernetes"
	forBatch      = "aws-batch"
)

func (e *env) shardsCommand() *cli.Command {
	return &cli.Command{
		Name: "shards", Usage: "print what Slurm, Kubernetes or AWS Batch need to run a run in shards", ArgsUsage: "--slurm|--kubernetes|--aws-batch N -- run JOB ...",
		Description: `It prints a script for sbatch, a manifest for kubectl, or a script that submits an array to
AWS Batch. Each shard keeps its run on a local disk, and copies it to a directory that all
machines see when it ends; brood merge takes them from there. A shard that was stopped is
started again and goes on; one that is done, or would come to the same, is not, whatever
its exit status: 1 to 4 and 65 are final.

Example:
   brood shards --slurm 8 -- run echo testdata/cities.csv --run all -o all.csv
   brood shards --kubernetes 8 --image brood:1 --claim data --to /data/shards \
     -- run echo /data/cities.csv --run all -o all.csv`,
		Flags: []cli.Flag{
			&cli.IntFlag{Name: forSlurm, Usage: "a script for sbatch, of `N` tasks"},
			&cli.IntFlag{Name: forKubernetes, Usage: "the manifest of an Indexed Job of `N` completions"},
			&cli.IntFlag{Name: forBatch, Usage: "a script that defines and submits an array of `N` jobs of AWS Batch"},
			&cli.StringFlag{Name: "to", Usage: "copy the runs of the shards to `DIR`, which all machines see", DefaultText: "for Slurm NAME.shards, where it is submitted"},
			&cli.StringFlag{Name: "image", Usage: "of containers, the `IMAGE`, which has brood in its PATH, and a shell"},
			&cli.StringFlag{Name: "claim", Usage: "of Kubernetes, the PersistentVolumeClaim `NAME` that is mounted at --to"},
			&cli.StringFlag{Name: "efs", Usage: "of AWS Batch, the file system `ID` that is mounted at --to"},
		},
		OnUsageError: usageError,
		Action:       e.shards,
	}
}

func (e *env) shards(c *cli.Context) error {
	const example = "For example: brood shards --slurm 8 -- run exec list.txt --run NAME -o out.csv -- COMMAND"
	kind := ""
	for _, k := range []string{forSlurm, forKubernetes, forBatch} {
		if c.IsSet(k) {
			if kind != "" {
				return usage("", "--%s and --%s: one at a time", kind, k)
			}
			kind = k
		}
	}
	switch {
	case kind == "":
		return usage(example, "say for which scheduler, by --slurm, --kubernetes or --aws-batch")
	case c.NArg() > 0:
		return usage(example, "what is to be run stands behind --, and not before it: %s", c.Args().First())
	case !e.hasWords || len(e.words) < 2 || e.words[0] != "run":
		return usage(example, "say what is to be run, behind -- and beginning with run")
	}
	s, err := e.startOf(c.Int(kind))
	if err != nil {
		return err
	}
	s.To, s.Image, s.Claim, s.EFS = c.String("to"), c.String("image"), c.String("claim"), c.String("efs")
	for _, need := range []struct{ of, flag, value string }{
		{forKubernetes, "image", s.Image},
		{forKubernetes, "claim", s.Claim},
		{forKubernetes, "to", s.To},
		{forBatch, "image", s.Image},
		{forBatch, "efs", s.EFS},
		{forBatch, "to", s.To},
	} {
		if need.of == kind && need.value == "" {
			return usage("See: brood shards --help", "--%s needs --%s", kind, need.flag)
		}
	}
	var text string
	switch {
	case kind == forSlurm:
		if s.Of > shard.SlurmMost {
			_, _ = fmt.Fprintf(e.stderr, "brood: %d tasks are more than the %d that Slurm allows an array by default; how many it allows here says: scontrol show config | grep MaxArraySize\n", s.Of, shard.SlurmMost)
		}
		text = s.Slurm()
	case s.Once:
		return usage("If repeating a record does no harm, say so: --effect none, or keyed. Otherwise run it on one machine with agents on the others (--listen), or in Slurm, whose nodes keep their disks.",
			"the effect once needs to know what was done before a shard is started again, and a container that is gone has taken that with it")
	case kind == forKubernetes:
		text = s.Kubernetes()
	default:
		if s.Of < 2 {
			return usage("", "--aws-batch %d: an array has 2 to %d jobs", s.Of, shard.Most)
		}
		text = s.Batch()
	}
	_, err = fmt.Fprint(e.stdout, text)
	return err
}

// shardLine is the command line behind --, and of run @NAME the one that it stands for now: a shard that is
// started again tomorrow is the same, whatever the file says then, and whatever day is in its name.
func (e *env) shardLine() ([]string, error) {
	n, err := e.namedBy(append([]string{"brood"}, e.words...))
	if n == nil || err != nil {
		return e.words, err
	}
	here, err := os.Getwd()
	if err != nil {
		return nil, fmt.Errorf("find the working directory: %w", err)
	}
	if !sameFile(here, n.directory) {
		return nil, usage("Go there first: cd "+daemon.ShellWord(n.directory), "@%s works in %s, and a shard where what is printed here is submitted", n.run.Name, n.directory)
	}
	return n.args, nil
}

// startOf reads a command line of brood run, that each shard is to be started with.
func (e *env) startOf(of int) (*shard.Start, error) {
	if err := (shard.Part{Index: 1, Of: of}).Check(); err != nil {
		return nil, usage("", "%d shards: there may be 1 to %d", of, shard.Most)
	}
	line, err := e.shardLine()
	if err != nil {
		return nil, err
	}
	def, err := e.registry.Lookup(line[1])
	if err != nil {
		return nil, unknownJob(line[1], e.jobNames())
	}
	s := &shard.Start{Of: of, Before: line[:2:2], Once: def.Effect == jobs.EffectOnce}
	words, command := line[2:], []string(nil)
	if i := slices.Index(words, "--"); i >= 0 {
		words, command = words[:i], words[i:]
	}
	output := false
	for i := 0; i < len(words); i++ {
		name, value, joined := strings.Cut(words[i], "=")
		next := func() string {
			if !joined && i+1 < len(words) {
				i++
				value = words[i]
			}
			return value
		}
		at := i
		switch name {
		case "--" + shardFlag:
			return nil, usage("Leave it out.", "which shard it is, the scheduler says, and not --shard")
		case "-":
			return nil, usage("Name a file that all of them see.", "a shard that a scheduler starts has no standard input to read the dataset from")
		case "--run":
			s.Name = next()
			continue // it is said again
		case "--resume", "--take-over":
			continue
		case "-o", "--output":
			output = next() != "-"
		case "--effect":
			effect, err := jobs.ParseEffect(next())
			if err != nil {
				return nil, usage("", "--effect: %w", err)
			}
			s.Once = effect == jobs.EffectOnce
		default:
			if file, short := strings.CutPrefix(words[i], "-o"); short {
				output = file != "-"
			}
		}
		s.Before = append(s.Before, words[at:i+1]...)
	}
	switch {
	case s.Name == "":
		return nil, usage("For example: --run big", "give the run a name: a shard that is started again goes on under that")
	case !output:
		return nil, usage("For example: -o results.csv", "say with -o what brood merge is to make: what goes to standard output cannot be merged")
	}
	if err := home.CheckName((shard.Part{Index: of, Of: of}).RunName(s.Name)); err != nil {
		return nil, usage("", "--run: %w", err)
	}
	s.After = command
	return s, nil
}
