// Package spec is what a run is asked to do: its configuration, as the ledger keeps
// it, the types of its options with the words for them, and the errors that end a run
// with an exit status of their own. It does nothing: what acts on an option stands
// where it acts.
package spec

import (
	"brood/jobs"
	"brood/runner/dataset"
	"brood/runner/pace"
	"brood/runner/sink"
	"brood/worker/wire"
	"encoding/json"
	"fmt"
	"time"
)

// Config is a run. The part with JSON names is kept in the ledger when the run
// begins, and is what a resume starts from.
type Config struct {
	Name  string   `json:"name"`
	Job   string   `json:"job"`
	Words []string `json:"words,omitempty"` // the command after "--"
	// Args are the arguments that the run was begun with, from "run" on and with what stands behind "--",
	// so that they can be read again by a reload, and written into the file of a service. They are
	// not kept where one of them may be a secret.
	Args   []string    `json:"args,omitempty"`
	Plan   jobs.Plan   `json:"plan"`
	Effect jobs.Effect `json:"effect"`
	// Lowered is how the effect came down to what it is, from what the run began with.
	Lowered []Lowering   `json:"lowered,omitempty"`
	Key     jobs.KeySpec `json:"key"`
	OncePer string       `json:"once_per,omitempty"` // the scope that shares keys
	Dataset dataset.Spec `json:"dataset"`
	// Query is the question whose answer the dataset is; nil: there is none.
	Query *Query `json:"query,omitempty"`
	// Queue is where jobs come from while the run goes on; nil: the dataset is what it is.
	Queue        *Queue      `json:"queue,omitempty"`
	Output       string      `json:"output"` // absolute path, or sink.Stdout
	OutputFormat sink.Format `json:"output_format"`
	// Form is what is made of Output when the run is done, which then is a file in the run's directory; nil:
	// the user has that.
	Form      *Form `json:"form,omitempty"`
	Unordered bool  `json:"unordered,omitempty"`
	// Joblog is the absolute path of a log of the records; empty: there is none. So many
	// bytes of it were there before the run.
	Joblog string `json:"joblog,omitempty"`
	// Results is the absolute path of a directory with what commands have printed; empty:
	// there is none.
	Results     string `json:"results,omitempty"`
	JoblogFrom  int64  `json:"-"`
	RecordLimit uint64 `json:"limit,omitempty"` // records; 0 is all
	// Where is the condition by which records are chosen, see package where; empty: all are.
	Where string `json:"where,omitempty"`
	// Shard is the part of the dataset that is worked on; nil: all of it.
	Shard   *Shard `json:"shard,omitempty"`
	WorkDir string `json:"work_dir"` // where the workers run

	Slots      int           `json:"slots"` // as -j counts: see Workers
	PerWorker  int           `json:"per_worker,omitempty"`
	Retries    int           `json:"retries"` // tries after the first
	BackoffMin time.Duration `json:"backoff_min"`
	BackoffMax time.Duration `json:"backoff_max"`
	Timeout    time.Duration `json:"timeout,omitempty"` // for one record; 0 is none
	// TimeoutPercent is the timeout in percent of the running median of how
	// long records take; 0: Timeout counts.
	TimeoutPercent float64 `json:"timeout_percent,omitempty"`
	// KillAfter is how long a record that has been asked to stop may still take
	// before its worker is killed; 0: it is not asked.
	KillAfter  time.Duration `json:"kill_after,omitempty"`
	Limits     Limits        `json:"limits"`
	MaxCrashes int           `json:"max_crashes"`
	// DrainTimeout is how long the records in hand may take when the run is
	// ending, before they are killed.
	DrainTimeout Drain            `json:"drain_timeout,omitzero"`
	Recycle      Recycle          `json:"recycle"`
	Halt         Halt             `json:"halt"`
	Breaker      pace.BreakerSpec `json:"breaker"`
	// NoGuard says that a session goes on also where its first records all end alike,
	// or none of them can be worked on: see package guard.
	NoGuard bool `json:"no_guard,omitempty"`
	// Adaptive fits the number of records that are worked on, up to Slots, to
	// what the far side can do.
	Adaptive bool      `json:"adaptive,omitempty"`
	Headroom Headroom  `json:"hold_back"`
	Pace     pace.Spec `json:"pace"`
	PaceKey  PaceKey   `json:"pace_key"`
	// Metrics is the address at which they are to be had; empty: nowhere.
	Metrics   string    `json:"metrics,omitempty"`
	OnUnknown OnUnknown `json:"on_unknown"`
	// ResolveWith is a program that knows what became of unknown records, see
	// desk.Inquire; empty: there is none.
	ResolveWith string `json:"resolve_with,omitempty"`
	// Machines are the others that work on the run; nil: there are none.
	Machines *Machines `json:"machines,omitempty"`
	// KeyLifetime is how long the far side is known to remember a key; 0 is
	// for ever.
	KeyLifetime time.Duration `json:"key_lifetime,omitempty"`
	// Keep is for how long the run is kept when it is done, see brood prune; 0 is for ever.
	Keep time.Duration `json:"keep,omitempty"`
	// MaxTime is after how long this session begins nothing more, or takes nothing more from its queue; 0: it has all the time. It
	// is not kept.
	MaxTime time.Duration `json:"-"`
}

