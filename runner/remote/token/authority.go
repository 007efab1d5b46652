package token

import (
	"crypto/ed25519"
	"crypto/rand"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"time"
)

// ServerName is the name in the certificate of each coordinator: machines go by the authority and by this, and not by the
// address that they have dialled, which may be anything. No host can have it: RFC 6761, section 6.4.
const ServerName = "coordinator.brood.invalid"

// ErrOther is that whoever answers is not the coordinator that the token is for.
var ErrOther = errors.New("who answers there is not the coordinator that this token is for")

// always is how long the certificates are good: as long as the run. A token is let go of by revoking it and a run by
// removing its directory; a clock that is wrong must keep nobody out. RFC 5280, section 4.1.2.5, has that date for this.
func always() (from, until time.Time) {
	return time.Unix(0, 0), time.Date(9999, time.December, 31, 23, 59, 59, 0, time.UTC)
}

// authority signs the certificate of a run's coordinator.
type authority struct {
	key  ed25519.PrivateKey
	cert *x509.Certificate
}

const (
	pemKey  = "PRIVATE KEY" // PKCS #8: RFC 5958
	pemCert = "CERTIFICATE"
)

// template is what the certificates have in common.
func template(name string) (*x509.Certificate, error) {
	serial, err := rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
	if err != nil {
		return nil, err
	}
	t := &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, BasicConstraintsValid: true}
	t.NotBefore, t.NotAfter = always()
	return t, nil
}

// newAuthority makes one, as PEM.
func newAuthority() ([]byte, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	t, err := template("authority of a run of brood")
	if err != nil {
		return nil, err
	}
	t.IsCA, t.MaxPathLenZero, t.KeyUsage = true, true, x509.KeyUsageCertSign
	cert, err := x509.CreateCertificate(rand.Reader, t, t, public, key)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return append(pem.EncodeToMemory(&pem.Block{Type: pemKey, Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: pemCert, Bytes: cert})...), nil
}

// parseAuthority reads what newAuthority made.
func parseAuthority(text []byte) (*authority, error) {
	a := &authority{}
	for {
		var block *pem.Block
		if block, text = pem.Decode(text); block == nil {
			break
		}
		switch block.Type {
		case pemKey:
			k, err := x509.ParsePKCS8PrivateKey(block.Bytes)
			if err != nil {
				return nil, err
			}
			a.key, _ = k.(ed25519.PrivateKey)
		case pemCert:
			c, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, err
			}
			a.cert = c
		}
	}
	if a.key == nil || a.cert == nil {
		return nil, errors.New("there is no Ed25519 key with a certificate in it")
	}
	if public, ok := a.key.Public().(ed25519.PublicKey); !ok || !public.Equal(a.cert.PublicKey) {
		return nil, errors.New("its key and its certificate do not belong together")
	}
	return a, nil
}

// server makes a certificate for the coordinator, with a key that is nowhere but in this process, and what goes with it.
func (a *authority) server() (*tls.Config, error) {
	public, key, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return nil, err
	}
	t, err := template(ServerName)
	if err != nil {
		return nil, err
	}
	t.DNSNames, t.KeyUsage, t.ExtKeyUsage = []string{ServerName}, x509.KeyUsageDigitalSignature, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	cert, err := x509.CreateCertificate(rand.Reader, t, a.cert, public, a.key)
	if err != nil {
		return nil, err
	}
	return &tls.Config{
		MinVersion:             tls.VersionTLS13,
		Certificates:           []tls.Certificate{{Certificate: [][]byte{cert, a.cert.Raw}, PrivateKey: key}},
		SessionTicketsDisabled: true,
	}, nil
}

// TLS is how a machine speaks to the coordinator: TLS 1.3, and nobody but who has a certificate of its authority.
func (t *Token) TLS() *tls.Config {
	return &tls.Config{
		MinVersion: tls.VersionTLS13,
		ServerName: ServerName,
		// By the rules of the web nobody would be trusted here; verify has stricter ones.
		InsecureSkipVerify: true, //nolint:gosec // VerifyConnection does it
		VerifyConnection:   t.verify,
	}
}

// verify goes by the authority in the token, and by the fixed name.
func (t *Token) verify(s tls.ConnectionState) error {
	for _, c := range s.PeerCertificates {
		if sha256.Sum256(c.Raw) != t.CA {
			continue
		}
		roots := x509.NewCertPool()
		roots.AddCert(c)
		if _, err := s.PeerCertificates[0].Verify(x509.VerifyOptions{Roots: roots, DNSName: ServerName, KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}}); err != nil {
			return fmt.Errorf("%w: %w", ErrOther, err)
		}
		return nil
	}
	return fmt.Errorf("%w: its authority is another; is the address right, and was the run made anew since?", ErrOther)
}
