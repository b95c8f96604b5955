package cost_test

import (
	"context"
	"fmt"
	"io/fs"
	"maps"
	"math/big"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tenantry/tenantry/compiler"
	"github.com/tenantry/tenantry/internal/diag"
	"github.com/tenantry/tenantry/schema"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	"sigs.k8s.io/yaml"
)

const platform = `package tenancy

settings: {currency: "EUR", gitops: source: url: "https://git.example/rendered"}
physicalClusters: {
	near: {region: "eu", kubernetes: "1.36", server: "https://near.example", engine: "flux", kubeconfig: secret: "near"}
	far: {region: "us", kubernetes: "1.36", server: "https://far.example", engine: "flux", kubeconfig: secret: "far"}
}
apiSets: workloads: {channels: stable: "v1", versions: v1: resources: pods: {}}
classes: standard: {apis: workloads: "stable", quota: memory: "1Gi"}
prices: book: {
	withoutQuota: "zero"
	quota: {cpu: 17.31, memory: 3.7, loadBalancers: 11}
	classes: standard: 9.99
	clusters: far: 1.25
	regions: us: 1.1
}
`

// What is rendered never costs more than the budgets above it, whatever is asked
// for over several builds.
func TestRenderedWithinBudgets(t *testing.T) {
	dir := t.TempDir()
	for run := range uint64(15) {
		random := rand.New(rand.NewPCG(run, 6))
		between := func(low, high int) int { return low + random.IntN(high-low+1) }
		repo, out := filepath.Join(dir, fmt.Sprint(run), "repo"), filepath.Join(dir, fmt.Sprint(run), "out")
		write := func(name, text string) {
			name = filepath.Join(repo, name)
			if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(name, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		for name, data := range schema.RepoFiles("test.example/tenancy") {
			write(name, string(data))
		}
		write("platform.cue", platform)
		budgets := map[string]int{}
		organizations := []string{"a", "a/b", "a/b/c", "d"}
		for _, org := range organizations {
			budgets[org] = between(0, 600)
		}
		for step := range between(1, 3) {
			for _, org := range organizations {
				budget, defaults := budgets[org], ""
				if between(0, 1) == 1 {
					defaults = fmt.Sprintf(", defaults: quota: cpu: %d", between(0, 9))
				}
				text := fmt.Sprintf("package tenancy\n\norganizations: %q: {budget: %d%s}\n", org, budget, defaults)
				for i := range between(0, 3) {
					quota := ""
					switch between(0, 2) {
					case 2:
						quota = fmt.Sprintf(`, budget: %d, quotaFromBudget: {cpu: {weight: %d, minimum: "%dm"}, memory: weight: %d, loadBalancers: weight: 1}`,
							between(0, 300), between(1, 9), between(0, 3000), between(1, 5))
					case 1:
						quota = fmt.Sprintf(`, quota: {cpu: "%dm", memory: "%dMi", loadBalancers: %d}`, between(0, 20000),
							between(1, 20000), between(0, 3))
					}
					text += fmt.Sprintf("logicalClusters: \"%s/l%d\": {class: \"standard\", namespaces: {x: {}, y: share: 2}%s}\n", org, i, quota)
				}
				write("orgs/"+org+"/x.cue", text)
			}
			build := func() *compiler.Result {
				r, err := compiler.Compile(context.Background(), compiler.Options{Dir: repo, Out: out, AsOf: "2026-11-20", Bootstrap: step == 0})
				if err != nil {
					t.Fatal(err)
				}
				return r
			}
			result := build()
			costs, bounds := rendered(t, out), maps.Clone(budgets)
			if again := build(); !diag.HasErrors(again.Diagnostics) && !diag.HasErrors(result.Diagnostics) && fmt.Sprint(rendered(t, out)) != fmt.Sprint(costs) {
				t.Fatalf("run %d, build %d: another build of the same costs something else: %v, then %v", run, step, costs, rendered(t, out))
			}
			for _, lc := range result.Tenancy.LogicalClusters {
				if budget, err := strconv.Atoi(string(lc.Spec.Budget)); err == nil {
					bounds[lc.Key] = budget
				}
			}
			for key, budget := range bounds {
				sum := new(big.Rat)
				for lc, cost := range costs {
					if lc == key || strings.HasPrefix(lc, key+"/") {
						sum.Add(sum, cost)
					}
				}
				if sum.Cmp(new(big.Rat).SetInt64(int64(budget))) > 0 {
					t.Fatalf("run %d, build %d: what is rendered of %s costs %s, above its budget of %d", run, step, key, sum.FloatString(6), budget)
				}
			}
		}
	}
}

// rendered reckons from the rendered objects alone what logical clusters cost.
func rendered(t *testing.T, out string) map[string]*big.Rat {
	t.Helper()
	costs := map[string]*big.Rat{}
	rat := func(text string) *big.Rat { r, _ := new(big.Rat).SetString(text); return r }
	for cluster, factor := range map[string]*big.Rat{"near": rat("1"), "far": new(big.Rat).Mul(rat("1.25"), rat("1.1"))} {
		namespaces := map[string]string{}
		var quotas []corev1.ResourceQuota
		err := filepath.WalkDir(filepath.Join(out, "clusters", cluster, "tenants"), func(name string, d fs.DirEntry, err error) error {
			if os.IsNotExist(err) {
				return nil
			}
			if err != nil || d.IsDir() {
				return err
			}
			data, err := os.ReadFile(name)
			if err != nil {
				return err
			}
			for _, text := range strings.Split(string(data), "\n---\n") {
				var quota corev1.ResourceQuota // a Namespace has nothing that is looked at and a quota has not
				if err := yaml.Unmarshal([]byte(text), &quota); err != nil {
					return err
				}
				switch key := quota.Annotations["tenantry.dev/logical-cluster"]; quota.Kind {
				case "Namespace":
					namespaces[quota.Name] = key
					if costs[key] == nil {
						costs[key] = new(big.Rat).Mul(rat("9.99"), factor)
					}
				case "ResourceQuota":
					quotas = append(quotas, quota)
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		for _, quota := range quotas {
			cost := costs[namespaces[quota.Namespace]]
			for resourceName, price := range map[corev1.ResourceName]string{"requests.cpu": "17.31", "requests.memory": "3.7", "services.loadbalancers": "11"} {
				q, ok := quota.Spec.Hard[resourceName]
				if !ok {
					t.Fatalf("%s has no quota of %s", quota.Namespace, resourceName)
				}
				amount := exact(q)
				if resourceName == "requests.memory" {
					amount.Quo(amount, rat("1073741824"))
				}
				cost.Add(cost, amount.Mul(amount, rat(price)).Mul(amount, factor))
			}
		}
	}
	return costs
}

func exact(q resource.Quantity) *big.Rat {
	r, _ := new(big.Rat).SetString(q.AsDec().String())
	return r
}
