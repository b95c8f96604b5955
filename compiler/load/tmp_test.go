package load_test
import ("testing";"time";"fmt";"github.com/tenantry/tenantry/compiler/load")
func TestTmpChain(t *testing.T) {
	for _, n := range []int{3000, 20000, 100000, 300000} {
		start := time.Now()
		r := loadFiles(t, repo(map[string]string{"orgs/bad/x.cue": "package tenancy\n\n"+chain(n)}), load.Options{Timeout: 100*time.Second, Workers: 1})
		fmt.Println(n, time.Since(start)); fmt.Printf("%.300s\n", describe(r))
	}
}
