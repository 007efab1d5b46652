package jobs

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
)

// Check says what is wrong with a definition by itself: what is missing, and names that cannot be
// typed. Whether they are taken by brood itself is for package program to say.
func (d *Definition) Check() error {
	var problems []error
	wrong := func(format string, args ...any) {
		problems = append(problems, fmt.Errorf("job %s: "+format, append([]any{d.Name}, args...)...))
	}
	if !isWord(d.Name) {
		wrong("its name %q is no word of small letters, digits and dashes", d.Name)
	}
	if d.Usage == "" || strings.Contains(d.Usage, "\n") {
		wrong("its usage is one line, for the list of jobs")
	}
	if d.Plan == nil {
		wrong("it has no Plan")
	}
	if d.Open == nil {
		wrong("it has no Open")
	}
	if d.Retries < 0 {
		wrong("its number of tries after the first is negative")
	}
	if d.KeyLifetime != 0 && d.Effect != EffectKeyed && d.Effect != EffectOnce {
		wrong("what may be repeated freely has no key whose lifetime would count")
	}
	var seen []string
	for i := range d.Flags {
		f := &d.Flags[i]
		switch f.Default.(type) {
		case string, bool, int, float64, time.Duration, []string:
		default:
			wrong("its flag %s is a %T, which no flag can be: string, bool, int, float64, time.Duration or []string", f.Name, f.Default)
		}
		if !isWord(f.Name) || len(f.Name) < 2 {
			wrong("its flag %q is no word of small letters, digits and dashes", f.Name)
		}
		if f.Usage == "" {
			wrong("its flag %s says nothing about itself", f.Name)
		}
		for _, name := range append([]string{f.Name}, f.Aliases...) {
			if slices.Contains(seen, name) {
				wrong("it has two flags %s", name)
			}
			seen = append(seen, name)
		}
	}
	return errors.Join(problems...)
}

// isWord reports whether a name can be typed without a thought.
func isWord(name string) bool {
	for i := range len(name) {
		c := name[i]
		if (c < 'a' || c > 'z') && (i == 0 || (c < '0' || c > '9') && c != '-' && c != '.') {
			return false
		}
	}
	return name != ""
}
