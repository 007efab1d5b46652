package billing

import (
	"brood/jobs"
	"brood/jobs/billing/settings"
	"testing"
	"time"
)

// flagged are options of which some are given.
type flagged map[string]any

var _ jobs.Options = flagged(nil)

func value[T any](f flagged, name string) T {
	v, _ := f[name].(T)
	return v
}

func (f flagged) String(name string) string          { return value[string](f, name) }
func (f flagged) Bool(name string) bool              { return value[bool](f, name) }
func (f flagged) Int(name string) int                { return value[int](f, name) }
func (f flagged) Float64(name string) float64        { return value[float64](f, name) }
func (f flagged) Duration(name string) time.Duration { return value[time.Duration](f, name) }
func (f flagged) StringSlice(name string) []string   { return value[[]string](f, name) }
func (f flagged) IsSet(name string) bool             { _, ok := f[name]; return ok }
func (f flagged) Command() []string                  { return nil }
func (f flagged) Text() bool                         { return false }
func (f flagged) StateDir() string                   { return "" }

func settingsFor(t *testing.T) *settings.Settings {
	t.Helper()
	s, err := settings.Parse([]byte("[seller]\nname = \"Shop\"\ncountry = \"DE\"\n"))
	if err != nil {
		t.Fatal(err)
	}
	return s
}
