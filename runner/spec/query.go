package spec

// Query is a dataset that is what a database answers.
type Query struct {
	// URL is without its password.
	URL string `json:"url"`
	SQL string `json:"sql"`
	// PasswordFile is as in Queue.
	PasswordFile string `json:"password_file,omitempty"`
	// Password is the one of the URL.
	Password string `json:"-"`
}
