package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/chart"
	"brood/jobs/geocode/geo"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// readConfig checks the flags and makes of them what the workers get.
func readConfig(o jobs.Options) (*config, error) {
	c := &config{
		Reverse: o.Bool("reverse"), Metres: o.Float64("max-distance"), Level: o.String("level"), Language: o.String("language"),
		MinPrecision: o.String("min-precision"), MinConfidence: o.Float64("min-confidence"), Agree: o.Float64("agree"),
		Prefix: o.String("prefix"), Force: o.Bool("force"), OnlyMissing: o.Bool("only-missing"),
		MaxRequests: int64(o.Int("max-requests")), FromCache: o.Bool("from-cache"),
		Nothing: o.Duration("cache-nothing"), Timeout: o.Duration("request-timeout"), Batch: o.Int("batch"),
	}
	for _, read := range []func(jobs.Options) error{c.readWhat, c.readBounds, c.readCosts, c.readSources} {
		if err := read(o); err != nil {
			return nil, err
		}
	}
	return c, nil
}

// readWhat reads what is looked for.
func (c *config) readWhat(o jobs.Options) error {
	if _, err := geo.ParseLevel(c.Level); err != nil {
		return fmt.Errorf("--level: %w", err)
	}
	if c.MinPrecision != "" {
		if _, err := geo.ParsePrecision(c.MinPrecision); err != nil {
			return fmt.Errorf("--min-precision: %w", err)
		}
	}
	for name, v := range map[string]float64{"max-distance": c.Metres, "agree": c.Agree, "request-rate": o.Float64("request-rate")} {
		if !(v >= 0) || v > 1e8 {
			return fmt.Errorf("--%s %v: give a number from 0 on", name, v)
		}
	}
	if !(c.MinConfidence >= 0 && c.MinConfidence <= 1) {
		return fmt.Errorf("--min-confidence %v: give a share from 0 to 1", c.MinConfidence)
	}
	if c.Metres > 0 && !c.Reverse {
		return errors.New("--max-distance is for --reverse: the distance from a point that is given")
	}
	c.Columns = make(map[string]string)
	for _, p := range address.Parts() {
		if v := o.String(strings.TrimPrefix(p.Flag(), "--")); v != "" {
			c.Columns[p.String()] = v
		}
	}
	if m := o.String("map"); m != "" {
		var err error
		if !strings.HasSuffix(strings.ToLower(m), ".html") {
			return fmt.Errorf("--map %s: the map is a page: name it %s.html", m, strings.TrimSuffix(m, filepath.Ext(m)))
		}
		if c.Map, err = filepath.Abs(m); err != nil {
			return err
		}
		if err := chart.CheckPath(c.Map); err != nil {
			return fmt.Errorf("--map: %w", err)
		}
	}
	return nil
}

func (c *config) readBounds(o jobs.Options) (err error) {
	if c.Countries, err = countries(o.StringSlice("country")); err != nil {
		return err
	}
	if c.Box, err = boxOf(o.String("bbox")); err != nil {
		return err
	}
	c.Near, err = nearOf(o.String("near"))
	return err
}

func (c *config) readCosts(o jobs.Options) error {
	if c.MaxRequests < 0 || c.Batch < 0 {
		return errors.New("--max-requests and --batch cannot be negative")
	}
	if v := o.Float64("max-cost"); v != 0 {
		m, err := money(strconv.FormatFloat(v, 'f', -1, 64))
		if err != nil {
			return fmt.Errorf("--max-cost: %w", err)
		}
		c.MaxCost = m
	}
	switch v := strings.ToLower(o.String("cache")); v {
	case "yes", "on", "true", "":
		c.Cache = true
	case "no", "off", "false":
		if c.FromCache {
			return errors.New("--from-cache and --cache no are two things: give one")
		}
	default:
		return fmt.Errorf("--cache %s: say yes or no", v)
	}
	if c.Nothing <= 0 || c.Timeout <= 0 {
		return errors.New("--cache-nothing and --request-timeout must be more than 0")
	}
	return nil
}

// readSources reads who is asked, and what differs between them.
func (c *config) readSources(o jobs.Options) error {
	names := jobs.SplitList([]string{o.String("provider")})
	for i, name := range names {
		names[i] = strings.ToLower(strings.TrimSpace(name))
		if err := isSource(names[i]); err != nil {
			return err
		}
		if slices.Contains(names[:i], names[i]) {
			return fmt.Errorf("--provider names %s twice", names[i])
		}
	}
	if err := ambiguous(o, names); err != nil {
		return err
	}
	urls, err := keyed("base-url", o.StringSlice("base-url"), names)
	if err != nil {
		return err
	}
	keys, err := keyed("api-key-file", o.StringSlice("api-key-file"), names)
	if err != nil {
		return err
	}
	prices, err := keyed("price", o.StringSlice("price"), names)
	if err != nil {
		return err
	}
	for _, name := range names {
		s := sourceConfig{
			Name: name, BaseURL: urls[name], Own: o.Bool("own-server") && urls[name] != "", Permanent: o.Bool("permanent"), Rate: o.Float64("request-rate"),
			Contact: o.String("contact"), PerDay: o.Int("requests-per-day"),
		}
		if c.FromCache && s.Contact == "" {
			s.Contact = "asks nobody"
		}
		if f := keys[name]; f != "" && name != offlineName {
			if s.KeyFile, err = filepath.Abs(f); err != nil {
				return err
			}
		}
		if p := prices[name]; p != "" {
			price, err := money(p)
			if err != nil {
				return fmt.Errorf("--price: %w", err)
			}
			s.Price = &price
		}
		if name == offlineName {
			if err := s.readOffline(o); err != nil {
				return err
			}
		}
		c.Sources = append(c.Sources, s)
	}
	if !slices.Contains(names, offlineName) {
		for _, flag := range []string{"places", "postcodes"} {
			if len(o.StringSlice(flag)) > 0 {
				return fmt.Errorf("--%s is for --provider offline, which is not among %s", flag, strings.Join(names, ", "))
			}
		}
	}
	if c.Agree > 0 && len(names) < 2 {
		return errors.New("--agree compares two providers: name them, as in --provider nominatim,photon")
	}
	return nil
}

// ambiguous refuses what would send the key of one provider to another, or take the rules of a public
// server for those of one's own.
func ambiguous(o jobs.Options, names []string) error {
	var network []string
	for _, name := range names {
		if isNetwork(name) {
			network = append(network, name)
		}
	}
	for _, flag := range []string{"base-url", "api-key-file"} {
		for _, v := range o.StringSlice(flag) {
			if name, _, is := strings.Cut(v, "="); len(network) > 1 && (!is || !isWord(name)) {
				return fmt.Errorf("--%s %s: of which provider? Say %s=%s", flag, v, network[0], v)
			}
		}
	}
	if o.Bool("own-server") && len(o.StringSlice("base-url")) == 0 {
		return errors.New("--own-server needs --base-url: the rules of a public server hold for everybody")
	}
	return nil
}

func (s *sourceConfig) readOffline(o jobs.Options) error {
	s.BaseURL, s.Rate, s.Own = "", 0, false
	s.Places = jobs.SplitList(o.StringSlice("places"))
	for _, f := range o.StringSlice("postcodes") {
		abs, err := filepath.Abs(f)
		if err != nil {
			return err
		}
		s.Postcodes = append(s.Postcodes, abs)
	}
	return nil
}
