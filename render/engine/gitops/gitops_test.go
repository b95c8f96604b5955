package gitops_test

import (
	"testing"

	"github.com/tenantry/tenantry/render/engine/gitops"
)

// A group follows from the name of a cut alone.
func TestGroup(t *testing.T) {
	for cut, want := range map[string]string{
		"c0001": "", "c0099": "", "c0100": "c01", "c0142": "c01", "c9999": "c99", "c12345": "c123",
		"": "", "c": "", "c1": "", "c12": "", "x0142": "", "c01a2": "", "0142": "",
	} {
		if have := gitops.Group(cut); have != want {
			t.Errorf("%q belongs to group %q, want %q", cut, have, want)
		}
	}
}

// What an engine calls ready is ready only if it has applied what it can read and what
// is asked about.
func TestAwait(t *testing.T) {
	const first, second = "main@sha1:1111111aaaa", "main@sha1:2222222bbbb"
	for _, c := range []struct {
		name              string
		status            gitops.Status
		published, commit string
		state             gitops.State
		reason            string
	}{
		{"applied", gitops.Status{State: gitops.Ready, Revision: first}, first, "1111111aaaa", gitops.Ready, ""},
		{"nothing is known", gitops.Status{State: gitops.Ready, Revision: first}, "", "", gitops.Ready, ""},
		{"nothing was applied", gitops.Status{State: gitops.Ready}, first, "", gitops.Progressing, "nothing has been applied yet"},
		{"the source is newer", gitops.Status{State: gitops.Ready, Revision: first}, second, "", gitops.Progressing, "it has applied main@1111111, and main@2222222 is to come"},
		{"the output is newer", gitops.Status{State: gitops.Ready, Revision: first}, first, "2222222bbbb", gitops.Progressing, "it has applied main@1111111, and the output is 2222222"},
		{"failed", gitops.Status{State: gitops.Failed, Reason: "why"}, second, "2222222bbbb", gitops.Failed, "why"},
		{"under way", gitops.Status{State: gitops.Progressing, Reason: "soon"}, second, "", gitops.Progressing, "soon"},
	} {
		have := c.status.Await(c.published, c.commit)
		if have.State != c.state || have.Reason != c.reason || have.Revision != c.status.Revision {
			t.Errorf("%s: %+v", c.name, have)
		}
	}
}

func TestShortRevision(t *testing.T) {
	for revision, want := range map[string]string{
		"": "", "abc": "abc", "0123456789": "0123456", "main@sha1:0123456789": "main@0123456",
		"latest@sha256:0123456789": "latest@0123456", "sha256:0123456789": "0123456",
	} {
		if have := gitops.ShortRevision(revision); have != want {
			t.Errorf("%q is %q for people, want %q", revision, have, want)
		}
	}
}

func TestSaid(t *testing.T) {
	for _, c := range []struct{ reason, message, want string }{
		{"", "", ""}, {"Why", "", "Why"}, {"", "two\n\tlines", "two lines"}, {"Why", "two\n lines ", "Why: two lines"},
	} {
		if have := gitops.Said(c.reason, c.message); have != c.want {
			t.Errorf("%q, %q: %q, want %q", c.reason, c.message, have, c.want)
		}
	}
}
