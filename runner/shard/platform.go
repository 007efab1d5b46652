package shard

import (
	"fmt"
	"strconv"
)

// Platform is a scheduler that starts the parts of a dataset.
type Platform string

// The platforms.
const (
	Slurm      Platform = "Slurm"
	Kubernetes Platform = "Kubernetes"
	Batch      Platform = "AWS Batch"
)

// Detect says which scheduler has started this process as one of several, by its variables; empty: none.
// Slurm's are those of sbatch(1), "Output environment variables"; those of Kubernetes of an Indexed Job
// (Documentation, "Jobs", completion mode); those of AWS Batch of its user guide, "Job environment variables".
func Detect(env func(string) string) (Platform, error) {
	var found Platform
	for _, p := range []struct {
		name  string
		which Platform
	}{{"SLURM_ARRAY_TASK_ID", Slurm}, {"JOB_COMPLETION_INDEX", Kubernetes}, {"AWS_BATCH_JOB_ARRAY_INDEX", Batch}} {
		switch {
		case env(p.name) == "":
		case found != "":
			return "", fmt.Errorf("the environment is that of both %s and %s; say which shard this is, such as 2/8", found, p.which)
		default:
			found = p.which
		}
	}
	return found, nil
}

// Auto is the part that the scheduler has given to this process. Of is how many there are, and 0 where the
// scheduler is to say that.
func Auto(env func(string) string, of int) (Part, error) {
	if of < 0 || of > Most {
		return Part{}, fmt.Errorf("auto/%d: a dataset has 1 to %d shards", of, Most)
	}
	platform, err := Detect(env)
	if err != nil {
		return Part{}, err
	}
	v := variables{env: env}
	var p Part
	switch platform {
	case Slurm:
		p, err = v.slurm(of)
	case Kubernetes:
		p = Part{v.number("JOB_COMPLETION_INDEX", -1) + 1, of}
		if of == 0 {
			err = fmt.Errorf("auto: Kubernetes does not tell how many shards there are; say it, as in auto/8, the completions of the job")
		}
	case Batch:
		p = Part{v.number("AWS_BATCH_JOB_ARRAY_INDEX", -1) + 1, v.number("AWS_BATCH_JOB_ARRAY_SIZE", of)}
		if of > 0 && p.Of != of {
			err = fmt.Errorf("auto/%d: the array of AWS Batch has %d jobs (AWS_BATCH_JOB_ARRAY_SIZE)", of, p.Of)
		} else if p.Of == 0 {
			err = fmt.Errorf("auto: AWS_BATCH_JOB_ARRAY_SIZE is not set; say how many shards there are, as in auto/8")
		}
	default:
		err = fmt.Errorf("auto: no scheduler has said which shard this is: there is none of SLURM_ARRAY_TASK_ID, JOB_COMPLETION_INDEX and AWS_BATCH_JOB_ARRAY_INDEX; say it, such as 2/8")
	}
	if v.err != nil {
		return p, v.err
	}
	if err != nil {
		return p, err
	}
	return p, p.Check()
}

// variables reads numbers of an environment, and keeps the first error.
type variables struct {
	env func(string) string
	err error
}

// number is the value of a variable, or what it is where that is not set.
func (v *variables) number(name string, otherwise int) int {
	text := v.env(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if (err != nil || n < 0) && v.err == nil {
		v.err = fmt.Errorf("auto: %s is %q, which is no number of a task", name, text)
	}
	return n
}

// slurm is the part of a task of an array. An array may begin anywhere and go in steps; one with gaps says of no task
// which it is of how many, and one that starts some of the tasks again would deal the dataset anew among these.
func (v *variables) slurm(of int) (Part, error) {
	id, count := v.number("SLURM_ARRAY_TASK_ID", -1), v.number("SLURM_ARRAY_TASK_COUNT", 0)
	first, last, step := v.number("SLURM_ARRAY_TASK_MIN", id), v.number("SLURM_ARRAY_TASK_MAX", id), v.number("SLURM_ARRAY_TASK_STEP", 1)
	switch {
	case v.err != nil:
		return Part{}, v.err
	case count == 0:
		return Part{}, fmt.Errorf("auto: SLURM_ARRAY_TASK_COUNT is not set; say which shard this is, such as $SLURM_ARRAY_TASK_ID/8")
	case of > 0 && count != of:
		return Part{}, fmt.Errorf("auto/%d: the array has %d tasks; where only some of them are started again say which this is: $SLURM_ARRAY_TASK_ID/%d with --array=1-%d", of, count, of, of)
	case step < 1 || first > last || (last-first)/step+1 != count || (id-first)%step != 0 || id < first || id > last:
		return Part{}, fmt.Errorf("auto: the array has gaps: %d tasks from %d to %d; number them from 1 (--array=1-%d) and say $SLURM_ARRAY_TASK_ID/%d", count, first, last, count, count)
	}
	return Part{(id-first)/step + 1, count}, nil
}
