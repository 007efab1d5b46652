package seal

import (
	"os"
	"testing"
)

// A seal is synced once: the state that vouches for the sums may reach the disk without some
// of them, and then vouches for nothing. When it is known that all of them have, a sum that
// is wrong is damage.
func TestSyncAtOnce(t *testing.T) {
	const otherBoot = "after the power failure"
	d := newSealed(t)
	for range 4 {
		d.transact(true)
	}
	if err := d.seal.Sync(); err != nil {
		t.Fatal(err)
	}
	whole := d.kill()
	if _, ok := whole.look(otherBoot); !ok {
		t.Error("what was synced does not count after a power failure")
	}
	flip(t, whole.file(FileName), sumsAt+1)
	if _, ok := whole.look(otherBoot); ok {
		t.Error("a sum that is wrong is believed")
	}

	d.seal.at.solid = summed // as it reaches the disk with the sync
	if err := d.seal.writeState(int64(d.seal.at.Number % 2)); err != nil {
		t.Fatal(err)
	}
	for name, torn := range map[string]bool{"all of it": false, "not all of it": true} {
		x := d.kill()
		if torn {
			flip(t, x.file(FileName), sumsAt+1)
		}
		f, err := os.Open(x.file(FileName))
		if err != nil {
			t.Fatal(err)
		}
		s := &Seal{path: f.Name(), f: f}
		if err := s.load(); err != nil {
			t.Fatal(err)
		}
		_ = f.Close()
		if s.Solid(otherBoot) == torn {
			t.Errorf("%s has reached the disk, and it vouches for the sums: %v", name, !torn)
		}
		if n, ok := x.look(otherBoot); !ok || n != d.n {
			t.Errorf("%s has reached the disk: %d, %v", name, n, ok)
		}
	}
}
