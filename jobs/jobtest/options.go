package jobtest

import (
	"brood/jobs"
	"fmt"
	"reflect"
	"time"
)

// options are flags of a job without a command line.
type options struct {
	given  *Given
	values map[string]any
	set    map[string]bool
}

// newOptions takes flags over, which must be those of the job, and of their types.
func newOptions(d *jobs.Definition, g *Given) (*options, error) {
	o := &options{given: g, values: make(map[string]any), set: make(map[string]bool)}
	for i := range d.Flags {
		o.values[d.Flags[i].Name] = d.Flags[i].Default
	}
	for name, v := range g.Flags {
		was, known := o.values[name]
		if !known {
			return nil, fmt.Errorf("the job %s has no flag --%s", d.Name, name)
		}
		if reflect.TypeOf(v) != reflect.TypeOf(was) {
			return nil, fmt.Errorf("--%s is a %T, not a %T", name, was, v)
		}
		o.values[name], o.set[name] = v, true
	}
	if len(g.Command) > 0 && !d.TakesCommand {
		return nil, fmt.Errorf("the job %s takes no command", d.Name)
	}
	return o, nil
}

// of is the value of a flag, which the job must have declared as what it asks for.
func of[T any](o *options, name string) T {
	v, ok := o.values[name].(T)
	if !ok {
		var want T
		panic(fmt.Sprintf("jobtest: the job asks for its flag --%s as a %T, and it is a %T", name, want, o.values[name]))
	}
	return v
}

func (o *options) String(name string) string          { return of[string](o, name) }
func (o *options) Bool(name string) bool              { return of[bool](o, name) }
func (o *options) Int(name string) int                { return of[int](o, name) }
func (o *options) Float64(name string) float64        { return of[float64](o, name) }
func (o *options) Duration(name string) time.Duration { return of[time.Duration](o, name) }
func (o *options) StringSlice(name string) []string   { return of[[]string](o, name) }
func (o *options) IsSet(name string) bool             { return o.set[name] }
func (o *options) Command() []string                  { return o.given.Command }
func (o *options) Text() bool                         { return o.given.Text }
func (o *options) StateDir() string                   { return o.given.State }
