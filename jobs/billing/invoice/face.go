package invoice

import (
	"brood/jobs/billing/invoice/typeface"
	"bytes"
	"compress/zlib"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
)

// A PDF written by fpdf would make its own smaller font of a UTF-8 font, each time anew. A simple font (ISO 32000-1, 9.6.3:
// a byte for each character) it embeds as it is, compressed beforehand: so the characters of a run are
// parted into sheets, each a font of its own, and a document embeds the sheets that it draws from. The first sheet has what every
// document says, and as much of the others as there is room for, so that most need no other; those behind it are small, so that few
// letters of another script cost little.
const (
	firstCode = 33 // 32 is the space, on each sheet
	sheetSize = 256 - firstCode
	smallSize = 80
)

// stored is the file of a run's font, as JSON.
type stored struct {
	Version int            `json:"version"`
	Shape   typeface.Shape `json:"shape"`
	Sheets  []storedSheet  `json:"sheets"`
}

type storedSheet struct {
	Runes  string `json:"runes"`  // the characters, from code 33
	Widths []int  `json:"widths"` // of the space and of each, in thousandths of an em
	Size   int    `json:"size"`   // of the font before it was compressed
	Font   []byte `json:"font"`   // zlib
}

// storedVersion changes with the file.
const storedVersion = 1

// encode makes the sheets.
func (a *Alphabet) encode() ([]byte, error) {
	common, err := commonRunes(a)
	if err != nil {
		return nil, err
	}
	var others []rune
	for r := range a.seen {
		if r != ' ' && !slices.Contains(common, r) {
			others = append(others, r)
		}
	}
	slices.Sort(others)
	out := stored{Version: storedVersion, Shape: a.font.Shape()}
	all := slices.Concat(common, others)
	first := min(len(all), sheetSize)
	for _, runes := range append([][]rune{all[:first]}, slices.Collect(slices.Chunk(all[first:], smallSize))...) {
		sheet := storedSheet{Runes: string(runes), Widths: []int{a.font.Width(' ')}}
		for _, r := range runes {
			sheet.Widths = append(sheet.Widths, a.font.Width(r))
		}
		font, err := a.font.Cut(append([]rune{' '}, runes...))
		if err != nil {
			return nil, err
		}
		sheet.Size = len(font)
		if sheet.Font, err = deflated(font); err != nil {
			return nil, err
		}
		out.Sheets = append(out.Sheets, sheet)
	}
	b, err := json.Marshal(out)
	if err != nil {
		return nil, fmt.Errorf("write the font of the run: %w", err)
	}
	return b, nil
}

// commonRunes are those that every run has, in order, without the space.
func commonRunes(a *Alphabet) ([]rune, error) {
	base := &Alphabet{font: a.font, seen: map[rune]struct{}{}}
	for r := '!'; r <= '~'; r++ {
		base.note(r)
	}
	base.text("€£" + nbsp + "–…\ufffd")
	for _, l := range Languages() {
		base.words(l.words())
	}
	delete(base.seen, ' ')
	var runes []rune
	for r := range base.seen {
		runes = append(runes, r)
	}
	if len(runes) > sheetSize {
		return nil, fmt.Errorf("the words of the languages have %d characters, and a sheet has room for %d", len(runes), sheetSize)
	}
	slices.Sort(runes)
	return runes, nil
}

// deflated is compressed as well as may be: it is done once, and read as often as there are documents.
func deflated(b []byte) ([]byte, error) {
	var out bytes.Buffer
	w, err := zlib.NewWriterLevel(&out, zlib.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		return nil, fmt.Errorf("compress the font of the run: %w", err)
	}
	return out.Bytes(), nil
}

// face is a run's font as documents are drawn with it.
type face struct {
	sheets []sheet
	places map[rune]place
	low    [256]place // of the first characters, which are nearly all
	letter bool       // on US letter paper
}

// place is where a character is drawn from. The width is 0 for one that is not there.
type place struct {
	sheet uint16
	code  byte
	width uint16
}

