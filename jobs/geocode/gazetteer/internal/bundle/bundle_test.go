package bundle

import (
	"bytes"
	"testing"
)

func TestPack(t *testing.T) {
	want := []Section{{Names, []byte("Soldeu\nEl Tarter\n")}, {IDs, nil}, {Keys, bytes.Repeat([]byte("soldeu\n"), 10000)}}
	file, err := Pack(want)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Open(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range want {
		if got, err := b.Read(s.Name); err != nil || !bytes.Equal(got, s.Data) {
			t.Errorf("%s has %d bytes, %v, want %d", s.Name, len(got), err, len(s.Data))
		}
	}
	if _, err := b.Read(Arcs); err == nil {
		t.Error("there is a section that was not put there")
	}
	for n := range len(file) {
		cut, err := Open(file[:n])
		if err != nil {
			continue
		}
		whole := true
		for _, s := range want {
			if _, err := cut.Read(s.Name); err != nil {
				whole = false
			}
		}
		if whole {
			t.Errorf("of %d bytes %d are enough", len(file), n)
		}
	}
	if _, err := Pack([]Section{{Name: "a name of seventeen"}}); err == nil {
		t.Error("a long name was taken")
	}
}

func FuzzOpen(f *testing.F) {
	file, err := Pack([]Section{{Names, []byte("Soldeu\n")}, {Keys, []byte("x")}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(file)
	f.Add([]byte(Magic))
	f.Fuzz(func(t *testing.T, file []byte) {
		b, err := Open(file)
		if err != nil {
			return
		}
		for name, s := range b.sections {
			if data, err := b.Read(name); err == nil && len(data) != s.length {
				t.Errorf("%s has %d bytes, not %d", name, len(data), s.length)
			}
		}
	})
}
