package wire

import (
	"brood/jobs"
	"encoding/binary"
	"fmt"
)

// AppendRecordHead appends what stands before a record's body. Gap is the
// distance to the previous record, as the package comment defines it.
func AppendRecordHead(dst []byte, gap uint64, attempt int) []byte {
	dst = binary.AppendUvarint(dst, gap)
	return binary.AppendUvarint(dst, uint64(attempt))
}

// AppendBody appends a record's body. For Fields, values has one entry for
// each column, of each row of a record that is several; raw is sent along only if sendRaw.
func AppendBody(dst []byte, shape *jobs.Shape, raw []byte, values [][]byte, sendRaw bool) []byte {
	if shape.Kind != jobs.Fields {
		return appendBytes(dst, raw)
	}
	if shape.Rows {
		dst = binary.AppendUvarint(dst, uint64(len(values)/max(1, len(shape.Columns))))
	}
	for _, v := range values {
		dst = appendBytes(dst, v)
	}
	if sendRaw {
		dst = appendBytes(dst, raw)
	}
	return dst
}

// AppendBatchHead appends what stands before the records of a batch.
func AppendBatchHead(dst []byte, base jobs.Seq, count int) []byte {
	dst = binary.AppendUvarint(dst, uint64(base))
	return binary.AppendUvarint(dst, uint64(count))
}

// BatchReader walks through the records of one batch.
type BatchReader struct {
	c       cursor
	shape   *jobs.Shape
	sendRaw bool
	next    uint64 // the seq that a gap of zero means
	left    uint64
	total   uint64
	bodyAt  []byte
}

// ReadBatch opens the payload of a Batch frame.
func ReadBatch(p []byte, shape *jobs.Shape, sendRaw bool) (BatchReader, error) {
	r := BatchReader{c: cursor{b: p}, shape: shape, sendRaw: sendRaw}
	r.next = r.c.uvarint()
	r.left = r.c.uvarint()
	r.total = r.left
	// A record has at least a gap, an attempt and one byte of body.
	if r.c.bad || r.left > uint64(len(p)) {
		return r, fmt.Errorf("%w: batch head", ErrFrame)
	}
	return r, nil
}

// Len is the number of records in the whole batch.
func (r *BatchReader) Len() int { return int(r.total) }

// Next fills rec with the next record and reports whether there was one. The
// record borrows the payload's bytes.
func (r *BatchReader) Next(rec *jobs.Record) (bool, error) {
	if r.left == 0 {
		if len(r.c.b) != 0 {
			return false, fmt.Errorf("%w: %d bytes after the last record", ErrFrame, len(r.c.b))
		}
		return false, nil
	}
	r.left--
	seq := r.next + r.c.uvarint()
	if seq+1 <= r.next { // records go up, and there is one behind each
		r.c.bad = true
	}
	r.next = seq + 1
	rec.Seq = jobs.Seq(seq)
	rec.Attempt = r.c.try()
	rec.Shape = r.shape
	r.bodyAt = r.c.b
	if r.shape.Kind != jobs.Fields {
		rec.Raw = r.c.bytes()
	} else {
		rec.Values = rec.Values[:0]
		rows := uint64(1)
		if r.shape.Rows {
			if rows = r.c.uvarint(); rows > uint64(len(r.c.b)) { // a value is a byte at least
				rows, r.c.bad = 0, true
			}
		}
		for range rows * uint64(len(r.shape.Columns)) {
			if r.c.bad {
				break
			}
			rec.Values = append(rec.Values, r.c.bytes())
		}
		rec.Raw = nil
		if r.sendRaw {
			rec.Raw = r.c.bytes()
		}
	}
	if r.c.bad {
		return false, fmt.Errorf("%w: record %d of a batch of %d", ErrFrame, r.total-r.left, r.total)
	}
	return true, nil
}

// Body returns the encoded body of the record that Next returned last, to be
// sent once more under another head.
func (r *BatchReader) Body() []byte {
	return r.bodyAt[:len(r.bodyAt)-len(r.c.b)]
}
