package billing

import (
	"brood/jobs"
	"brood/jobs/billing/invoice"
	"brood/jobs/files"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// sumsFile has, in the directory of a run, the SHA-256 of each file that was written beside the results, by its path.
const sumsFile = "billing.sums"

func readSums(dir string) (map[string]string, error) {
	sums := make(map[string]string)
	b, err := os.ReadFile(filepath.Join(dir, sumsFile))
	if errors.Is(err, fs.ErrNotExist) {
		return sums, nil
	}
	if err == nil {
		err = json.Unmarshal(b, &sums)
	}
	return sums, err
}

// keepSum notes what was written at a path.
func keepSum(dir, path, sum string) error {
	sums, err := readSums(dir)
	if err != nil {
		return fmt.Errorf("%s: %w", filepath.Join(dir, sumsFile), err)
	}
	if sums[path] == sum {
		return nil
	}
	sums[path] = sum
	b, err := json.Marshal(sums)
	if err != nil {
		return err
	}
	return files.Write(filepath.Join(dir, sumsFile), b, 0o600)
}

// putOwn puts a file of the run in its place. What is there is replaced if it is the run's own, as its sums have it: another run, or the user,
// may have written there since this one began.
func putOwn(f *files.New, dir, path, sum string) error {
	sums, err := readSums(dir)
	if err != nil {
		return errors.Join(err, f.Discard())
	}
	if sums[path] == "" {
		if exists(path) {
			return errors.Join(fmt.Errorf("there is a file %s, which this run has not written: move it, and have it written by brood resume", path), f.Discard())
		}
		if err := keepSum(dir, path, sum); err != nil { // first, so that a run that is killed here knows it as its own
			return errors.Join(err, f.Discard())
		}
	}
	if err := f.Put(path); err != nil {
		return err
	}
	return keepSum(dir, path, sum)
}

// verifyFiles compares what was written beside the results with what is there. A file that is not there any more was
// sent, or filed: that is said.
func verifyFiles(f *jobs.Finished) []jobs.Finding {
	sums, err := readSums(f.Dir)
	if err != nil {
		return []jobs.Finding{{What: "files", Text: err.Error()}}
	}
	var out []jobs.Finding
	for _, path := range slices.Sorted(maps.Keys(sums)) {
		what := filepath.Base(path)
		now, err := sumOf(path)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			out = append(out, jobs.Finding{What: what, OK: true, Text: "it is not there any more; its SHA-256 was " + sums[path]})
		case err != nil:
			out = append(out, jobs.Finding{What: what, Text: err.Error()})
		case now != sums[path]:
			out = append(out, jobs.Finding{What: what, Text: fmt.Sprintf("%s was altered: its SHA-256 is %s, and was %s", path, now, sums[path])})
		default:
			out = append(out, jobs.Finding{What: what, OK: true, Text: "SHA-256 " + now})
		}
	}
	return out
}

// verifyDocuments makes every document that was issued once more, and compares it with the file: they are the same bytes
// whenever they are made.
func verifyDocuments(c *config, f *jobs.Finished, e *endings) (string, error) {
	p, err := planOf(c, f.State)
	if err != nil {
		return "", err
	}
	press, err := invoice.Open(c.PlanDir, c.Settings)
	if err != nil {
		return "", err
	}
	n, err := openNumbers(f.Dir)
	if err != nil {
		return "", err
	}
	defer func() { _ = n.close() }()
	var wrong []string
	made, gone, seq := 0, 0, jobs.Seq(0)
	for ch, err := range chargesOf(p) {
		if err != nil {
			return "", err
		}
		at := seq
		seq++
		if !e.issued(at) {
			continue
		}
		if p.HasForgotten(at) {
			gone++
			continue // what it would be made of is not there any more
		}
		if ch.Number, err = n.number(at); err != nil {
			return "", err
		}
		d, err := press.Make(ch)
		if err != nil {
			return "", err
		}
		made++
		for name, want := range map[string][]byte{d.Number + ".pdf": d.PDF, d.Number + ".html": d.HTML} {
			if got, err := os.ReadFile(filepath.Join(c.Invoices, name)); err != nil {
				wrong = append(wrong, err.Error())
			} else if !bytes.Equal(got, want) {
				wrong = append(wrong, name+" was altered")
			}
		}
	}
	if len(wrong) > 0 {
		slices.Sort(wrong)
		left := ""
		if len(wrong) > mostAltered {
			left = fmt.Sprintf(", and %d more", len(wrong)-mostAltered)
			wrong = wrong[:mostAltered]
		}
		return "", errors.New(strings.Join(wrong, ", ") + left)
	}
	text := fmt.Sprintf("%d documents in %s are what they were, byte for byte", made, c.Invoices)
	if gone > 0 {
		text += fmt.Sprintf("; %d of forgotten charges cannot be compared", gone)
	}
	return text, nil
}
