package access_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/access"
	"github.com/tenantry/tenantry/compiler/desired"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
	"pgregory.net/rapid"
)

// A side is drawn from few names, so that two sides meet often.
var (
	groups    = []string{"", "apps", "rbac.authorization.k8s.io"}
	resources = []string{"pods", "pods/exec", "deployments", "deployments/scale", "roles", "namespaces"}
	verbs     = []string{"get", "list", "watch", "create", "update", "patch", "delete", "deletecollection", "escalate", "impersonate"}
	versions  = []string{"v1", "v2"}
	subjects  = []desired.Grant{{Kind: "Group", Subject: "devs"}, {Kind: "User", Subject: "alice"}, {Kind: "ServiceAccount", SubjectNamespace: "ci", Subject: "bot"}}
	keys      = []string{"acme/a", "acme/b", "umbrella/c"}
)

func drawRules(t *rapid.T, label string, wild bool) []desired.Rule {
	some := func(of []string, label string) []string {
		out := rapid.SliceOfNDistinct(rapid.SampledFrom(of), 1, 3, rapid.ID[string]).Draw(t, label)
		if wild && rapid.IntRange(0, 5).Draw(t, label+" wild") == 0 {
			out = append(out, "*")
		}
		return out
	}
	var out []desired.Rule
	for range rapid.IntRange(0, 3).Draw(t, label+" rules") {
		of := resources
		if wild {
			of = append(slices.Clone(of), "*/scale")
		}
		out = append(out, desired.Rule{Groups: some(groups, "groups"), Resources: some(of, "resources"), Verbs: some(verbs, "verbs")})
	}
	return out
}

// side is one side of a comparison.
type side struct {
	states    []desired.State
	platforms []desired.Platform
	access    *access.Access
}

func drawSide(t *rapid.T, label string, wild bool, roles []desired.Role, gates []desired.Gate) *side {
	s := &side{}
	p := desired.Platform{Cluster: "eu-1", Roles: roles, Gates: gates}
	if rapid.Bool().Draw(t, label+" exempt") {
		p.Controllers = []string{"alice"}
	}
	s.platforms = []desired.Platform{p}
	for _, key := range keys {
		if rapid.IntRange(0, 4).Draw(t, label+key+" absent") == 0 {
			continue
		}
		role := func() string { return rapid.SampledFrom(roles).Draw(t, "role").Name }
		state := desired.State{
			Key: key, Cluster: "eu-1", Deployers: "tenantry-system",
			Frozen: rapid.IntRange(0, 3).Draw(t, "frozen") == 0,
			Roles:  desired.Roles{View: role(), Edit: role(), Admin: role()},
			Gate:   rapid.SampledFrom(gates).Draw(t, "gate").Name,
		}
		for _, n := range []string{"api", "jobs"} {
			if k := rapid.IntRange(0, 5).Draw(t, n); k > 0 {
				state.Namespaces = append(state.Namespaces, desired.Namespace{Name: n, Physical: key + n, Retired: k == 1})
			}
		}
		for _, g := range subjects {
			if level := rapid.SampledFrom([]schema.Role{"", schema.View, schema.Edit, schema.Admin}).Draw(t, "level"); level != "" {
				g.Role = level
				state.Grants = append(state.Grants, g)
			}
		}
		if rapid.Bool().Draw(t, "source") {
			state.Source = &desired.Source{Role: "edit"}
		}
		s.states = append(s.states, state)
	}
	s.access = access.New(&tenancy.Tenancy{}, s.states, s.platforms)
	return s
}

// request is one thing that somebody may do. Its version is that of a write.
type request struct {
	who                         tenancy.Subject
	key, namespace              string
	verb, group, resource, vers string
}

// allowed asks for everything that could be asked for, one by one.
func (s *side) allowed() map[request]bool {
	out := map[request]bool{}
	for _, key := range keys {
		for _, e := range s.access.In(key) {
			for _, n := range e.Namespaces {
				for _, g := range append(groups, "unknown") {
					for _, r := range append(resources, "unknown", "unknown/scale") {
						for _, v := range append(verbs, "unknown") {
							d := e.Rights.Decide(v, g, r)
							for _, vers := range append(versions, "v3") {
								if d.Allowed() && (len(d.Versions) == 0 || slices.Contains(d.Versions, vers)) {
									out[request{e.Subject, key, n, v, g, r, vers}] = true
								}
							}
						}
					}
				}
			}
		}
	}
	return out
}

func has(list []string, s string) bool { return slices.Contains(list, s) || slices.Contains(list, "*") }

// listed reports whether one of the permissions stands for a request.
func listed(list []access.Permission, q request) bool {
	return slices.ContainsFunc(list, func(p access.Permission) bool {
		_, sub, _ := strings.Cut(q.resource, "/")
		write := slices.Contains(verbs[3:8], q.verb)
		return has([]string{p.Group}, q.group) && (has([]string{p.Resource}, q.resource) || sub != "" && p.Resource == "*/"+sub) &&
			has(p.Verbs, q.verb) && !slices.Contains(p.Denied, q.verb) &&
			(!write || len(p.Versions) == 0 || slices.Contains(p.Versions, q.vers)) && (!write || !slices.Contains(p.ExceptVersions, q.vers))
	})
}

