package provider

import (
	"brood/jobs"
	"brood/jobs/geocode/geo"
	"brood/jobs/web"
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"mime/multipart"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Batch is how a provider takes many questions in one request.
type Batch struct {
	// Most is how many may be in one, MostBytes how large it may be.
	Most      int
	MostBytes int
	// Each says that every question counts as a request, for the pace and for the price.
	Each bool
	// Takes reports whether a question can be in a batch; the others are asked singly.
	Takes func(q *geo.Query) bool

	provider *Provider
	encode   func(r *request, qs []*geo.Query) error
	// decode reads a body of a 200 into out, of which there is one for each question.
	decode func(body []byte, qs []*geo.Query, out *outcomes) error
}

// State is what became of one question of a batch.
type State uint8

// The states.
const (
	Found   State = iota // Places has at least one
	Nothing              // there is none
	Tie                  // there are several alike, and the provider shows none
	Broken               // Err says what was wrong with this one
)

var stateNames = [...]string{"found", "nothing", "tie", "broken"}

func (s State) String() string { return stateNames[s] }

// Outcome is the answer to one question of a batch.
type Outcome struct {
	State  State
	Places []geo.Place
	// Again says that it is worth to ask once more, singly: this provider answers some of these
	// then.
	Again bool
	Err   error
}

// Batch is the provider's way to take many at once; nil if it has none.
func (p *Provider) Batch() *Batch {
	if p.form.batch == nil {
		return nil
	}
	b := p.form.batch(p)
	b.provider = p
	return b
}

// Request makes one request of questions, of which each must be one that the batch Takes.
func (b *Batch) Request(ctx context.Context, qs []*geo.Query, key Key) (*http.Request, error) {
	if len(qs) == 0 || len(qs) > b.Most {
		return nil, fmt.Errorf("%d questions in one batch: %s takes from 1 to %d", len(qs), b.provider.Name, b.Most)
	}
	r := newRequest(b.provider.BaseURL)
	r.method = http.MethodPost
	if err := b.encode(r, qs); err != nil {
		return nil, err
	}
	if len(r.body) > b.MostBytes {
		return nil, fmt.Errorf("a batch of %d questions has %d bytes: %s takes %d at most", len(qs), len(r.body), b.provider.Name, b.MostBytes)
	}
	return b.provider.finish(ctx, r, key)
}

// mostOfOne is how much one question can add to a body, at least; for Fit.
const mostOfOne = 64

// Fit is how many of the first questions can be in one batch, by number and by size.
func (b *Batch) Fit(qs []*geo.Query) int {
	size, n := 4096, 0
	for _, q := range qs {
		a := &q.Address
		// JSON may write a byte as six.
		size += mostOfOne + 6*(len(a.Line)+len(a.Number)+len(a.Street)+len(a.City)+len(a.District)+len(a.County)+len(a.State)+len(a.Postcode)+len(a.Country))
		if n == b.Most || size > b.MostBytes && n > 0 {
			break
		}
		n++
	}
	return n
}

// Split cuts what was sent in one batch and failed into two halves; the second is empty if there is
// nothing to cut.
func Split[T any](all []T) (a, b []T) {
	half := (len(all) + 1) / 2
	return all[:half:half], all[half:]
}

// Read reads the answer to the questions of one batch, in their order. An error is a *web.Trouble
// about the batch as a whole: it may be sent again, whole or split.
func (b *Batch) Read(status int, header http.Header, body []byte, qs []*geo.Query) ([]Outcome, error) {
	if status != http.StatusOK {
		if err := b.provider.form.judged(status, header, body, time.Now()); err != nil {
			return nil, err
		}
		return nil, retry(ClassBatch, "the batch as a whole was not found: "+web.StatusText(status))
	}
	out := &outcomes{all: make([]Outcome, len(qs)), seen: make([]bool, len(qs))}
	if err := b.decode(body, qs, out); err != nil {
		return nil, asTrouble(err, body)
	}
	if err := out.complete(); err != nil {
		return nil, err
	}
	for i := range out.all {
		o := &out.all[i]
		if o.State != Found {
			continue
		}
		places, err := finishPlaces(o.Places, qs[i])
		switch {
		case err != nil:
			*o = Outcome{State: Broken, Again: true, Err: retry(classAnswer, err.Error())}
		case len(places) == 0:
			*o = Outcome{State: Nothing}
		default:
			o.Places = places
		}
	}
	return out.all, nil
}

// outcomes are the answers of a batch while they are read.
type outcomes struct {
	all  []Outcome
	seen []bool
}

// put puts the answer with an id, which is the place of its question, from 1.
func (o *outcomes) put(id string, answer Outcome) error {
	n, err := strconv.Atoi(strings.TrimSpace(id))
	if err != nil || n < 1 || n > len(o.all) {
		return retry(ClassBatch, fmt.Sprintf("the answer has an id that was not in the batch: %q", clip(id)))
	}
	if o.seen[n-1] {
		return retry(ClassBatch, fmt.Sprintf("the answer has the id %d twice", n))
	}
	o.seen[n-1], o.all[n-1] = true, answer
	return nil
}

// places is the answer that has these.
func places(all []geo.Place) Outcome {
	if len(all) == 0 {
		return Outcome{State: Nothing}
	}
	return Outcome{Places: all}
}

// complete says which answers are missing.
func (o *outcomes) complete() error {
	missing, first := 0, 0
	for i, seen := range o.seen {
		if !seen {
			if missing == 0 {
				first = i + 1
			}
			missing++
		}
	}
	if missing == 0 {
		return nil
	}
	return &web.Trouble{
		Verdict: jobs.VerdictRetry, Class: ClassBatch, Phase: web.PhaseAnswered,
		Text: fmt.Sprintf("%d of %d answers are missing in the batch, the first is number %d", missing, len(o.all), first),
	}
}

// id is the id of a question in its batch.
func id(i int) string { return strconv.Itoa(i + 1) }

// boundary parts a form. It is the same each time, as a request is; what is between is checked for it.
const boundary = "brood-2f0c6c1f7b1d4e0f9a63"

// csvForm makes the body of a form with rows of CSV as a file, and further fields.
func csvForm(r *request, field string, rows [][]string, fields []param) error {
	var file bytes.Buffer
	w := csv.NewWriter(&file)
	if err := w.WriteAll(rows); err != nil {
		return err
	}
	if bytes.Contains(file.Bytes(), []byte(boundary)) {
		return fmt.Errorf("an address holds %s", boundary)
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	if err := form.SetBoundary(boundary); err != nil {
		return err
	}
	for _, f := range fields {
		if err := form.WriteField(f.name, f.value); err != nil {
			return err
		}
	}
	part, err := form.CreateFormFile(field, "addresses.csv")
	if err != nil {
		return err
	}
	if _, err := part.Write(file.Bytes()); err != nil {
		return err
	}
	if err := form.Close(); err != nil {
		return err
	}
	r.body = body.Bytes()
	r.header.Set("Content-Type", form.FormDataContentType())
	return nil
}

// flat is a text for one cell: some providers read CSV by the line.
func flat(s string) string { return strings.Join(strings.Fields(s), " ") }
