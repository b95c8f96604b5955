package gitops

import (
	"context"
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/client-go/tools/clientcmd/api"
)

// Reach is how an engine reaches a physical cluster, as its live objects or those of
// an output say.
type Reach struct {
	// Namespace of the management cluster that the engine's objects are in.
	Namespace string
	// Here: it is the cluster that the engine runs on.
	Here bool
	// Secret is the name of the one that holds a kubeconfig; empty where the engine
	// finds its credentials by the name of the physical cluster.
	Secret string
	// Key is the key of the secret; empty where the engine has a default.
	Key string
}

// Secrets reads Secrets of the management cluster. Its errors say in the terms of
// whoever asks why they cannot be read.
type Secrets interface {
	// Get returns a Secret.
	Get(ctx context.Context, namespace, name string) (*corev1.Secret, error)
	// List returns the Secrets that a label selector selects.
	List(ctx context.Context, namespace, selector string) ([]corev1.Secret, error)
}

// Kubeconfig holds the credentials by which an engine reaches a physical cluster.
type Kubeconfig struct {
	// From names the Secret that they are from.
	From   string
	Config *api.Config
}

// State is how far an engine has come with one of its objects.
type State string

// The states.
const (
	Ready       State = "ready"
	Progressing State = "progressing"
	Failed      State = "failed"
)

// Status is what an engine says of one of its objects.
type Status struct {
	State State
	// Reason says why it is not ready.
	Reason string
	// Revision that was applied last, or that can be read, as the engine writes it.
	Revision string
	// OutOfSync are the namespaces of what differs, as far as the engine says so; one
	// that has no namespace has an empty name.
	OutOfSync []OutOfSync
}

// OutOfSync is a namespace of which something is not as it is to be.
type OutOfSync struct{ Namespace, Reason string }

// Await returns the status with what keeps it from being ready although the engine
// says that it is: it has not applied the revision that it can read, or not the
// commit that is asked about. Either may be unknown, and is empty then.
func (s Status) Await(published, commit string) Status {
	if s.State != Ready {
		return s
	}
	switch {
	case s.Revision == "":
		s.Reason = "nothing has been applied yet"
	case published != "" && s.Revision != published:
		s.Reason = fmt.Sprintf("it has applied %s, and %s is to come", ShortRevision(s.Revision), ShortRevision(published))
	case commit != "" && !strings.HasSuffix(s.Revision, commit):
		s.Reason = fmt.Sprintf("it has applied %s, and the output is %s", ShortRevision(s.Revision), ShortRevision(commit))
	default:
		return s
	}
	s.State = Progressing
	return s
}

// ShortRevision returns a revision for people: the branch and the beginning of the
// hash.
func ShortRevision(revision string) string {
	branch, hash, found := strings.Cut(revision, "@")
	if !found {
		branch, hash = "", revision
	}
	if _, digits, ok := strings.Cut(hash, ":"); ok {
		hash = digits
	}
	const enough = 7
	hash = hash[:min(enough, len(hash))]
	if branch == "" {
		return hash
	}
	return branch + "@" + hash
}

// Said returns what a condition says, on one line.
func Said(reason, message string) string {
	switch {
	case message == "":
		return reason
	case reason == "":
		return OneLine(message)
	}
	return reason + ": " + OneLine(message)
}

// OneLine returns a text with each run of white space as one space.
func OneLine(s string) string { return strings.Join(strings.Fields(s), " ") }
