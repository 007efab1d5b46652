package acceptance

import (
	"brood/jobs"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"golang.org/x/text/encoding/charmap"
)

// lookupJob is one that is given spreadsheets and asks the same of somebody only once: it finds a number for each
// place, which it keeps in the run's directory, and says in the end how many it has asked for.
func lookupJob() *jobs.Definition {
	return &jobs.Definition{
		Name: "lookup", Guesses: true,
		Plan: func(jobs.Options, *jobs.Shape) (jobs.Plan, error) {
			return jobs.Plan{
				Columns:  []jobs.Column{{Name: "geo", JSON: true, Replaces: true}},
				Defaults: map[string]string{"like-input": "true", "no-run-columns": "true"},
			}, nil
		},
		Same: func(_ json.RawMessage, s *jobs.Shape) (func(*jobs.Record) []byte, error) {
			at := s.Index("Ort")
			return func(r *jobs.Record) []byte { return r.Value(at) }, nil
		},
		Open: func(_ context.Context, s jobs.Setup) (jobs.Runner, error) {
			return lookup{dir: s.Dir, at: s.Shape.Index("Ort"), geo: s.Shape.Index("geo")}, os.MkdirAll(filepath.Join(s.State, "lookup"), 0o700)
		},
		Finish: func(f *jobs.Finished) error {
			found := make(map[string]bool)
			for rec, err := range f.Rows() {
				if err != nil {
					return err
				}
				found[string(rec.First("geo"))] = true
			}
			asked, err := filepath.Glob(filepath.Join(f.Dir, "lookup.*"))
			f.Say("lookup: done %v, %d asked, %d of %d found, in %s", f.Done, len(asked), len(found), f.Counts.OK, filepath.Base(f.Output))
			return err
		},
		Tools: []jobs.Tool{{Of: &jobs.Noun{Name: "lookups", Usage: "x"}, Name: "count", Usage: "x", OfRun: func(_ jobs.Options, f *jobs.Finished, stdout, _ io.Writer) error {
			_, err := fmt.Fprintln(stdout, f.Counts.OK)
			return err
		}}},
	}
}

type lookup struct {
	dir     string
	at, geo int
}

func (l lookup) Close() error { return nil }

// Do asks for a place unless it is known. To ask twice for one is a failure.
func (l lookup) Do(_ context.Context, rec *jobs.Record, res *jobs.Result) error {
	if l.geo >= 0 && len(rec.Value(l.geo)) > 0 {
		res.Fail(jobs.VerdictSkipped, "known", "it was there")
		return nil
	}
	name := fmt.Sprintf("lookup.%x", rec.Value(l.at))
	f, err := os.OpenFile(filepath.Join(l.dir, name), os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err == nil {
		time.Sleep(5 * time.Millisecond) // as the far side needs it
		_, err = fmt.Fprint(f, len(rec.Value(l.at)), ".5")
		if closeErr := f.Close(); err == nil {
			err = closeErr
		}
	}
	if err != nil && !os.IsExist(err) {
		return err
	}
	b, err := os.ReadFile(filepath.Join(l.dir, name))
	if err != nil {
		return err
	}
	if len(b) == 0 {
		res.Fail(jobs.VerdictFailed, "twice", "it was asked for while another asks")
		return nil
	}
	res.Values = append(res.Values, b)
	return nil
}

// TestSpreadsheet: a table as a spreadsheet program saves it comes back as it was written, with the numbers that
// were found in their column; each was asked for once, also where the same stands in many rows, and what was there is kept.
func TestSpreadsheet(t *testing.T) {
	t.Parallel()
	towns := []string{"Köln", "Łódź", "Graz", "Saint-Étienne"}
	for charset, of := range map[string]*charmap.Charmap{"windows-1252": charmap.Windows1252, "windows-1250": charmap.Windows1250} {
		t.Run(charset, func(t *testing.T) {
			t.Parallel()
			dir := t.TempDir()
			var in, want strings.Builder
			in.WriteString("Nr;geo;Ort;Notiz\r\n")
			want.WriteString("Nr;geo;Ort;Notiz\r\n")
			for i := range 400 {
				town := towns[i%len(towns)]
				if town == "Łódź" && charset == "windows-1252" || town == "Saint-Étienne" && charset == "windows-1250" {
					town = "Wien"
				}
				had, has := "", fmt.Sprint(len(town), ".5")
				if i%10 == 7 {
					had, has = "48,2 alt", "48,2 alt"
				}
				fmt.Fprintf(&in, "%05d;%s;%s;\"a; \"\"b\"\"\nc\"\r\n", i, had, town)
				fmt.Fprintf(&want, "%05d;%s;%s;\"a; \"\"b\"\"\nc\"\r\n", i, has, town)
			}
			encoded := make([]string, 2)
			for i, text := range []string{in.String(), want.String()} {
				var err error
				if encoded[i], err = of.NewEncoder().String(text); err != nil {
					t.Fatal(err)
				}
			}
			if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(encoded[0]), 0o600); err != nil {
				t.Fatal(err)
			}
			args := []string{"run", "lookup", "--run", "x", "-j", "8", "-o", "out.csv", "in.csv"}
			if charset != "windows-1252" {
				args = append(args, "--encoding", charset)
			}
			said, code := runLookup(t, dir, args...)
			if code != 0 || !strings.Contains(said, "read as "+strings.ToUpper(charset)) || !strings.Contains(said, "separated by ';'") ||
				!strings.Contains(said, "lookup: done true, 4 asked, 4 of 360 found, in out.csv") {
				t.Errorf("status %d\n%s", code, said)
			}
			got, err := os.ReadFile(filepath.Join(dir, "out.csv"))
			if err != nil || string(got) != encoded[1] {
				t.Errorf("%v: %s", err, firstDifference([]byte(encoded[1]), got))
			}
			if said, code := runLookup(t, dir, "lookups", "count", "x"); code != 0 || said != "360\n" {
				t.Errorf("status %d, %q", code, said)
			}
			// What came out goes in again, and nothing is asked for.
			said, code = runLookup(t, dir, append([]string{"run", "lookup", "--run", "again", "-o", "again.csv"}, append(args[8:], "out.csv")[1:]...)...)
			again, err := os.ReadFile(filepath.Join(dir, "again.csv"))
			if code != 0 || err != nil || !bytes.Equal(again, got) || !strings.Contains(said, "0 asked") {
				t.Errorf("status %d, %v: %s\n%s", code, err, firstDifference(got, again), said)
			}
		})
	}
}

