package runner

import (
	"brood/jobs"
	"brood/runner/ledger"
	"brood/runner/sink"
	"bytes"
	"strconv"
)

// keepPrinted takes what a command has printed off a result, for the files of the run, if
// there are to be any.
func (s *settler) keepPrinted(u *settlement, rec *jobs.Record, o *ledger.Outcome, out *sink.Outcome) {
	if s.cfg.Results == "" {
		return
	}
	p := sink.Printed{Seq: rec.Seq, Record: bytes.Clone(rec.Whole()), Exit: exitWords(o.Status, o.Class)}
	if rec.Raw == nil {
		p.Record = rec.AppendJSON(nil)
	}
	var stdout, stderr []byte
	if out.Values, stdout, stderr = jobs.CutPrinted(out.Values, len(s.cfg.Plan.Columns)); out.Values != nil {
		p.Stdout, p.Stderr = bytes.Clone(stdout), bytes.Clone(stderr)
	}
	u.Printed = append(u.Printed, p)
}

// exitWords is how a command has ended, in a word or two.
func exitWords(status jobs.Status, class jobs.Class) string {
	exit, signal := exitOf(status, class)
	switch {
	case exit > 0 || (exit == 0 && signal == 0 && status == jobs.StatusOK):
		return strconv.Itoa(exit)
	case signal > 0 && exit == 0:
		return "signal " + string(class[len("signal:"):])
	}
	return status.String() + " " + string(class)
}
