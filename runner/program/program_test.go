package program

import (
	"brood/jobs"
	"context"
	"slices"
	"strings"
	"testing"
)

// TestCheck: brood's own jobs are as Check asks others to be.
func TestCheck(t *testing.T) {
	for _, d := range Jobs() {
		if err := Check(d); err != nil {
			t.Error(err)
		}
	}
}

// TestCheckFinds: each mistake of a definition is told, before it panics.
func TestCheckFinds(t *testing.T) {
	plan := func(jobs.Options, *jobs.Shape) (jobs.Plan, error) { return jobs.Plan{}, nil }
	open := func(context.Context, jobs.Setup) (jobs.Runner, error) { return nil, nil } //nolint:nilnil // it is not called
	for want, change := range map[string]func(*jobs.Definition){
		"is no word":                func(d *jobs.Definition) { d.Name = "My Job" },
		"its usage is one line":     func(d *jobs.Definition) { d.Usage = "" },
		"no Plan":                   func(d *jobs.Definition) { d.Plan = nil },
		"no Open":                   func(d *jobs.Definition) { d.Open = nil },
		"is negative":               func(d *jobs.Definition) { d.Retries = -1 },
		"no key whose lifetime":     func(d *jobs.Definition) { d.KeyLifetime = 1 },
		"which no flag can be":      func(d *jobs.Definition) { d.Flags = []jobs.Flag{{Name: "size", Usage: "x", Default: uint8(1)}} },
		`its flag "S" is no word`:   func(d *jobs.Definition) { d.Flags = []jobs.Flag{{Name: "S", Usage: "x", Default: 1}} },
		"says nothing about itself": func(d *jobs.Definition) { d.Flags = []jobs.Flag{{Name: "size", Default: 1}} },
		"it has two flags size": func(d *jobs.Definition) {
			d.Flags = []jobs.Flag{{Name: "size", Usage: "x", Default: 1}, {Name: "size", Usage: "x", Default: 1}}
		},
		"--limit is a flag of":         func(d *jobs.Definition) { d.Flags = []jobs.Flag{{Name: "limit", Usage: "x", Default: 1}} },
		"can be called --dataset":      func(d *jobs.Definition) { d.Flags = []jobs.Flag{{Name: "dataset", Usage: "x", Default: ""}} },
		"brood status is a command of": func(d *jobs.Definition) { d.Tools = []jobs.Tool{{Name: "status", Usage: "x"}} },
	} {
		d := &jobs.Definition{Name: "mine", Usage: "do it", Plan: plan, Open: open}
		if err := Check(d); err != nil {
			t.Fatal(err)
		}
		change(d)
		if err := Check(d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

// TestJobs: they have names that differ, and are new each time.
func TestJobs(t *testing.T) {
	var names []string
	for _, d := range Jobs() {
		if slices.Contains(names, d.Name) {
			t.Errorf("two are called %s", d.Name)
		}
		names = append(names, d.Name)
	}
	if a, b := Jobs(), Jobs(); len(names) == 0 || a[0] == b[0] {
		t.Error("who changes one changes that of others")
	}
}
