package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/files"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
)

// barredFile has, in the directory of a run, the positions of charges that the run may not try again: brood retry would have it
// charge what a later run has charged in their place.
const barredFile = "billing.barred"

// barred are such positions, in their order.
type barred []uint64

// superseded is what becomes of a charge that is barred.
var superseded = charge.Outcome{
	Status: charge.Failed, ErrorType: "brood", ErrorCode: "superseded",
	Reason: "a later run has this charge, or its customer's period: it is not made again here",
}

func (b *barred) add(seq uint64) { *b = append(*b, seq) }

func (b barred) has(seq jobs.Seq) bool {
	_, there := slices.BinarySearch(b, uint64(seq))
	return there
}

// put writes the file, before the first record leaves.
func (b barred) put(dir string) error {
	text, err := json.Marshal(append(barred{}, b...))
	if err == nil {
		err = files.Write(filepath.Join(dir, barredFile), text, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write which charges are not to be tried again: %w", err)
	}
	return nil
}

// readBarred reads it. It is there in every session.
func readBarred(dir string) (b barred, err error) {
	text, err := os.ReadFile(filepath.Join(dir, barredFile))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, errors.New("the session was begun without asking which charges may be made: " + err.Error())
	}
	if err == nil {
		err = json.Unmarshal(text, &b)
	}
	if err != nil {
		return nil, fmt.Errorf("read which charges are not to be tried again: %w", err)
	}
	return b, nil
}
