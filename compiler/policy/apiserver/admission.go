package apiserver

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"

	"github.com/tenantry/tenantry/schema"
	admissionv1 "k8s.io/api/admissionregistration/v1"
)

// Admission are the rules of a policy on writes as the API server enforces them: one
// for each distinct content, whoever it reaches.
type Admission struct {
	// ID is the policy's key and a hash of the content.
	ID          string
	Enforcement schema.Enforcement
	// Spec holds the match constraints and conditions, the variables and the
	// validations. Who is exempt, and which namespaces it is for, is not in it.
	Spec admissionv1.ValidatingAdmissionPolicySpec
}

// NewAdmission puts the rules of a policy together as the API server takes them.
func NewAdmission(s *Source, enforcement schema.Enforcement) (*Admission, error) {
	a := &Admission{Enforcement: enforcement}
	fail := admissionv1.Fail
	a.Spec.FailurePolicy = &fail
	a.Spec.MatchConstraints = s.matchConstraints()
	a.Spec.MatchConditions, a.Spec.Variables, a.Spec.Validations = s.conditions, s.variables, s.validations
	content, err := json.Marshal(a)
	if err != nil {
		return nil, err
	}
	a.ID = contentID(s.Key, content)
	return a, nil
}

// contentID names what is one for each distinct content.
func contentID(key string, content []byte) string {
	sum := sha256.Sum256(content)
	return key + "-" + hex.EncodeToString(sum[:10])
}
