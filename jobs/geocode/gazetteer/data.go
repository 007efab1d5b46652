package gazetteer

import (
	_ "embed"
	"encoding/hex"
	"fmt"
	"strings"
)

// What "make data" made, and its checksum: to take that of the data itself at every start would
// take longer than everything else.
var (
	//go:embed places.bundle
	data []byte
	//go:embed places.sum
	dataSum string
)

func sumOfData() (sum [sumBytes]byte, err error) {
	b, err := hex.DecodeString(strings.TrimSpace(dataSum))
	if err != nil || len(b) != sumBytes {
		return sum, fmt.Errorf("the checksum of the gazetteer's data is none")
	}
	return [sumBytes]byte(b), nil
}