// sheet is one font of a document.
type sheet struct {
	name       string // of the family
	definition []byte // for fpdf
	font       []byte
}

// decodeFace reads the file and checks all that a document is drawn by.
func decodeFace(b []byte) (*face, error) {
	var in stored
	dec := json.NewDecoder(bytes.NewReader(b))
	dec.DisallowUnknownFields()
	if err := dec.Decode(&in); err != nil {
		return nil, fmt.Errorf("it is no font of a run: %w", err)
	}
	if in.Version != storedVersion {
		return nil, fmt.Errorf("it is of version %d, and this brood reads %d", in.Version, storedVersion)
	}
	if len(in.Sheets) == 0 || len(in.Sheets) > 0x10000/smallSize+1 {
		return nil, errors.New("it has no sheets, or too many")
	}
	f := &face{places: map[rune]place{}}
	for i := range in.Sheets {
		s := &in.Sheets[i]
		runes := []rune(s.Runes)
		if len(runes) > sheetSize || len(s.Widths) != len(runes)+1 || s.Size < 1 || len(s.Font) == 0 {
			return nil, fmt.Errorf("its sheet %d is none", i+1)
		}
		definition, err := s.definition(i, runes, in.Shape)
		if err != nil {
			return nil, err
		}
		f.sheets = append(f.sheets, sheet{name: sheetName(i), definition: definition, font: s.Font})
		if err := f.put(i, ' ', ' ', s.Widths[0]); err != nil {
			return nil, err
		}
		for j, r := range runes {
			if err := f.put(i, r, byte(firstCode+j), s.Widths[j+1]); err != nil {
				return nil, err
			}
		}
	}
	return f, nil
}

func sheetName(i int) string { return fmt.Sprintf("sheet%d", i) }

// put says where a character is; the first sheet that has it wins.
func (f *face) put(i int, r rune, code byte, width int) error {
	if width < 0 || width > 0xffff {
		return fmt.Errorf("a width is %d", width)
	}
	if _, ok := f.places[r]; ok {
		return nil
	}
	p := place{sheet: uint16(i), code: code, width: uint16(max(1, width))} //nolint:gosec // few sheets
	f.places[r] = p
	if r < rune(len(f.low)) {
		f.low[r] = p
	}
	return nil
}

func (f *face) place(r rune) place {
	if r < rune(len(f.low)) {
		return f.low[r]
	}
	return f.places[r]
}

// definition is what fpdf wants to know of a font. Characters are named by their codes (Adobe Glyph List Specification,
// section 2), which tells readers what to copy and search.
func (s *storedSheet) definition(i int, runes []rune, shape typeface.Shape) ([]byte, error) {
	const nonsymbolic = 32 // ISO 32000-1, table 123
	widths := make([]int, 256)
	var names strings.Builder
	names.WriteString("32 /space")
	widths[' '] = s.Widths[0]
	for j, r := range runes {
		widths[firstCode+j] = s.Widths[j+1]
		fmt.Fprintf(&names, " /uni%04X", r)
	}
	b, err := json.Marshal(map[string]any{
		"Tp": "TrueType", "Name": fmt.Sprintf("BROOD%c+Sheet%d", 'A'+i%26, i), "Up": -100, "Ut": 50,
		"Desc": map[string]any{
			"Ascent": shape.Ascent, "Descent": shape.Descent, "CapHeight": shape.CapHeight, "Flags": nonsymbolic,
			"FontBBox": map[string]int{"Xmin": shape.Box[0], "Ymin": shape.Box[1], "Xmax": shape.Box[2], "Ymax": shape.Box[3]},
			"StemV":    80, "MissingWidth": s.Widths[0],
		},
		"Cw": widths, "Diff": names.String(), "File": sheetName(i) + ".z", "OriginalSize": s.Size,
	})
	if err != nil {
		return nil, fmt.Errorf("define a font: %w", err)
	}
	return b, nil
}
