package wire

// Command is the hidden subcommand that makes brood's executable a worker.
const Command = "worker"
