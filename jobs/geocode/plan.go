package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/provider"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"net/url"
	"os"
	"strconv"
	"strings"
)

// mostInHand is how many rows a worker can have in hand that are asked for one by one.
const mostInHand = 1024

func plan(o jobs.Options, s *jobs.Shape) (jobs.Plan, error) {
	c, err := readConfig(o)
	if err != nil {
		return jobs.Plan{}, err
	}
	a, err := newAsker(c, s)
	if err != nil {
		return jobs.Plan{}, err
	}
	if c.Reverse && !a.mapping.HasPoint() && !a.mapping.HasAddress() {
		return jobs.Plan{}, fmt.Errorf("--reverse: no column of the points is known: say --lat and --lon")
	}
	p := jobs.Plan{Columns: columns(c.Prefix), NeedsText: true, InHand: mostInHand, Defaults: map[string]string{"like-input": "true"}}
	p.Warnings = append(p.Warnings, a.mapping.String())
	p.Point = jobs.Point{Lat: c.Prefix + columnNames[colLat], Lon: c.Prefix + columnNames[colLon]}
	if c.Map != "" && o.Text() {
		return jobs.Plan{}, errors.New("--map is made of the results: say -o FILE.csv, or another file of rows")
	}
	for i := range c.Sources {
		if err := checkSource(c, &c.Sources[i], o, &p); err != nil {
			return jobs.Plan{}, err
		}
	}
	if c.asksNetwork() {
		if err := c.inHand(&p); err != nil {
			return jobs.Plan{}, err
		}
	}
	var names []string
	for i := range c.Sources {
		names = append(names, c.Sources[i].Name)
	}
	p.Task = strings.Join(names, ",")
	p.Ended = []jobs.Ended{{Status: "failed", Values: endedValues()}, {Status: "unknown", Values: endedValues()}}
	p.Preview = func(rec *jobs.Record) string { q := a.read(rec); return words(&q.Query) }
	p.Rehearse = func(r *jobs.Rehearsal) error { return rehearse(c, r, a, o.StateDir()) }
	p.Config, err = json.Marshal(c)
	return p, err
}

// endedValues are the columns of a row that failed without an answer of the job.
func endedValues() []string {
	v := make([]string, columnCount)
	v[colStatus] = "error"
	return v
}

// checkSource refuses what cannot work, or may not be done, before anything is begun.
func checkSource(c *config, s *sourceConfig, o jobs.Options, p *jobs.Plan) error {
	if !isNetwork(s.Name) {
		return checkOffline(s, o.StateDir())
	}
	pr, err := openProvider(s)
	if err != nil {
		return err
	}
	key, err := provider.ReadKey(s.KeyFile, pr.Preset.KeyVariable, os.Getenv)
	if err != nil {
		return err
	}
	if key.Empty() && pr.Preset.NeedsKey && !s.Own && !o.Bool("from-cache") {
		return fmt.Errorf("%s needs the key of an account: put it into the environment as %s, or into a file that --api-key-file names", s.Name, pr.Preset.KeyVariable)
	}
	if c.MaxCost > 0 && !pr.Preset.Price.Known {
		return fmt.Errorf("--max-cost: what a request to %s costs depends on the plan: say --price %s=AMOUNT for 1,000", s.Name, s.Name)
	}
	if most := pr.Preset.Bulk; most > 0 && !s.Own && !c.FromCache && isPublic(s) && (p.Most == nil || p.Most.Records > uint64(most)) {
		p.Most = &jobs.Most{Records: uint64(most), Why: pr.CheckBulk(math.MaxInt).Error()}
	}
	return nil
}

// isPublic reports whether a provider is asked where it is for everybody.
func isPublic(s *sourceConfig) bool {
	if s.BaseURL == "" {
		return true
	}
	own, err := url.Parse(s.BaseURL)
	public, _ := provider.Open(s.Name, provider.Options{Own: true, Permanent: true})
	if err != nil || public == nil {
		return false
	}
	base, err := url.Parse(public.BaseURL)
	return err == nil && strings.EqualFold(base.Hostname(), own.Hostname())
}

// inHand sets how many rows are asked for at a time, where the user does not say: as many as may
// leave in a second, so that none waits in its worker for longer, or as many as go into one request.
func (c *config) inHand(p *jobs.Plan) error {
	pr, err := openProvider(&c.Sources[0])
	if err != nil {
		if !isNetwork(c.Sources[0].Name) {
			return nil // it is not the first that is on the network
		}
		return err
	}
	n := 32
	if r := pr.Preset.PerSecond; r > 0 {
		n = int(min(max(math.Ceil(r), 1), 32))
	}
	if b := c.batchSize(pr); b > 1 {
		n = b
		p.InHand = max(p.InHand, b)
	}
	p.Defaults["per-worker"], p.Defaults["jobs"] = strconv.Itoa(n), strconv.Itoa(n)
	return nil
}
