package plan

// Kind is what is wrong with a row, or odd about it: a word that stays.
type Kind string
