package exec

// vector is a list of words as execve(2) takes them: each ends in a zero byte. It is filled again
// for each record, and keeps its memory.
type vector struct {
	text []byte
	ends []int // of the words, behind their zero bytes
}

func (v *vector) reset() {
	v.text, v.ends = shrink(v.text), v.ends[:0]
}

// add appends a word, in parts.
func (v *vector) add(parts ...string) {
	for _, p := range parts {
		v.text = append(v.text, p...)
	}
	v.end()
}

func (v *vector) addBytes(word []byte) {
	v.text = append(v.text, word...)
	v.end()
}

func (v *vector) end() {
	v.text = append(v.text, 0)
	v.ends = append(v.ends, len(v.text))
}

func (v *vector) len() int { return len(v.ends) }

// word is a word without its zero byte.
func (v *vector) word(i int) string {
	begin := 0
	if i > 0 {
		begin = v.ends[i-1]
	}
	return string(v.text[begin : v.ends[i]-1])
}

func (v *vector) strings() []string {
	out := make([]string, v.len())
	for i := range out {
		out[i] = v.word(i)
	}
	return out
}
