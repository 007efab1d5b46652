package wire

import (
	"brood/jobs"
	"bytes"
	"strconv"
)

// On the standard streams of a worker stands what job code prints. Behind the
// output of a record that printed something, the worker may put a mark, so
// that the parent knows whose it was: "\x00brood:", the seq in decimal, "\n".
var markStart = []byte("\x00brood:")

// AppendPrintMark appends the mark for a record.
func AppendPrintMark(dst []byte, seq jobs.Seq) []byte {
	dst = append(dst, markStart...)
	dst = strconv.AppendUint(dst, uint64(seq), 10)
	return append(dst, '\n')
}

// CutPrintMark looks for a mark in line, which is one line without its end. It
// returns what stands before it and the record it names.
func CutPrintMark(line []byte) (before []byte, seq jobs.Seq, found bool) {
	i := bytes.LastIndex(line, markStart)
	if i < 0 {
		return line, 0, false
	}
	n, err := strconv.ParseUint(string(line[i+len(markStart):]), 10, 64)
	if err != nil {
		return line, 0, false
	}
	return line[:i], jobs.Seq(n), true
}