// Diff tells each difference that asking for everything on both sides shows.
// Without wildcards it tells nothing else.
func TestDiffIsWhatAskingForEverythingShows(t *testing.T) {
	for _, wild := range []bool{false, true} {
		t.Run(fmt.Sprintf("wildcards %v", wild), func(t *testing.T) {
			rapid.Check(t, func(t *rapid.T) {
				var roles []desired.Role
				for i := range 3 {
					roles = append(roles, desired.Role{Name: fmt.Sprint("role", i), Rules: drawRules(t, fmt.Sprint("role", i), wild)})
				}
				var gates []desired.Gate
				for i := range 2 {
					g := desired.Gate{Name: fmt.Sprint("gate", i)}
					for _, group := range groups {
						for _, r := range []string{"pods", "deployments", "roles"} {
							if rapid.Bool().Draw(t, "bound") {
								g.Allowed = append(g.Allowed, desired.Allowed{Group: group, Resource: r,
									Versions: rapid.SampledFrom([][]string{nil, {"v1"}, {"v2"}, {"v1", "v2"}}).Draw(t, "versions")})
							}
						}
					}
					gates = append(gates, g)
				}
				before, after := drawSide(t, "before", wild, roles, gates), drawSide(t, "after", wild, roles, gates)
				was, is := before.allowed(), after.allowed()
				changes := access.Diff(before.access, after.access, nil)
				find := func(q request, pick func(access.Change) []access.Permission) bool {
					return slices.ContainsFunc(changes, func(c access.Change) bool {
						return c.Subject == q.who && listed(pick(c), q) && slices.ContainsFunc(c.In, func(p access.Place) bool {
							return p.LogicalCluster == q.key && (p.Namespaces == nil || slices.Contains(p.Namespaces, q.namespace))
						})
					})
				}
				gained := func(c access.Change) []access.Permission { return c.Gained }
				lost := func(c access.Change) []access.Permission { return c.Lost }
				for q := range is {
					if !was[q] && !find(q, gained) {
						t.Fatalf("%+v is gained, and no change says so", q)
					}
					if !wild && was[q] && (find(q, gained) || find(q, lost)) {
						t.Fatalf("%+v is as it was, and a change names it", q)
					}
				}
				for q := range was {
					if !is[q] && !find(q, lost) {
						t.Fatalf("%+v is lost, and no change says so", q)
					}
				}
				for _, c := range changes {
					if len(c.Gained)+len(c.Lost) == 0 || len(c.In) == 0 {
						t.Fatalf("a change of nothing, or nowhere: %+v", c)
					}
				}
				if again := access.Diff(after.access, after.access, nil); len(again) > 0 {
					t.Fatalf("a side differs from itself: %+v", again)
				}
			})
		})
	}
}

// What a logical cluster left behind is not compared with where it stands now.
func TestDiffOfAMove(t *testing.T) {
	role := desired.Role{Name: "r", Rules: []desired.Rule{{Groups: []string{""}, Resources: []string{"pods"}, Verbs: []string{"create"}}}}
	gate := desired.Gate{Name: "g", Allowed: []desired.Allowed{{Resource: "pods"}}}
	state := func(cluster string, phase pins.Phase) desired.State {
		return desired.State{Key: "acme/a", Cluster: cluster, Phase: phase, Frozen: phase == pins.Leaving, Roles: desired.Roles{View: "r", Edit: "r", Admin: "r"}, Gate: "g",
			Namespaces: []desired.Namespace{{Name: "a"}}, Grants: []desired.Grant{{Kind: "Group", Subject: "devs", Role: "edit"}}}
	}
	platforms := []desired.Platform{{Cluster: "eu-1", Roles: []desired.Role{role}, Gates: []desired.Gate{gate}}, {Cluster: "eu-2", Roles: []desired.Role{role}, Gates: []desired.Gate{gate}}}
	before := access.New(&tenancy.Tenancy{}, []desired.State{state("eu-1", pins.Present)}, platforms)
	after := access.New(&tenancy.Tenancy{}, []desired.State{state("eu-1", pins.Leaving), state("eu-2", pins.Present)}, platforms)
	if c := access.Diff(before, after, nil); len(c) > 0 {
		t.Errorf("a move changes access: %+v", c)
	}
	entries := after.In("acme/a")
	if len(entries) != 2 || entries[0].Left || !entries[1].Left {
		t.Fatalf("entries %+v: want the present one, then the copy that was left", entries)
	}
	if d := entries[1].Rights.Decide("create", "", "pods"); !d.Granted || d.Refused != access.Frozen {
		t.Errorf("in the copy that was left: %+v, want it refused as frozen", d)
	}
}