// Machines is how other machines come to work on a run. All but the times is of this machine alone.
type Machines struct {
	// Listen is the address at which they join; empty: they join at an existing cluster.
	Listen string `json:"listen,omitempty"`
	// NATS are the addresses of an existing cluster, and Creds the file with the credentials for it.
	NATS  string `json:"nats,omitempty"`
	Creds string `json:"creds,omitempty"`
	// NATSUser logs in there; empty: nobody does, or whoever has a token. NATSLogin says that there is a password, or a token, which is kept
	// nowhere, unless it is in NATSPasswordFile.
	NATSUser         string `json:"nats_user,omitempty"`
	NATSLogin        bool   `json:"nats_login,omitempty"`
	NATSPasswordFile string `json:"nats_password_file,omitempty"`
	NATSPassword     string `json:"-"`
	// Away says that this machine has no workers.
	Away bool `json:"away,omitempty"`
	// SSH are lists of machines on which agents are started, and SSHFiles files of them; EachSlots is -j for those that name no number.
	SSH       []string `json:"ssh,omitempty"`
	SSHFiles  []string `json:"ssh_files,omitempty"`
	EachSlots string   `json:"each_slots,omitempty"`
	// SSHBinaries are brood for machines of another kind, by system and architecture.
	SSHBinaries map[string]string `json:"ssh_binaries,omitempty"`
	// Transfer and Return are files that go there with a record, and come back; Cleanup removes them there. WorkDir is where commands run there.
	Transfer []string `json:"transfer,omitempty"`
	Return   []string `json:"return,omitempty"`
	Cleanup  bool     `json:"cleanup,omitempty"`
	WorkDir  string   `json:"work_dir,omitempty"`
	// Lease is how long a machine may be silent before what it has in hand is decided without it, and LostAfter how long an agent looks for
	// its coordinator; 0: the default.
	Lease     time.Duration `json:"lease,omitempty"`
	LostAfter time.Duration `json:"lost_after,omitempty"`
}

// MaxSlots is the most that a run may be told to work on at a time.
const MaxSlots = 10000

// MaxRecordLimit is the largest record that a dataset may allow, in bytes.
const MaxRecordLimit = wire.MaxRecordLimit

// Decode reads a configuration as the ledger keeps it.
func Decode(text []byte) (*Config, error) {
	cfg := &Config{}
	if err := json.Unmarshal(text, cfg); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	return cfg, nil
}

// WithReload puts what a reload changes into a stored configuration, and leaves the rest as it is.
func WithReload(stored []byte, c *Config) ([]byte, error) {
	stored, err := WithJobConfig(stored, c.Plan.Config)
	if err != nil {
		return nil, err
	}
	all := make(map[string]json.RawMessage)
	if err := json.Unmarshal(stored, &all); err != nil {
		return nil, err
	}
	for name, v := range map[string]any{"pace": c.Pace, "slots": c.Slots} {
		if all[name], err = json.Marshal(v); err != nil {
			return nil, err
		}
	}
	return json.Marshal(all)
}

// WithoutArgs takes the arguments out of a stored configuration that it does not go by any more.
func WithoutArgs(stored []byte) ([]byte, error) {
	all := make(map[string]json.RawMessage)
	if err := json.Unmarshal(stored, &all); err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	delete(all, "args")
	return json.Marshal(all)
}

// WithJobConfig puts another configuration of the job into a stored configuration,
// and leaves the rest as it is, whoever wrote it.
func WithJobConfig(stored, config []byte) ([]byte, error) {
	all, plan := make(map[string]json.RawMessage), make(map[string]json.RawMessage)
	err := json.Unmarshal(stored, &all)
	if err == nil {
		err = json.Unmarshal(all["plan"], &plan)
	}
	if err != nil {
		return nil, fmt.Errorf("read the configuration of the run: %w", err)
	}
	plan["config"] = config
	if all["plan"], err = json.Marshal(plan); err != nil {
		return nil, err
	}
	return json.Marshal(all)
}
