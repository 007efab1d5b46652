package inbox

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
)

// paths is a file or a folder.
type paths struct{ name string }

func (paths) Finish() (int, error) { return 0, nil }
func (paths) Close() error         { return nil }

func (p paths) Read(f Each) error {
	st, err := os.Stat(p.name)
	if err != nil {
		return err
	}
	if st.IsDir() {
		return readFolder(p.name, f)
	}
	return readFile(p.name, f)
}

// readFolder reads a Maildir, or a folder with a file for each message.
func readFolder(dir string, f Each) error {
	folders := []string{dir}
	if st, err := os.Stat(filepath.Join(dir, "new")); err == nil && st.IsDir() {
		folders = []string{filepath.Join(dir, "cur"), filepath.Join(dir, "new")}
	}
	for _, folder := range folders {
		entries, err := os.ReadDir(folder)
		if err != nil {
			return err
		}
		for _, e := range entries {
			if e.Type().IsRegular() {
				if err := readFile(filepath.Join(folder, e.Name()), f); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// readFile reads an mbox (RFC 4155, with the quoting of mboxrd), or a file with
// one message.
func readFile(name string, f Each) error {
	file, err := os.Open(name)
	if err != nil {
		return err
	}
	defer func() { _ = file.Close() }()
	in := bufio.NewReader(file)
	if first, _ := in.Peek(5); string(first) != "From " {
		m, err := io.ReadAll(io.LimitReader(in, maxMessage))
		if err == nil {
			_, err = f(name, m)
		}
		return err
	}
	return readMbox(name, in, f)
}

// clippedLine reads a line, of which the most bytes are kept that a buffer has room for or, if that is
// more, that may still be added to a message: a file may be one line.
func clippedLine(in *bufio.Reader, room int) ([]byte, error) {
	var line []byte
	for {
		text, err := in.ReadSlice('\n')
		if len(line) == 0 || len(line)+len(text) <= room {
			line = append(line, text...)
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

func readMbox(name string, in *bufio.Reader, f Each) error {
	var m []byte
	begun, empty := 0, true // the line of "From ", and whether the last one was empty
	for line := 1; ; line++ {
		text, err := clippedLine(in, maxMessage-len(m))
		if (bytes.HasPrefix(text, []byte("From ")) && empty) || (err != nil && len(text) == 0) {
			if begun > 0 {
				if _, err := f(fmt.Sprintf("%s:%d", name, begun), m); err != nil {
					return err
				}
			}
			m, begun = nil, line
		} else if len(m) < maxMessage {
			if quoted := bytes.TrimLeft(text, ">"); len(quoted) < len(text) && bytes.HasPrefix(quoted, []byte("From ")) {
				text = text[1:]
			}
			m = append(m, text...)
		}
		empty = len(bytes.TrimRight(text, "\r\n")) == 0
		if errors.Is(err, io.EOF) && len(text) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
	}
}
