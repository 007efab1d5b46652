// Package figures is the vocabulary in which a job adds to the report of its runs: sections of facts, tables,
// bars, drawings, and lines to sign. All of it are values: what there is to see, and never how it looks. It
// promises nothing about what stands in them, which may come from records and servers; the report escapes every
// text, and draws what is drawn. It imports nothing, as every worker has it.
package figures

// Section is a part of a report that a job writes: see jobs.Definition.Report. Members that are empty are
// left out; the others stand in the order in which they are listed here.
type Section struct {
	Title string
	Text  []string // paragraphs
	Facts []Fact
	// Drawings, Bars and Tables have a title each, if they need one beside that of the section.
	Drawings []Drawing
	Bars     []Bars
	Tables   []Table
	// Notes are small print: where figures come from, what they leave out, who is owed a mention.
	Notes      []string
	Signatures []Signature
}

// Fact is a thing and its value, in one line.
type Fact struct {
	Name, Value string
	Tint        Tint // of the value
}

// Table is rows of words and numbers.
type Table struct {
	Title   string
	Columns []Heading
	Rows    [][]string
	// Total is a last row that stands apart; nil: there is none.
	Total []string
	// Left is how many rows more there would be: that is said below.
	Left uint64
}

// Heading is a column of a table.
type Heading struct {
	Name string
	// Number says that its values stand one below the other by their last digits.
	Number bool
}

// Bars is amounts beside each other, as lengths.
type Bars struct {
	Title string
	Bars  []Bar
	// Keys say what the tints mean; empty: the names do.
	Keys []Key
	Left uint64 // how many bars more there would be
}

// Bar is one of them, of one or several parts in a row. Text is its amount in words, in the job's own digits.
type Bar struct {
	Name, Text string
	Parts      []Part
}

// Part is a part of a bar. Negative amounts have no length.
type Part struct {
	Amount float64
	Tint   Tint
}

// Key says what a tint means.
type Key struct {
	Tint Tint
	Text string
}

// Tint is what a colour stands for. Which it is, by day, by night and on paper, is decided by the report.
type Tint string

// The tints: those that judge, those that only tell apart, and those of maps.
const (
	TintPlain Tint = ""
	TintGood  Tint = "good"
	TintMeh   Tint = "meh" // passed over, or not sure
	TintBad   Tint = "bad"
	TintDoubt Tint = "doubt" // nobody knows
	TintSoft  Tint = "soft"

	TintOne   Tint = "one"
	TintTwo   Tint = "two"
	TintThree Tint = "three"
	TintFour  Tint = "four"
	TintFive  Tint = "five"
	TintSix   Tint = "six"

	TintSea    Tint = "sea"
	TintLand   Tint = "land"
	TintBorder Tint = "border"
)

// Drawing is a picture of simple shapes, such as a map. Its corner at the top left is 0, 0; it becomes
// as wide as the page.
type Drawing struct {
	Title string
	// Alt says in words what is to be seen: for those who do not see it, and in place of it where the
	// report is plain text.
	Alt           string
	Width, Height float64
	Shapes        []Shape // the first lies undermost
	Keys          []Key
}

// Shape is a shape of one tint. Several of the same kind and tint are best made one: a page has a
// few hundred shapes, and not one for each record.
type Shape struct {
	Kind ShapeKind
	Tint Tint
	// Lines are what it is made of. Of an Area each is closed, and what lies in two of them is not filled; of Dots
	// each point of them is one.
	Lines [][]XY
	// Size is the radius of dots, and the width of lines; 0 is a small one.
	Size float64
	Text string // of a Label, which stands at its first point
	// Anchor says where in it that point is.
	Anchor Anchor
}

// Anchor is a place in a label.
type Anchor string

// The anchors.
const (
	AtStart  Anchor = ""
	AtMiddle Anchor = "middle"
	AtEnd    Anchor = "end"
)

// ShapeKind is what a shape is.
type ShapeKind string

// The shapes.
const (
	Area  ShapeKind = "area"
	Line  ShapeKind = "line"
	Dots  ShapeKind = "dots"
	Label ShapeKind = "label"
)

// XY is a point of a drawing.
type XY struct{ X, Y float64 }

// Signature is a place to sign on paper, and what for.
type Signature struct {
	Role string // "Prepared by"
	Name string // who it is, if that is known
	// Over is what is signed for: sums, and hashes of plans and files.
	Over []Fact
}
