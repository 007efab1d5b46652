package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/address"
	"brood/jobs/geocode/geo"
	"brood/jobs/permits"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"
)

// config is what the ledger keeps and the workers get. No key of an account is in it: only
// where it is to be had.
type config struct {
	Columns   map[string]string `json:"columns,omitempty"` // of which part, as --address and the like say
	Guessed   bool              `json:"guessed,omitempty"` // Columns are empty: the header says it
	Sources   []sourceConfig    `json:"sources"`
	Reverse   bool              `json:"reverse,omitempty"`
	Metres    float64           `json:"max_metres,omitempty"`
	Countries []string          `json:"countries,omitempty"`
	Box       *geo.Box          `json:"box,omitempty"`
	Near      *geo.Point        `json:"near,omitempty"`
	Level     string            `json:"level,omitempty"`
	Language  string            `json:"language,omitempty"`

	MinPrecision  string  `json:"min_precision,omitempty"`
	MinConfidence float64 `json:"min_confidence,omitempty"`
	Agree         float64 `json:"agree,omitempty"`

	Prefix      string `json:"prefix"`
	Force       bool   `json:"force,omitempty"`
	OnlyMissing bool   `json:"only_missing,omitempty"`

	MaxRequests int64         `json:"max_requests,omitempty"`
	MaxCost     permits.Money `json:"max_cost,omitempty"` // millionths
	Cache       bool          `json:"cache,omitempty"`
	FromCache   bool          `json:"from_cache,omitempty"`
	Nothing     time.Duration `json:"cache_nothing,omitempty"`
	Timeout     time.Duration `json:"request_timeout,omitempty"`
	Batch       int           `json:"batch,omitempty"`
	Map         string        `json:"map,omitempty"` // an absolute path
}

// sourceConfig is one of --provider.
type sourceConfig struct {
	Name      string         `json:"name"`
	BaseURL   string         `json:"base_url,omitempty"` // empty: the provider's own
	KeyFile   string         `json:"key_file,omitempty"` // absolute; empty: the environment
	Own       bool           `json:"own_server,omitempty"`
	Permanent bool           `json:"permanent,omitempty"`
	Rate      float64        `json:"rate,omitempty"` // requests a second, in place of the preset
	PerDay    int            `json:"per_day,omitempty"`
	Price     *permits.Money `json:"price,omitempty"` // of 1,000 requests, in millionths
	Contact   string         `json:"contact,omitempty"`
	Places    []string       `json:"places,omitempty"`    // of offline: names of imported points
	Postcodes []string       `json:"postcodes,omitempty"` // and files, absolute
}

// keyed reads the values of a flag that are VALUE, for all providers, or PROVIDER=VALUE.
func keyed(flag string, values, providers []string) (map[string]string, error) {
	out := make(map[string]string)
	for _, v := range values {
		name, value, is := strings.Cut(v, "=")
		switch {
		case is && slices.Contains(providers, name):
			out[name] = value
		case is && isWord(name):
			return nil, fmt.Errorf("--%s %s: %s is none of the providers of this run: %s", flag, v, name, strings.Join(providers, ", "))
		default:
			for _, p := range providers {
				if _, own := out[p]; !own {
					out[p] = v
				}
			}
		}
	}
	return out, nil
}

// isWord reports whether a text could be the name of a provider, and not the beginning of a URL or path.
func isWord(s string) bool {
	return s != "" && !strings.ContainsFunc(s, func(c rune) bool { return (c < 'a' || c > 'z') && (c < '0' || c > '9') })
}

// money reads an amount with at most six digits behind the point, exactly.
func money(s string) (permits.Money, error) {
	whole, part, _ := strings.Cut(s, ".")
	n, err := strconv.ParseUint(whole, 10, 40)
	digits := part
	for len(digits) < 6 {
		digits += "0"
	}
	m, err2 := strconv.ParseUint(digits, 10, 32)
	if err != nil || err2 != nil || len(part) > 6 || n > 1e12 {
		return 0, fmt.Errorf("%q is no amount: write it as in 0.50", s)
	}
	return permits.Money(n*1e6 + m), nil //nolint:gosec // bounded above
}

// numbers reads n numbers with commas between.
func numbers(s string, n int) ([]float64, error) {
	parts := strings.Split(s, ",")
	if len(parts) != n {
		return nil, fmt.Errorf("%q has %d numbers, and %d are needed", s, len(parts), n)
	}
	out := make([]float64, n)
	for i, p := range parts {
		v, err := strconv.ParseFloat(strings.TrimSpace(p), 64)
		if err != nil || math.IsNaN(v) || math.IsInf(v, 0) {
			return nil, fmt.Errorf("%q is no number", p)
		}
		out[i] = v
	}
	return out, nil
}

func boxOf(s string) (*geo.Box, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // none
	}
	v, err := numbers(s, 4)
	if err != nil {
		return nil, fmt.Errorf("--bbox: %w; give WEST,SOUTH,EAST,NORTH, as in 5.9,45.8,10.5,47.8", err)
	}
	b := &geo.Box{West: v[0], South: v[1], East: v[2], North: v[3]}
	if !(geo.Point{Lat: b.South, Lon: b.West}).Valid() || !(geo.Point{Lat: b.North, Lon: b.East}).Valid() || b.South > b.North {
		return nil, fmt.Errorf("--bbox %s: that is no part of the earth; the order is WEST,SOUTH,EAST,NORTH, in degrees", s)
	}
	return b, nil
}

func nearOf(s string) (*geo.Point, error) {
	if s == "" {
		return nil, nil //nolint:nilnil // none
	}
	v, err := numbers(s, 2)
	if err != nil {
		return nil, fmt.Errorf("--near: %w; give LAT,LON, as in 47.37,8.54", err)
	}
	p := &geo.Point{Lat: v[0], Lon: v[1]}
	if !p.Valid() {
		return nil, fmt.Errorf("--near %s: that is no point; the order is LAT,LON, in degrees", s)
	}
	return p, nil
}

// countries reads codes of ISO 3166-1, or names.
func countries(values []string) ([]string, error) {
	var out []string
	for _, v := range jobs.SplitList(values) {
		v = strings.TrimSpace(v)
		code := address.CountryCode(v)
		if code == "" {
			return nil, fmt.Errorf("--country %q: there is no such country; give a code of two letters, as in DE", v)
		}
		if !slices.Contains(out, code) {
			out = append(out, code)
		}
	}
	return out, nil
}
