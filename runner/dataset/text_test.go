package dataset

import (
	"encoding/binary"
	"io"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf16"
	"unicode/utf8"
)

// FuzzUTF16: good UTF-16 becomes what it means, however it comes; bad is not passed off as
// good.
func FuzzUTF16(f *testing.F) {
	for _, s := range []string{"", "a\x00", "\x3d\xd8\x00\xde", "\x3d\xd8", "\x3d", "\x00\xdca\x00", "\xff\xfea\x00\xff\xfe", "\xfd\xff"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		for charset, order := range map[string]binary.ByteOrder{UTF16LE: binary.LittleEndian, UTF16BE: binary.BigEndian} {
			units := make([]uint16, len(b)/2)
			for i := range units {
				units[i] = order.Uint16(b[2*i:])
			}
			good := len(b)%2 == 0
			for i := 0; i < len(units); i++ {
				if r := rune(units[i]); utf16.IsSurrogate(r) {
					if i+1 == len(units) || utf16.DecodeRune(r, rune(units[i+1])) == utf8.RuneError {
						good = false
						break
					}
					i++
				}
			}
			want := string(utf16.Decode(units))
			for strings.HasPrefix(want, "\ufeff") {
				want = want[len("\ufeff"):]
			}
			whole, err := io.ReadAll(newUTF16Reader(strings.NewReader(string(b)), charset))
			if err != nil {
				t.Fatal(err)
			}
			bytewise, err := io.ReadAll(newUTF16Reader(iotest.OneByteReader(strings.NewReader(string(b))), charset))
			if err != nil || string(bytewise) != string(whole) {
				t.Fatalf("%x: %q at once, %q byte for byte, %v", b, whole, bytewise, err)
			}
			if good != utf8.Valid(whole) || (good && string(whole) != want) {
				t.Fatalf("%x: %q, want %q", b, whole, want)
			}
		}
	})
}

func TestCRReader(t *testing.T) {
	got, err := io.ReadAll(crReader{iotest.HalfReader(strings.NewReader("a\rb\r\rc\n"))})
	if err != nil || string(got) != "a\nb\n\nc\n" {
		t.Errorf("%q, %v", got, err)
	}
}
