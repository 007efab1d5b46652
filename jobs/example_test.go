package jobs_test

import (
	"brood/jobs"
	"brood/jobs/jobtest"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
)

// sum adds up the columns of a record that its flag names.
type sum struct {
	Columns []int `json:"columns"`
	text    bool
}

func (s *sum) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	total := 0
	for _, c := range s.Columns {
		n := 0
		if _, err := fmt.Sscan(string(bytes.TrimSpace(rec.Value(c))), &n); err != nil {
			res.Fail(jobs.VerdictFailed, "number", "column %s: %q is no number", rec.Shape.Columns[c], rec.Value(c))
			return nil //nolint:nilerr // that a record fails is a result
		}
		total += n
	}
	if s.text {
		res.Text = fmt.Appendln(res.Text, total)
		return nil
	}
	res.Values = append(res.Values, fmt.Append(nil, total))
	return nil
}

func (s *sum) Close() error { return nil }

func definition() *jobs.Definition {
	return &jobs.Definition{
		Name: "sum", Usage: "add up columns", Help: "Example:\n   brood run sum --of a,b numbers.csv",
		Effect: jobs.EffectNone, // it may be done again
		Flags:  []jobs.Flag{{Name: "of", Usage: "the `COLUMNS` to add up", Default: []string(nil)}},
		Plan: func(o jobs.Options, s *jobs.Shape) (jobs.Plan, error) {
			var c sum
			for _, name := range jobs.SplitList(o.StringSlice("of")) {
				at := s.Index(name)
				if at < 0 {
					return jobs.Plan{}, fmt.Errorf("--of %s: there is no such column", name)
				}
				c.Columns = append(c.Columns, at)
			}
			config, err := json.Marshal(&c)
			return jobs.Plan{Config: config, Columns: []jobs.Column{{Name: "sum", JSON: true}}}, err
		},
		Open: func(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
			r := &sum{text: s.Text}
			return r, json.Unmarshal(s.Config, r)
		},
	}
}

// A job is a definition and a runner. Here it is driven without a run; in a program it is given to program.Main.
func Example() {
	given := jobtest.Given{Columns: []string{"name", "a", "b"}, Flags: map[string]any{"of": []string{"a,b"}}}
	job, err := jobtest.Open(definition(), given)
	if err != nil {
		fmt.Println(err)
		return
	}
	for _, record := range [][]string{{"Ann", "1", "2"}, {"Bob", "3", "x"}} {
		answer, err := job.Do(record...)
		if err != nil {
			fmt.Println(err)
			return
		}
		fmt.Println(record[0], answer.Verdict, answer.Values["sum"]+answer.Error)
	}
	fmt.Println(job.Close())
	given.Flags["of"] = []string{"c"}
	_, err = jobtest.Plan(definition(), given)
	fmt.Println(err)
	// Output:
	// Ann ok 3
	// Bob failed column b: "x" is no number
	// <nil>
	// --of c: there is no such column
}
