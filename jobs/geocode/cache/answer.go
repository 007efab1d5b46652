package cache

import (
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/klauspost/compress/zstd"
)

// Outcome is what a provider has said.
type Outcome string

// The outcomes. An error is none: to keep one as "nothing found" is how caches go bad.
const (
	Found   Outcome = "found"
	Nothing Outcome = "nothing" // it knows of no such place
)

// Answer is what a provider has answered.
type Answer struct {
	Outcome Outcome
	Raw     []byte    // as it came
	At      time.Time // when it came
	Expires time.Time // from when on it does not count; zero: never. See Life
}

// DefaultNothing is how long it is believed that there is no such place: maps get better.
const DefaultNothing = 7 * 24 * time.Hour

// Life is how long answers of a provider may be kept.
type Life struct {
	// Found is how long a place may be kept, by the provider's terms; 0: for ever.
	Found time.Duration
	// Nothing is how long it is believed that there is none; 0: DefaultNothing.
	Nothing time.Duration
}

// Expires is until when an answer may be kept that was given at a time; zero: for ever. What
// a provider asks for holds for both kinds of answer.
func (l Life) Expires(o Outcome, at time.Time) time.Time {
	d := l.Found
	if o == Nothing {
		d = l.Nothing
		if d <= 0 {
			d = DefaultNothing
		}
		if l.Found > 0 {
			d = min(d, l.Found)
		}
	}
	if d <= 0 {
		return time.Time{}
	}
	return at.Add(d)
}

// form is how an answer is stored.
type form string

const (
	plain  form = "plain"
	packed form = "zstd" // a frame of Zstandard
)

const (
	// maxAnswer is how long an answer may be, in bytes: far more than a place takes.
	maxAnswer = 4 << 20
	// packFrom is from how many bytes on it is worth the time to pack an answer.
	packFrom = 512
)

// row is an answer as it is stored.
type row struct {
	key                   []byte
	provider, base, query string
	outcome               Outcome
	form                  form
	answer                []byte
	at                    int64
	expires               *int64
}

func newRow(k Key, a *Answer) (*row, error) {
	switch {
	case a.Outcome != Found && a.Outcome != Nothing:
		return nil, fmt.Errorf("%q is no outcome of a question", a.Outcome)
	case len(a.Raw) > maxAnswer:
		return nil, fmt.Errorf("it has %d bytes, more than %d", len(a.Raw), maxAnswer)
	}
	r := &row{key: k.hash(), provider: k.Provider, base: k.base(), query: k.Query, outcome: a.Outcome, form: plain, answer: a.Raw, at: a.At.Unix()}
	if r.answer == nil {
		r.answer = []byte{}
	}
	if len(a.Raw) >= packFrom {
		if e, err := encoder(); err == nil {
			if b := e.EncodeAll(a.Raw, nil); len(b) < len(a.Raw) {
				r.form, r.answer = packed, b
			}
		}
	}
	if !a.Expires.IsZero() {
		s := a.Expires.Unix()
		r.expires = &s
	}
	return r, nil
}

// decode is the reverse of newRow, of what stands in a file.
func (r *row) decode() (*Answer, error) {
	a := &Answer{Outcome: r.outcome, Raw: r.answer, At: time.Unix(r.at, 0).UTC()}
	if r.expires != nil {
		a.Expires = time.Unix(*r.expires, 0).UTC()
	}
	if a.Outcome != Found && a.Outcome != Nothing {
		return nil, fmt.Errorf("%w: an answer is %q", errDamage, a.Outcome)
	}
	switch r.form {
	case plain:
	case packed:
		d, err := decoder()
		if err != nil {
			return nil, err
		}
		if a.Raw, err = d.DecodeAll(r.answer, nil); err != nil {
			return nil, fmt.Errorf("%w: an answer cannot be unpacked: %w", errDamage, err)
		}
	default:
		return nil, fmt.Errorf("%w: an answer is stored as %q", errDamage, r.form)
	}
	if len(a.Raw) > maxAnswer {
		return nil, fmt.Errorf("%w: an answer has %d bytes", errDamage, len(a.Raw))
	}
	return a, nil
}

// errDamage is wrapped by errors about a cache that holds what nobody has put there.
var errDamage = errors.New("it is not what was stored")

// The two are made when they are needed first: they take memory, and most workers of brood
// never see an answer.
var encoder = sync.OnceValues(func() (*zstd.Encoder, error) {
	return zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithLowerEncoderMem(true), zstd.WithWindowSize(64<<10))
})

var decoder = sync.OnceValues(func() (*zstd.Decoder, error) {
	return zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true), zstd.WithDecoderMaxMemory(maxAnswer))
})
