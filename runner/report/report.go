// Package report tells what has become of a run, to those who were not there: one page of HTML that holds all it
// needs, and the same as plain text. It reads the ledger, the log, the results and the dataset of a run that is
// running, interrupted or done, and changes nothing.
//
// All it says are values of package figures, its own sections as well as those of the job, and two
// renderings of these: so there is one place where what comes from elsewhere is made harmless. On both, account
// numbers are masked, control characters and those that turn the direction of text are written out, and what is
// too long is cut; on the page all is escaped besides, no script runs, and nothing is loaded from anywhere
// (Content-Security-Policy). What a ledger does not tell is said to be not known, and never guessed.
//
// How large a page is does not depend on how many records there are: of lists the first rows are shown, with how
// many there are besides.
package report

import (
	"brood/jobs/figures"
	"io"
	"time"
)

// Page is a report, as it is written.
type Page struct {
	Title    string
	Subtitle string
	// Badge is a word that says how it stands.
	Badge     string
	BadgeTint figures.Tint
	// Cards are the figures that one looks for first.
	Cards    []figures.Fact
	Sections []figures.Section
	Made     time.Time
	Version  string // of the brood that has made it
}

// Kind is how a report is written.
type Kind string

// The kinds.
const (
	HTML Kind = "html"
	Text Kind = "text"
)

// Write writes a page.
func (p *Page) Write(w io.Writer, kind Kind) error {
	if kind == Text {
		return p.writeText(w)
	}
	return p.writeHTML(w)
}

// By these a report is known: an HTML one has the first in its head, and a text begins with the second.
const (
	HTMLMark = `<meta name="generator" content="brood report">`
	TextMark = "brood report: "
)

// mostRows is how many rows of a list are shown.
const mostRows = 50
