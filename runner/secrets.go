package runner

import (
	"brood/jobs"
	"brood/runner/hand"
	"brood/runner/ledger"
	"brood/runner/spec"
	"brood/worker/wire"
	"encoding/json"
	"fmt"
)

// Whatever a worker says passes here before anything else sees it, so that no secret of the
// run comes into the ledger, the log, the results or the words about why others wait. The
// worker does the same before it notes an answer.

// hide takes the secrets of the run out of a text.
func (s *settler) hide(text string) string { return s.mask.Load().Text(text) }

// hear takes them out of an answer.
func (s *settler) hear(res *jobs.Result) { s.mask.Load().Result(res) }

// hearRemains takes them out of what a hand has left behind; answers among that are heard
// when they are read.
func (s *settler) hearRemains(rest *hand.Remains) {
	rest.How, rest.Said, rest.Loss.Text = s.hide(rest.How), s.hide(rest.Said), s.hide(rest.Loss.Text)
}

// maskOf is the mask of a run, before it has begun to work.
func maskOf(cfg *spec.Config) (*jobs.Mask, error) {
	if len(cfg.Limits.Secrets) == 0 {
		return nil, nil
	}
	id, err := credential(&cfg.Limits)
	if err != nil {
		return nil, err
	}
	_, secrets, err := environment(&cfg.Limits, id)
	return jobs.NewMask(secrets), err
}

// hideInNotes takes secrets out of what is taken over from another session.
func hideInNotes(mask *jobs.Mask, notes []ledger.Note) error {
	if mask == nil {
		return nil
	}
	for i := range notes {
		n := &notes[i]
		switch n.Kind {
		case ledger.NoteAnswer:
			var res jobs.Result
			if err := wire.ReadAnswer(n.Payload, &res); err != nil {
				return err
			}
			mask.Result(&res)
			n.Payload = wire.AppendAnswer(nil, &res)
		case ledger.NoteLoss:
			var l wire.Loss
			if err := json.Unmarshal(n.Payload, &l); err != nil {
				return fmt.Errorf("read the note of record %d: %w", n.Seq, err)
			}
			l.Error = mask.Text(l.Error)
			var err error
			if n.Payload, err = json.Marshal(l); err != nil {
				return err
			}
		default: // words of brood's own
		}
	}
	return nil
}
