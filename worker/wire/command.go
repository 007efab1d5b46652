package wire

// Command is the hidden subcommand that makes brood's executable a worker. The name of
// the job may stand behind it.
const Command = "worker"
