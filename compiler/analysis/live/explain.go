package live

import (
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"strings"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/client-go/rest"
)

// expiry says that the credentials have expired, by the clock of this machine.
func expiry(c *rest.Config) error {
	data := c.CertData
	if len(data) == 0 && c.CertFile != "" {
		data, _ = os.ReadFile(c.CertFile) // who can't read it is told when connecting
	}
	if block, _ := pem.Decode(data); block != nil {
		if cert, err := x509.ParseCertificate(block.Bytes); err == nil && time.Now().After(cert.NotAfter) {
			return fmt.Errorf("the client certificate of %q has expired on %s", cert.Subject.CommonName, cert.NotAfter.Format(time.DateOnly))
		}
	}
	if at := tokenExpiry(c.BearerToken); !at.IsZero() && time.Now().After(at) {
		return fmt.Errorf("the token has expired on %s", at.Format(time.DateOnly))
	}
	return nil
}

// tokenExpiry reads the expiry of a JSON Web Token; zero where there is none.
func tokenExpiry(token string) time.Time {
	parts := strings.Split(token, ".")
	if len(parts) != 3 {
		return time.Time{}
	}
	claims, err := base64.RawURLEncoding.DecodeString(parts[1])
	var c struct {
		Exp int64 `json:"exp"`
	}
	if err != nil || json.Unmarshal(claims, &c) != nil || c.Exp == 0 {
		return time.Time{}
	}
	return time.Unix(c.Exp, 0).UTC()
}

// forbidden is RBAC's refusal: who may not do what, and where.
var forbidden = regexp.MustCompile(`User "([^"]*)" cannot (\w+) (?:path|resource) "([^"]*)"(?: in API group "([^"]*)")?`)

// Explain says in the terms of whoever runs the command why a request failed.
func (l *Live) Explain(err error) error {
	host := l.config.Host
	var dns *net.DNSError
	var network net.Error
	var authority x509.UnknownAuthorityError
	var invalid x509.CertificateInvalidError
	var hostname x509.HostnameError
	var explained explainedError
	switch {
	case err == nil, errors.As(err, &explained):
		return err
	case apierrors.IsUnauthorized(err):
		return explainedError{fmt.Sprintf("%s does not accept the credentials: they have expired or been revoked, or belong to another cluster", host)}
	case Denied(err):
		if m := forbidden.FindStringSubmatch(err.Error()); m != nil {
			resource := m[3]
			if m[4] != "" {
				resource += "." + m[4]
			}
			return explainedError{fmt.Sprintf("user %q may not %s %s", m[1], m[2], resource)}
		}
	case errors.As(err, &authority), errors.As(err, &hostname), errors.As(err, &invalid):
		return explainedError{fmt.Sprintf("%s has a certificate that is not trusted: %v", host, unwrapped(err))}
	case errors.As(err, &dns):
		return explainedError{fmt.Sprintf("there is no host %s, of which %s speaks", dns.Name, host)}
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return explainedError{fmt.Sprintf("%s did not answer in time", host)}
	}
	if op := (*net.OpError)(nil); errors.As(err, &op) {
		return explainedError{fmt.Sprintf("no API server answers at %s: %v", host, op.Err)}
	}
	return err
}

// explainedError has been explained.
type explainedError struct{ text string }

func (e explainedError) Error() string { return e.text }

// unwrapped is the innermost error.
func unwrapped(err error) error {
	for {
		inner := errors.Unwrap(err)
		if inner == nil {
			return err
		}
		err = inner
	}
}
