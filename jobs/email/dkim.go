package email

import (
	"brood/jobs"
	"brood/jobs/files"
	"bytes"
	"crypto"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	netmail "net/mail"
	"path/filepath"
	"strings"

	"github.com/emersion/go-msgauth/dkim"
	"golang.org/x/net/publicsuffix"
)

// dkimKey says how messages are signed: RFC 6376. The key itself stays in its
// file.
type dkimKey struct {
	File     string `json:"file"`
	Domain   string `json:"domain"`
	Selector string `json:"selector"`
}

// chooseDKIM reads how messages are signed, and that the key can be used.
func (c *config) chooseDKIM(o jobs.Options) error {
	file, domain, selector := o.String("dkim-key"), o.String("dkim-domain"), o.String("dkim-selector")
	if file == "" && domain == "" && selector == "" {
		return nil
	}
	if file == "" || selector == "" {
		return errors.New("a signature needs --dkim-key and --dkim-selector")
	}
	if domain == "" {
		domain = c.fromDomain()
	}
	if domain == "" {
		return errors.New("--dkim-domain: which domain is to sign?")
	}
	abs, err := filepath.Abs(file)
	if err != nil {
		return err
	}
	c.DKIM = &dkimKey{abs, strings.ToLower(domain), selector}
	if _, err := c.DKIM.open(); err != nil {
		return fmt.Errorf("--dkim-key: %w", err)
	}
	return nil
}

// fromDomain is the domain of the sender, where a flag or a template says so for
// all records.
func (c *config) fromDomain() string {
	all := c.Headers
	for _, s := range c.Template {
		if h, _, err := splitTemplate(s.Name, s.Text); err == nil {
			all = append(all, h...)
		}
	}
	for _, h := range all {
		if h.Name != "From" {
			continue
		}
		const value = "BroodValue"
		if a, err := netmail.ParseAddress(action().ReplaceAllString(h.Value, value)); err == nil {
			if _, domain, _ := cutAddress(a.Address); !strings.Contains(domain, value) {
				return domain
			}
		}
	}
	return ""
}

// rsaLeast is what RFC 8301, section 3.2, asks of a key in use.
const rsaLeast = 1024

// signer signs messages.
type signer struct {
	dkimKey
	options dkim.SignOptions
}

// signed are the headers that a signature covers, if they are there: RFC 6376,
// section 5.4.1, and what RFC 8058, section 4, wants covered.
var signed = []string{
	"From", "Reply-To", "Subject", "Date", "To", "Cc", "Message-ID", "MIME-Version", "Content-Type",
	"Content-Transfer-Encoding", "List-Id", "List-Unsubscribe", "List-Unsubscribe-Post",
}

// oversigned are those that must not be added on the way.
var oversigned = []string{"From", "Reply-To", "Subject", "Date", "To", "Cc", "Content-Type", "List-Unsubscribe", "List-Unsubscribe-Post"}

func (k *dkimKey) open() (*signer, error) {
	text, err := files.Read(k.File)
	if err != nil {
		return nil, err
	}
	key, err := parseKey(text)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", k.File, err)
	}
	return &signer{*k, dkim.SignOptions{
		Domain: k.Domain, Selector: k.Selector, Signer: key, Hash: crypto.SHA256,
		HeaderCanonicalization: dkim.CanonicalizationRelaxed, BodyCanonicalization: dkim.CanonicalizationRelaxed,
	}}, nil
}

// parseKey reads a private key as openssl and opendkim-genkey write it.
func parseKey(text []byte) (crypto.Signer, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, errors.New("it is not a private key in PEM, such as openssl genrsa 2048 makes")
	}
	var key any
	var err error
	if block.Type == "RSA PRIVATE KEY" {
		key, err = x509.ParsePKCS1PrivateKey(block.Bytes)
	} else {
		key, err = x509.ParsePKCS8PrivateKey(block.Bytes)
	}
	if err != nil {
		return nil, err
	}
	switch k := key.(type) {
	case *rsa.PrivateKey:
		if k.N.BitLen() < rsaLeast {
			return nil, fmt.Errorf("an RSA key of %d bits is refused by receivers; make one of 2048", k.N.BitLen())
		}
		return k, nil
	case ed25519.PrivateKey:
		return k, nil
	}
	return nil, errors.New("a key is RSA or Ed25519")
}

// sign puts the signature before a message. The domain that signs must be that of
// the sender, or of the same organization, or DMARC does not count it: RFC 7489,
// section 3.1.1.
func (s *signer) sign(message []byte, sender string) ([]byte, error) {
	_, domain, _ := cutAddress(sender)
	if organization(domain) != organization(s.Domain) {
		return nil, fmt.Errorf("--dkim-domain %s does not go with the sender %s: DMARC would not count the signature", s.Domain, sender)
	}
	o := s.options
	head := message[:max(bytes.Index(message, []byte("\r\n\r\n")), 0)]
	for _, name := range signed {
		if hasHeader(head, name) {
			o.HeaderKeys = append(o.HeaderKeys, name)
		}
	}
	// Once more than they are there: so nobody can put another one before them
	// (RFC 6376, section 8.15).
	o.HeaderKeys = append(o.HeaderKeys, oversigned...)
	var out bytes.Buffer
	out.Grow(len(message) + 1024)
	err := dkim.Sign(&out, bytes.NewReader(message), &o)
	return out.Bytes(), err
}

func hasHeader(head []byte, name string) bool {
	for line := range bytes.Lines(head) {
		if len(line) > len(name) && line[len(name)] == ':' && strings.EqualFold(string(line[:len(name)]), name) {
			return true
		}
	}
	return false
}

// organization is the domain that somebody has registered.
func organization(domain string) string {
	domain = strings.ToLower(domain)
	if o, err := publicsuffix.EffectiveTLDPlusOne(domain); err == nil {
		return o
	}
	return domain
}
