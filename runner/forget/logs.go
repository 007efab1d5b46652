package forget

import (
	"brood/runner/ledger"
	"brood/runner/logbook"
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// joblog makes the new version of the joblog. One that several runs have added to has their lines as well, so a line is
// that of a record only if its command has something of it.
func (w *work) joblog() error {
	path, size, err := w.reader.Joblog(w.ctx)
	if err != nil || path == "" || !isThere(path) {
		return err
	}
	if path, err = filepath.EvalSymlinks(path); err != nil {
		return err
	}
	st, err := os.Stat(path)
	if err != nil || !st.Mode().IsRegular() {
		return err
	}
	less := int64(0)
	at := int64(0)
	_, err = w.newVersion(path, func(to io.Writer, old io.ReaderAt) error {
		return eachLine(io.NewSectionReader(old, 0, st.Size()), func(line []byte) error {
			now := w.joblogLine(line)
			if at += int64(len(line)); at <= size {
				less += int64(len(line) - len(now))
			}
			_, err := to.Write(now)
			return err
		})
	})
	if err != nil {
		return err
	}
	now := size - less
	w.out.JoblogBytes = &now
	return nil
}

// joblogLine is a line of a joblog without what is personal: its last column is the command.
func (w *work) joblogLine(line []byte) []byte {
	const before = 8 // columns
	fields := bytes.SplitN(bytes.TrimSuffix(line, []byte{'\n'}), []byte{'\t'}, before+1)
	if len(fields) <= before {
		return line
	}
	command := string(fields[before])
	n, err := strconv.ParseUint(string(fields[0]), 10, 63)
	of := err == nil && n > 0 && w.isOf(n-1)
	for v := range w.values {
		if (of || telling(v)) && strings.Contains(command, v) {
			fields[before] = []byte(ledger.ForgottenMark)
			return append(bytes.Join(fields, []byte{'\t'}), '\n')
		}
	}
	return line
}

// log makes new versions of the log of the run.
func (w *work) log() error {
	for _, path := range logbook.Paths(w.Dir.Path) {
		st, err := os.Lstat(path)
		if errors.Is(err, os.ErrNotExist) || err == nil && !st.Mode().IsRegular() {
			continue
		}
		if err != nil {
			return err
		}
		_, err = w.newVersion(path, func(to io.Writer, old io.ReaderAt) error {
			return eachLine(io.NewSectionReader(old, 0, st.Size()), func(line []byte) error {
				_, err := to.Write(w.logLine(line))
				return err
			})
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// logLine is a line of the log without what is personal: what was printed for a record goes, and of others what tells of it.
func (w *work) logLine(line []byte) []byte {
	var l logbook.Line
	if json.Unmarshal(line, &l) != nil {
		return []byte(w.without(string(line)))
	}
	was := l.Msg
	if l.Seq != nil && *l.Seq >= 0 && w.isOf(uint64(*l.Seq)) || l.Seq == nil && w.isAbout(l.Msg) {
		l.Msg = ledger.ForgottenMark
	} else {
		l.Msg = w.without(l.Msg)
	}
	if l.Msg == was {
		return line
	}
	text, err := json.Marshal(&l)
	if err != nil {
		return []byte(fmt.Sprintf("{%q:%q}\n", "msg", ledger.ForgottenMark))
	}
	return append(text, '\n')
}

// isAbout reports whether brood itself has said something of one of the records, as in "record 17, list.csv:18: ...".
func (w *work) isAbout(text string) bool {
	for {
		_, after, found := strings.Cut(text, "record ")
		if !found {
			return false
		}
		digits := len(after) - len(strings.TrimLeft(after, "0123456789"))
		if n, err := strconv.ParseUint(after[:digits], 10, 63); err == nil && w.isOf(n) {
			return true
		}
		text = after
	}
}

// without is a text without what tells of the records.
func (w *work) without(text string) string {
	for _, v := range w.out.Values {
		text = strings.ReplaceAll(text, v, ledger.ForgottenMark)
	}
	return text
}

// eachLine calls f for each line with its end, however long it is.
func eachLine(r io.Reader, f func([]byte) error) error {
	in := bufio.NewReaderSize(r, 64<<10)
	for {
		line, err := in.ReadBytes('\n')
		if len(line) > 0 {
			if err := f(line); err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// folder has the directories go that have what commands have printed for the records.
func (w *work) folder() error {
	if w.Config.Results == "" {
		return nil
	}
	for _, seq := range w.which {
		name := strconv.FormatUint(uint64(seq), 10)
		for _, path := range []string{filepath.Join(w.Config.Results, name), filepath.Join(w.Config.Results, "."+name+".part")} {
			if _, err := os.Lstat(path); err == nil {
				w.out.Files = append(w.out.Files, ledger.Version{Path: path})
			}
		}
	}
	return nil
}
