package email

import (
	"brood/jobs/email/reply"
	"brood/jobs/files"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// maildir is a mailbox of one file for each message: qmail's maildir(5). A
// message is written in tmp, synced, and then appears in new at once and whole.
type maildir string

func openMaildir(path string) (maildir, error) {
	for _, sub := range []string{"", "tmp", "new", "cur"} {
		if err := files.MakeDir(filepath.Join(path, sub)); err != nil {
			return "", fmt.Errorf("open maildir: %w", err)
		}
	}
	return maildir(path), nil
}

func (m maildir) fork() transport { return m }

func (m maildir) close() error { return nil }

// send delivers a message. If that fails, nothing is there under its name.
func (m maildir) send(_ context.Context, l *letter) (text string, at reply.Phase, err error) {
	if err := m.deliver(l); err != nil {
		return "", reply.Data, &maildirError{err}
	}
	return "", "", nil
}

// maildirError is that a message could not be put into a maildir.
type maildirError struct{ error }

// deliver delivers a message, unless it is there already, read or not: its name
// is that of its Message-ID, which is the same for every try.
func (m maildir) deliver(l *letter) error {
	id, _, _ := strings.Cut(l.id, "@")
	name := id + ".brood"
	there, err := m.has(name)
	if err != nil || there {
		return err
	}
	// Who delivers a message says where reports about it go: RFC 5321, section
	// 4.4.
	head := ""
	if from := l.returnPath(l.recipients); from != l.sender {
		head = "Return-Path: " + path(from) + "\n"
	}
	// Files have lines without the carriage returns of the wire.
	text := head + string(bytes.ReplaceAll(l.message, []byte("\r\n"), []byte("\n")))
	return files.Move(filepath.Join(string(m), "tmp", name), filepath.Join(string(m), "new", name), []byte(text), 0o600)
}

// has reports whether a message of that name is in the mailbox.
func (m maildir) has(name string) (bool, error) {
	_, err := os.Lstat(filepath.Join(string(m), "new", name))
	if err == nil || !errors.Is(err, fs.ErrNotExist) {
		return err == nil, err
	}
	// A mail program that has seen it has added its flags.
	seen, err := filepath.Glob(filepath.Join(escapeGlob(string(m)), "cur", name+"*"))
	return len(seen) > 0, err
}

func escapeGlob(s string) string {
	return strings.NewReplacer("*", `\*`, "?", `\?`, "[", `\[`, `\`, `\\`).Replace(s)
}
