package charge

// Problem is what keeps a charge from being made in some way, or, as a warning, what will be done otherwise than the
// charge says.
type Problem struct {
	Field   string // of the charge, or of the settings
	Text    string // what is wrong and what to do; no whole account numbers
	Warning bool
}

func (p Problem) Error() string { return p.Field + ": " + p.Text }
