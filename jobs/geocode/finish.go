package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/cache"
	"brood/jobs/geocode/chart"
	"brood/jobs/geocode/gazetteer"
	"brood/jobs/geocode/provider"
	"brood/jobs/permits"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/dustin/go-humanize"
)

// finish says whom the results are owed to and what they have cost, when a session has ended, and
// makes the map when the run is done.
func finish(f *jobs.Finished) error {
	var c config
	if err := json.Unmarshal(f.Config, &c); err != nil {
		return fmt.Errorf("geocode: read configuration: %w", err)
	}
	var errs []error
	var shared int64
	if f.Done {
		var err error
		shared, err = c.sayResults(f)
		errs = append(errs, err)
	}
	if c.asksNetwork() {
		errs = append(errs, c.sayCosts(f, shared))
	}
	if !f.Done {
		return errors.Join(errs...)
	}
	for _, text := range c.attributions() {
		f.Say("%s", text)
	}
	err := errors.Join(append(errs, cache.RemoveRun(f.Dir))...)
	if c.Map != "" {
		err = errors.Join(err, c.draw(f, c.Map, "", chart.DefaultMost))
	}
	return err
}

// attributions is who must be named beside the results.
func (c *config) attributions() []string {
	var out []string
	for i := range c.Sources {
		s := &c.Sources[i]
		if !isNetwork(s.Name) {
			out = append(out, gazetteer.Attribution)
			continue
		}
		if p, err := openProvider(s); err == nil && p.Preset.Attribution != "" {
			out = append(out, p.Preset.Attribution)
		}
	}
	return out
}

// sayCosts says how many requests the run has made so far, and saved: so many rows share the answer of
// another one, or have that of an earlier run.
func (c *config) sayCosts(f *jobs.Finished, shared int64) error {
	path := filepath.Join(f.Dir, budgetFile)
	if _, err := os.Stat(path); err != nil {
		return nil //nolint:nilerr // nobody was asked
	}
	b, err := permits.OpenBudget(path, 0, 0)
	if err != nil {
		return err
	}
	requests, cost := b.Spent()
	if err := b.Close(); err != nil {
		return err
	}
	text := fmt.Sprintf("%s requests", humanize.Comma(requests))
	if cost > 0 {
		text += fmt.Sprintf(", which cost %s at the list price", cost)
	}
	if shared > 0 {
		text += fmt.Sprintf("; %s saved by sharing and keeping answers", humanize.Comma(shared))
		if price := c.price(); price.PerThousand > 0 {
			text += fmt.Sprintf(", worth %s", permits.Money(price.Cost(shared)))
		}
	}
	f.Say("%s", text)
	return nil
}

// price is what requests to the first provider cost.
func (c *config) price() provider.Price {
	p, err := openProvider(&c.Sources[0])
	if err != nil {
		return provider.Price{}
	}
	return p.Preset.Price
}
