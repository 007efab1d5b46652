package geocode

import (
	"brood/jobs"
	"brood/jobs/geocode/gazetteer"
	"brood/jobs/geocode/geo"
	"brood/jobs/geocode/places"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"runtime"
	"time"
)

// gazetteerDir is where the index of places is built, in the state directory.
const gazetteerDir = "gazetteer"

// offline is the source on this machine: the user's own address points, and behind them the
// places and postcodes of GeoNames.
type offline struct {
	points []*places.Index
	index  *gazetteer.Index // not its own
}

// openIndex opens the index of places, which is built where it is needed first.
func openIndex(state string) (*gazetteer.Index, error) {
	// A worker has one processor, and to build the index is work for two: the other workers wait for it.
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(max(runtime.GOMAXPROCS(0), min(runtime.NumCPU(), 2))))
	return gazetteer.Open(filepath.Join(state, gazetteerDir))
}

func newOffline(_ context.Context, s *sourceConfig, state string, index *gazetteer.Index) (*offline, error) {
	o := &offline{index: index}
	for _, name := range s.Places {
		p, err := places.Named(state, name)
		if err != nil {
			return nil, errors.Join(err, o.close())
		}
		o.points = append(o.points, p)
	}
	return o, nil
}

func (o *offline) name() string { return offlineName }

// insists is false: what the index does not know of a question it passes over, and says so.
func (o *offline) insists() bool { return false }

// least is from where on package gazetteer is certain.
func (o *offline) least() float64 { return 0.5 }

// ask looks among the points first, and takes of them what is there, as they know houses; what they
// do not have the index may know by its town.
func (o *offline) ask(ctx context.Context, q *geo.Query) (answer, *trouble) {
	a := answer{at: time.Now()}
	if q.Level == geo.LevelAddress {
		for _, p := range o.points {
			found, err := p.Find(ctx, q)
			if ctx.Err() != nil {
				return a, stopped(ctx.Err())
			}
			if err != nil {
				return a, broken(err)
			}
			a.places = append(a.places, found...)
		}
		if len(a.places) > 0 {
			return a, nil
		}
	}
	found, err := o.index.Find(ctx, q)
	if ctx.Err() != nil {
		return a, stopped(ctx.Err())
	}
	if err != nil {
		return a, broken(err)
	}
	a.places = found
	return a, nil
}

// stopped is that the row was stopped, and no file is to blame.
func stopped(err error) *trouble {
	return &trouble{Verdict: jobs.VerdictRetry, Class: jobs.ClassTimeout, Text: err.Error()}
}

// broken is that a file of this machine cannot be read: no other row would be better off.
func broken(err error) *trouble { return abort("index", "%v", err) }

func (o *offline) close() error {
	var errs []error
	for _, p := range o.points {
		errs = append(errs, p.Close())
	}
	return errors.Join(errs...)
}

// checkOffline refuses points that are not there, and takes in postcodes.
func checkOffline(s *sourceConfig, state string) error {
	for _, name := range s.Places {
		p, err := places.Named(state, name)
		if err != nil {
			return fmt.Errorf("--places: %w", err)
		}
		if err := p.Close(); err != nil {
			return err
		}
	}
	if len(s.Postcodes) == 0 {
		return nil
	}
	// They are there for this run and for others from now on.
	if _, err := gazetteer.ImportPostcodes(filepath.Join(state, gazetteerDir), s.Postcodes...); err != nil {
		return fmt.Errorf("--postcodes: %w", err)
	}
	return nil
}
