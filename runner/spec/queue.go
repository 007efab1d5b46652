package spec

import "time"

// Queue is a queue that is worked off.
type Queue struct {
	// URL is without its password.
	URL string `json:"url"`
	// PasswordFile is the absolute path of a file with the password; empty: there is none, or it is in the environment.
	PasswordFile string `json:"password_file,omitempty"`
	// Columns and Words are as in queue.Spec.
	Columns map[string]string `json:"columns,omitempty"`
	Words   map[string]string `json:"words,omitempty"`
	Lease   time.Duration     `json:"lease"`
	Poll    time.Duration     `json:"poll"`
	// Forget is how long records are kept that are settled; 0: for ever.
	Forget time.Duration `json:"forget,omitempty"`

	// Taker is what a table is told of this run and no other beside its name, and Place where the run was begun, see home.Dir.Place:
	// a copy of it somewhere else has the same Taker. Empty: of runs of older versions, and of queues that keep no names.
	Taker string `json:"taker,omitempty"`
	Place string `json:"place,omitempty"`

	// What a session is told, and is not kept.

	// Password is the one of the URL.
	Password string `json:"-"`
	// Drain says that it ends when the queue is empty.
	Drain bool `json:"-"`
	// Limit is how many jobs it takes; 0: any number.
	Limit uint64 `json:"-"`
}
