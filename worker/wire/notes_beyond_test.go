package wire

import (
	"errors"
	"testing"
	"time"
)

// TestNotesBeyondTheFile: a page that says that notes end where the file has long ended is
// damaged, for the worker and for the parent, and nothing is written to get there.
func TestNotesBeyondTheFile(t *testing.T) {
	for _, of := range []string{"worker", "parent"} {
		t.Run(of, func(t *testing.T) {
			worker, parent, sizes := newNotesOf(t)
			open := map[string]func() (*Page, *Notes){"worker": worker, "parent": parent}[of]
			page, notes := open()
			note := Note{Time: time.Second, Seq: 1, Try: 1, Kind: NoteAnswer, Payload: []byte("answer")}
			if err := notes.Append(&note); err != nil {
				t.Fatal(err)
			}
			before := sizes()
			for h := range uintptr(2) {
				page.store(wordLength+8*h, wordMax>>1)
			}
			page.store(wordLast, wordMax>>1) // both are in use
			page.store(wordLast+8, wordMax>>1)
			if err := notes.Append(&note); !errors.Is(err, ErrPage) {
				t.Errorf("%v, want %v", err, ErrPage)
			}
			if after := sizes(); after != before {
				t.Errorf("the files had %d bytes, and have %d", before, after)
			}
		})
	}
}
