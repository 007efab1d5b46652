package jobs

// Forgetting is what a job knows of its records when some of a run that is done are forgotten: what is personal of them is
// taken out of all that brood keeps, and the rest stays, so that the run can be counted and checked as before.
type Forgetting struct {
	// Keep reports of a column, of the input or of the job, whether it tells nothing of a person by itself. What is in any
	// other is taken out. Nil: none stays but the engine's own.
	Keep func(column string) bool
	// Look says, in words, where else the records stand that will not be touched, and why. An error says that they cannot be
	// forgotten yet, as something of them is open. It changes nothing. With documents what is meant for others goes as
	// well: see Prepare. Nil: there is nothing to say.
	Look func(f *Finished, which []Seq, documents bool) (stays []string, err error)
	// Prepare makes new versions of what the job keeps of the records in files of its own, durable under names that
	// nobody knows, and changes nothing else: they get their names together, once all are there. With documents those
	// files go that were made for somebody else: invoices, files of a bank. Nil: there are none.
	Prepare func(f *Finished, which []Seq, documents bool) ([]NewVersion, error)
	// Settle does what is left when all files have their new versions. It is called again after a crash, with the same
	// records or more: all that were ever forgotten of the run. Nil: there is nothing.
	Settle func(f *Finished, which []Seq) error
}

// NewVersion is a file that takes the place of the one at a path. New is empty if that only goes.
type NewVersion struct{ Path, New string }