// runLookup runs broodtest in a directory.
func runLookup(t *testing.T, dir string, args ...string) (said string, code int) {
	t.Helper()
	cmd := asBroodtest(t, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	out, _ := cmd.CombinedOutput()
	if cmd.ProcessState == nil {
		t.Fatalf("%q did not start", args)
	}
	return string(out), cmd.ProcessState.ExitCode()
}

// TestSpreadsheetStopped: a run that is stopped half way says its word all the same, and in the end the file is
// that of one that was not.
func TestSpreadsheetStopped(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	var in strings.Builder
	in.WriteString("Nr;Ort\r\n")
	for i := range 2000 {
		fmt.Fprintf(&in, "%d;Gr\xfcn %d\r\n", i, i%700)
	}
	if err := os.WriteFile(filepath.Join(dir, "in.csv"), []byte(in.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	if said, code := runLookup(t, dir, "run", "lookup", "--run", "want", "-o", "want.csv", "in.csv"); code != 0 {
		t.Fatalf("status %d\n%s", code, said)
	}
	cmd := asBroodtest(t, "run", "lookup", "--run", "x", "-j", "4", "-o", "out.csv", "in.csv")
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), "BROOD_STATE="+filepath.Join(dir, "state"))
	var said lockedBuffer
	cmd.Stderr = &said
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	stop := sync.OnceFunc(func() { _ = cmd.Process.Signal(syscall.SIGINT) })
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(5 * time.Millisecond) {
		if asked, _ := filepath.Glob(filepath.Join(dir, "state/runs/x/lookup.*")); len(asked) > 50 {
			stop()
			break
		}
	}
	_ = cmd.Wait()
	if code := cmd.ProcessState.ExitCode(); code != 130 || !strings.Contains(said.String(), "lookup: done false") || !strings.Contains(said.String(), "out.csv is made when the run is done") {
		t.Errorf("status %d\n%s", code, said.String())
	}
	if said, code := runLookup(t, dir, "resume", "x"); code != 0 || !strings.Contains(said, "lookup: done true, 700 asked") {
		t.Errorf("status %d\n%s", code, said)
	}
	want, err := os.ReadFile(filepath.Join(dir, "want.csv"))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := os.ReadFile(filepath.Join(dir, "out.csv")); err != nil || !bytes.Equal(got, want) {
		t.Errorf("%v: %s", err, firstDifference(want, got))
	}
}
