package schema

import (
	"strings"
	"testing"

	"cuelang.org/go/cue"
	"cuelang.org/go/cue/cuecontext"
)

// What teams write reaches objects that are applied together with their
// neighbours'. A value that the API server, a controller or an engine can't take
// must not get that far.
func TestValuesThatReachOthers(t *testing.T) {
	v := schemaValue(t)
	for _, c := range []struct {
		path string
		good []string
		bad  []string
	}{
		{"#Duration", []string{`"30s"`, `"5m"`, `"1h"`, `"1h30m"`, `"90s"`, `"1m5s"`},
			// Go's durations end at 292 years, and an object that holds more can't be decoded.
			[]string{`""`, `"0s"`, `"1s"`, `"29s"`, `"0h0m0s"`, `"99999999h"`, `"5"`}},
		{"#Source", []string{
			`{repo: "https://git.example/team/deploy.git", path: "prod/a..b", branch: "main"}`,
			`{repo: "ssh://git@git.example:2222/team/deploy", path: "."}`,
			`{repo: "git@git.example:team/deploy"}`,
		}, []string{
			`{repo: "file:///a@b:c"}`, `{repo: "https://git.example/*"}`, `{repo: "!https://git.example/x"}`, `{repo: "https://x/\u0001"}`,
			`{repo: "https://` + strings.Repeat("x", 2000) + `"}`,
			`{repo: "https://x/y", path: ".."}`, `{repo: "https://x/y", path: "a/../../b"}`, `{repo: "https://x/y", branch: "` + strings.Repeat("x", 300) + `"}`,
		}},
		{"#Access", []string{`{"payments-devs": "edit"}`, `{"user:alice@acme.example": "view"}`, `{"serviceaccount:ci/deployer": "view"}`},
			[]string{`{"` + strings.Repeat("x", 300) + `": "view"}`, `{"a b": "view"}`}},
		// One name for one amount, or a pattern that bounds it could be passed by.
		{"#Quota", []string{`{cpu: 4, memory: "1Gi", "limits.cpu": 8, "requests.ephemeral-storage": "1Gi"}`},
			[]string{`{"requests.cpu": 4}`, `{"requests.memory": "1Gi"}`, `{"requests.storage": "1Gi"}`, `{"services.loadbalancers": 1}`, `{"services.nodeports": 1}`}},
	} {
		def := v.LookupPath(cue.ParsePath(c.path))
		check := func(text string) error {
			return def.Unify(cuecontext.New().CompileString(text)).Validate(cue.Concrete(true))
		}
		for _, text := range c.good {
			if err := check(text); err != nil {
				t.Errorf("%s refuses %s: %v", c.path, text, err)
			}
		}
		for _, text := range c.bad {
			if check(text) == nil {
				t.Errorf("%s takes %.60s", c.path, text)
			}
		}
	}
}
