package seal

import (
	"encoding/binary"
	"hash/crc32"
	"os"
	"testing"
)

// TestOldFormat: a seal of version 1, whose sums stand farther behind, is read, gone on with,
// and notices the same.
func TestOldFormat(t *testing.T) {
	d := newSealed(t)
	for range 5 {
		d.transact(true)
	}
	b, err := os.ReadFile(d.file(FileName))
	if err != nil {
		t.Fatal(err)
	}
	old := make([]byte, oldSumsAt, oldSumsAt+len(b))
	copy(old, b[:sumsAt])
	copy(old, oldMagic)
	binary.LittleEndian.PutUint32(old[headSize-4:], crc32.Checksum(old[:headSize-4], castagnoli))
	if err := os.WriteFile(d.file(FileName), append(old, b[sumsAt:]...), 0o600); err != nil {
		t.Fatal(err)
	}
	_ = d.seal.Close()
	if d.seal, err = Open(d.file(FileName), d.file("db"), boot); err != nil {
		t.Fatal(err)
	}
	for range 5 {
		d.transact(true)
	}
	x := d.kill()
	if _, at, err := Peek(x.file(FileName)); err != nil || at.Number != d.n {
		t.Errorf("%+v, %v", at, err)
	}
	if n, ok := x.look(boot); !ok || n != d.n {
		t.Errorf("%d, %v", n, ok)
	}
	flip(t, x.file(FileName), oldSumsAt+2)
	if _, ok := x.look(boot); ok {
		t.Error("a sum that is wrong is believed")
	}
	if err := os.Truncate(x.file(FileName), oldSumsAt-1); err != nil {
		t.Fatal(err)
	}
	if _, _, err := Peek(x.file(FileName)); err == nil {
		t.Error("one that is cut off is read")
	}
}
