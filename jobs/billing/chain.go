package billing

import (
	"brood/jobs"
	"brood/jobs/billing/charge"
	"brood/jobs/files"
	"bufio"
	"bytes"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"strings"
)

// A chain runs over the plan and the outcomes: link 0 is the hash of the plan, and each further link the SHA-256 of the
// one before it and of the digest of the next row of the results. A digest is the SHA-256 of a salt and of the names and values of the
// row's fields but for _ms and _attempts, each with its length before it.
//
// It is kept in the directory of the run as text: a line "brood-chain 2 PLAN", a line for each row, in their order, and a line
// "end LINK". The line of a row is its digest, a space and its salt, 16 random bytes, both in hexadecimal. Of a row that was
// forgotten a hyphen stands for the salt: what the digest was made of is gone, and cannot be found by trying out who it may have been,
// and the links are what they were. In version 1 there are no salts.
//
// The last link is in the register as well, and on the page that is signed: whoever alters a row would have to alter
// all three.
const (
	chainFile     = "billing.chain"
	chainStart    = "brood-chain 2 "
	chainStartOld = "brood-chain 1 "
	chainEnd      = "end "
	saltSize      = 16
)

// kept is the line of a row in a chain.
type kept struct {
	digest [sha256.Size]byte
	salt   []byte // nil: it has none
	gone   bool   // it was forgotten
}

func (k *kept) String() string {
	text := hex.EncodeToString(k.digest[:])
	switch {
	case k.gone:
		return text + " -"
	case k.salt != nil:
		return text + " " + hex.EncodeToString(k.salt)
	}
	return text
}

// parseKept is the reverse of String.
func parseKept(line string) (k kept, ok bool) {
	digest, salt, salted := strings.Cut(line, " ")
	n, err := hex.Decode(k.digest[:], []byte(digest[:min(len(digest), 2*sha256.Size)]))
	if err != nil || n != sha256.Size || len(digest) != 2*sha256.Size {
		return k, false
	}
	if k.gone = salt == "-"; !salted || k.gone {
		return k, true
	}
	k.salt, err = hex.DecodeString(salt)
	return k, err == nil && len(k.salt) == saltSize
}

// isChain reports whether a line begins the chain of a plan.
func isChain(line, plan string) bool { return line == chainStart+plan || line == chainStartOld+plan }

// readKept reads the lines of the rows in a chain of a plan, as far as they are any.
func readKept(path, plan string) (out []kept) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil
	}
	lines := strings.Split(string(b), "\n")
	if !isChain(lines[0], plan) {
		return nil
	}
	for _, line := range lines[1:] {
		k, ok := parseKept(line)
		if !ok {
			break
		}
		out = append(out, k)
	}
	return out
}

// digest is what a link takes of a row.
func (o *outcome) digest(h hash.Hash, salt []byte) [sha256.Size]byte {
	h.Reset()
	var n [8]byte
	put := func(b []byte) {
		binary.BigEndian.PutUint64(n[:], uint64(len(b)))
		_, _ = h.Write(n[:])
		_, _ = h.Write(b)
	}
	if salt != nil {
		put(salt)
	}
	for i, name := range o.names {
		if name == "_ms" || name == "_attempts" || i >= len(o.values) {
			continue
		}
		put([]byte(name))
		put(o.values[i])
	}
	return [sha256.Size]byte(h.Sum(nil))
}

// chain is being made, or followed.
type chain struct {
	link [sha256.Size]byte
	h    hash.Hash
}

func newChain(plan string) (*chain, error) {
	c := &chain{h: sha256.New()}
	b, err := hex.DecodeString(plan)
	if err != nil || len(b) != len(c.link) {
		return nil, fmt.Errorf("%q is no hash of a plan", plan)
	}
	copy(c.link[:], b)
	return c, nil
}

func (c *chain) add(digest [sha256.Size]byte) {
	c.h.Reset()
	_, _ = c.h.Write(c.link[:])
	_, _ = c.h.Write(digest[:])
	c.link = [sha256.Size]byte(c.h.Sum(nil))
}

func (c *chain) end() string { return hex.EncodeToString(c.link[:]) }

// chainWriter writes the chain while the rows go by. A row that was in the chain before has the salt that it had, and one that was
// forgotten the digest.
type chainWriter struct {
	*chain

	h      hash.Hash
	before []kept
	rows   int
	text   bytes.Buffer
}

// newChainWriter begins the chain of a plan, in the directory of its run.
func newChainWriter(plan, dir string) (*chainWriter, error) {
	c, err := newChain(plan)
	if err != nil {
		return nil, err
	}
	w := &chainWriter{chain: c, h: sha256.New(), before: readKept(filepath.Join(dir, chainFile), plan)}
	w.text.WriteString(chainStart + plan + "\n")
	return w, nil
}

func (w *chainWriter) row(o *outcome) {
	var k kept
	if w.rows < len(w.before) {
		k = w.before[w.rows]
	} else {
		k.salt = make([]byte, saltSize)
		_, _ = rand.Read(k.salt) // which never fails
	}
	w.rows++
	if !k.gone {
		k.digest = o.digest(w.h, k.salt)
	}
	w.add(k.digest)
	w.text.WriteString(k.String() + "\n")
}

// put writes the file.
func (w *chainWriter) put(dir string) error {
	w.text.WriteString(chainEnd + w.end() + "\n")
	return files.Write(filepath.Join(dir, chainFile), w.text.Bytes(), 0o600)
}

