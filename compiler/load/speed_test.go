//go:build unix

package load_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/source/sourcetest"
	"github.com/tenantry/tenantry/internal/store"
)

// large returns a repo of many directories under two ancestors that hold 50
// documents, each directory with some logical clusters.
func large(directories, documents int) map[string]string {
	files := repo(nil)
	var root strings.Builder
	root.WriteString("package tenancy\n\nlogicalClusters: [string]: {quota?: cpu?: <=1000, budget?: <=100000}\n")
	for i := range 25 {
		fmt.Fprintf(&root, "classes: \"class-%d\": {quota: {cpu: %d, memory: \"8Gi\"}, podSecurity: \"restricted\"}\n", i, i+1)
		fmt.Fprintf(&root, "policies: \"root-%d\": {enforcement: \"deny\", stage: \"admit\", rules: [{expression: \"object.spec.replicas < %d\", message: \"no\"}]}\n", i, i+1)
	}
	files["platform.cue"] = root.String()
	for d := range directories {
		org := fmt.Sprintf("org-%d", d/20)
		files["orgs/"+org+"/org.cue"] = fmt.Sprintf("package tenancy\n\norganizations: %q: {owners: [\"owners\"], budget: 100000}\nlogicalClusters: [=~\"^%s/\"]: labels: owner: %q\n", org, org, org)
		var b strings.Builder
		b.WriteString("package tenancy\n")
		for i := range documents {
			fmt.Fprintf(&b, `
logicalClusters: "%s/team-%d/lc-%d": {
	class: "class-%d"
	labels: env: "prod"
	regions: ["eu"]
	namespaces: {api: {}, jobs: {}}
	apis: {
		database: "stable"
		kafka:    "v2"
	}
	access: {
		"payments-devs":   "edit"
		"payments-oncall": "admin"
	}
	quota: {cpu: 24, memory: "96Gi", loadBalancers: 1}
	budget: 800
	source: {repo: "https://git.acme.example/payments/deploy", path: "prod"}
}
`, org, d, i, i%25)
		}
		files[fmt.Sprintf("orgs/%s/team-%d/clusters.cue", org, d)] = b.String()
	}
	return files
}

func cpuTime(b *testing.B) time.Duration {
	var u unix.Rusage
	if err := unix.Getrusage(unix.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

func BenchmarkLoad(b *testing.B) {
	tree := sourcetest.Tree(large(200, 20))
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		r, err := load.New(tree, load.Options{}).Load(b.Context())
		if err != nil || len(r.Diagnostics) > 0 || r.Stats.Documents != 4060 {
			b.Fatal(err, len(r.Diagnostics), r.Stats)
		}
	}
	b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}

// A warm load of 10,000 documents in 500 directories.
func BenchmarkWarm(b *testing.B) {
	tree := sourcetest.Tree(large(500, 20))
	c, err := store.Open(b.TempDir())
	if err != nil {
		b.Fatal(err)
	}
	if _, err := load.New(tree, load.Options{Cache: c}).Load(b.Context()); err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	before := cpuTime(b)
	for b.Loop() {
		r, err := load.New(tree, load.Options{Cache: c}).Load(b.Context())
		if err != nil || r.Stats.Cached != r.Stats.Directories {
			b.Fatal(err, r.Stats)
		}
	}
	// Time of the processors, whatever else the machine does.
	b.ReportMetric(float64((cpuTime(b)-before).Milliseconds())/float64(b.N), "cpu-ms/op")
}
