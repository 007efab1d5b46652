package web

import (
	"brood/jobs/files"
	"crypto/tls"
	"crypto/x509"
	"fmt"
)

// sessionsKept is how many servers' sessions are kept, so that the next connection to one costs less.
const sessionsKept = 64

// tlsOf reads the files of certificates.
func tlsOf(o *Options) (*tls.Config, error) {
	c := &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(sessionsKept)}
	if o.CAFile != "" {
		pem, err := files.Read(o.CAFile)
		if err != nil {
			return nil, fmt.Errorf("read the certificates that servers are checked by: %w", err)
		}
		c.RootCAs = x509.NewCertPool()
		if !c.RootCAs.AppendCertsFromPEM(pem) {
			return nil, fmt.Errorf("%s has no certificate in PEM (-----BEGIN CERTIFICATE-----)", o.CAFile)
		}
	}
	if o.CertFile != "" {
		key := o.KeyFile
		if key == "" {
			key = o.CertFile
		}
		cert, err := keyPair(o.CertFile, key)
		if err != nil {
			return nil, fmt.Errorf("read the client's certificate %s and its key: %w", o.CertFile, err)
		}
		c.Certificates = []tls.Certificate{cert}
	}
	return c, nil
}

// keyPair is tls.LoadX509KeyPair, of files that may have come from another machine.
func keyPair(certFile, keyFile string) (tls.Certificate, error) {
	cert, err := files.Read(certFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	key, err := files.Read(keyFile)
	if err != nil {
		return tls.Certificate{}, err
	}
	return tls.X509KeyPair(cert, key)
}
