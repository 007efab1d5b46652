package elsewhere

import "testing"

// TestSet says where files are, and takes it back.
func TestSet(t *testing.T) {
	if Now() != nil {
		t.Fatal("something is set from the beginning")
	}
	f := &Files{Local: map[string]string{"/far": "/near"}}
	Set(f)
	if Now() != f {
		t.Error("it is not what was set")
	}
	if Set(nil); Now() != nil {
		t.Error("it was not taken back")
	}
}
