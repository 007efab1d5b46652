package command

import (
	"brood/jobs"
	"brood/runner/desk"
	"brood/runner/intake"
	"brood/runner/spec"
	"strings"
)

// checkWhere refuses a condition that cannot be asked of the records, and tells of what may not
// be as it was meant.
func (e *env) checkWhere(cfg *spec.Config, s *jobs.Shape) error {
	chooser, err := intake.NewChooser(cfg.Where, s)
	if err != nil {
		return usage("A condition is made of comparisons, as in 'status=enabled and age>=18 and country in AT,DE': see docs/datasets.md.", "--where: %w", err)
	}
	if chooser != nil && cfg.Dataset.Group != nil {
		return usage("Choose the lines first: grep … | brood run …", "--where chooses records, and with --max-args a record is several lines")
	}
	if chooser != nil && cfg.Dataset.GroupBy != nil && s.Index(desk.SeqColumn) < 0 && strings.Contains(cfg.Where, desk.SeqColumn) {
		return usage("Name a column of the dataset.", "--where chooses rows before --group-by makes records of them, and %s is the number of a record", desk.SeqColumn)
	}
	for _, note := range chooser.Notes() {
		e.terminal.Logf("--where: %s", note)
	}
	return nil
}

// tellLeftOut says how many records a look at the dataset has passed over.
func (e *env) tellLeftOut(chooser *intake.Chooser) {
	if n := chooser.LeftOut(); n > 0 {
		e.terminal.Logf("%d records are left out by --where", n)
	}
}