// verify compares results, chain and register: every row that was altered is named.
func verify(f *jobs.Finished) []jobs.Finding {
	c, err := readConfig(f.Config)
	if err != nil {
		return []jobs.Finding{{What: "billing", Text: err.Error()}}
	}
	text := fmt.Sprintf("%s, %s, SHA-256 %s", charge.Counted(c.Count, "charge", "charges"), c.Sums, c.Plan)
	gone := 0
	out := []jobs.Finding{finding("plan", "", func() error {
		p, err := planOf(c, f.State)
		if err == nil {
			text, gone = withForgotten(text, p), p.Forgotten()
		}
		return err
	})}
	if out[0].OK {
		out[0].Text = text
	}
	if !f.Done {
		return append(out, jobs.Finding{What: "chain", OK: true, Text: "it is made when the run is done"})
	}
	var link string
	out = append(out, finding("chain", "", func() error {
		var err error
		link, err = follow(c, f)
		return err
	}))
	if last := &out[len(out)-1]; last.OK {
		last.Text = "every row is what it was when the run ended; the last link is " + link
		if gone > 0 {
			last.Text = fmt.Sprintf("every row is what it was when the run ended, but for %d of which what is personal was forgotten since; the last link is the same, %s", gone, link)
		}
	}
	out = append(out, finding("register of charges", "it has the same last link, "+link, func() error { return checkRegister(c, f, link) }))
	if c.Provider == Files && f.Rows != nil {
		out = append(out, jobs.Finding{What: "documents"})
		last := &out[len(out)-1]
		if last.Text, err = issuedAndSame(c, f); err != nil {
			last.Text = err.Error()
		}
		last.OK = err == nil
	}
	return append(out, verifyFiles(f)...)
}

// issuedAndSame looks at the documents of charges that succeeded.
func issuedAndSame(c *config, f *jobs.Finished) (string, error) {
	e := &endings{status: make([]charge.Status, c.Count)}
	for o, err := range outcomes(f) {
		if err != nil {
			return "", err
		}
		if int64(o.Seq) < int64(len(e.status)) {
			e.status[o.Seq] = o.Status
		}
	}
	return verifyDocuments(c, f, e)
}

func finding(what, text string, look func() error) jobs.Finding {
	if err := look(); err != nil {
		return jobs.Finding{What: what, Text: err.Error()}
	}
	return jobs.Finding{What: what, OK: true, Text: text}
}

// mostAltered is how many altered rows are named.
const mostAltered = 20

// follow goes along the chain of a run that is done, and returns its last link.
func follow(c *config, f *jobs.Finished) (string, error) {
	path := filepath.Join(f.Dir, chainFile)
	file, err := os.Open(path)
	if err != nil {
		return "", fmt.Errorf("the chain over plan and outcomes: %w; brood resume %s makes it if the run has ended without it", err, f.Run)
	}
	defer func() { _ = file.Close() }()
	lines := bufio.NewScanner(file)
	if !lines.Scan() || !isChain(lines.Text(), c.Plan) {
		return "", fmt.Errorf("%s is not the chain of plan %s", path, c.Plan)
	}
	ch, err := newChain(c.Plan)
	if err != nil {
		return "", err
	}
	var gone map[jobs.Seq]*forgottenRow
	var altered []string
	n := 0
	h := sha256.New()
	for o, err := range outcomes(f) {
		if err != nil {
			return "", err
		}
		k, ok := kept{}, lines.Scan()
		if ok {
			k, ok = parseKept(lines.Text())
		}
		if !ok {
			return "", fmt.Errorf("row %d of the results is not in the chain %s: it was added, or the chain was cut", o.Row, path)
		}
		if k.gone && gone == nil {
			if gone, err = forgottenRows(c, f); err != nil {
				return "", err
			}
		}
		if !k.isOf(o, h, gone) {
			if n++; n <= mostAltered {
				altered = append(altered, fmt.Sprintf("row %d (record %d, invoice %s)", o.Row, o.Seq, o.field("invoice_id")))
			}
		}
		ch.add(k.digest)
	}
	if !lines.Scan() || lines.Text() != chainEnd+ch.end() {
		return "", fmt.Errorf("the chain %s goes on behind the results, or does not end as it should: rows were taken away, or it was altered", path)
	}
	if n > 0 {
		if left := n - len(altered); left > 0 {
			altered = append(altered, fmt.Sprintf("and %d more", left))
		}
		return "", fmt.Errorf("altered since the run ended: %s. If that was brood resolve, brood resume %s takes it into the chain", strings.Join(altered, ", "), f.Run)
	}
	return ch.end(), nil
}

// isOf reports whether the row of an outcome is the one in the chain, or what was left of that when it was forgotten.
func (k *kept) isOf(o *outcome, h hash.Hash, gone map[jobs.Seq]*forgottenRow) bool {
	if !k.gone {
		return o.digest(h, k.salt) == k.digest
	}
	g := gone[o.Seq]
	return g != nil && g.was == k.digest && g.now == o.digest(h, nil) && g.sameMoney(o)
}

func (o *outcome) field(name string) string {
	for i, n := range o.names {
		if n == name && i < len(o.values) {
			return string(o.values[i])
		}
	}
	return ""
}

// errOtherChain says that the register was told of another chain.
var errOtherChain = errors.New("the register was told of another last link when the run ended: plan, results or chain were altered since")
