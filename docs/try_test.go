package docs_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/tenantry/tenantry/compiler/diag"
	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/placement"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/compiler/tenancy"
	"github.com/tenantry/tenantry/schema"
)

func TestTry(t *testing.T) {
	for _, e := range []string{"simple", "hosted"} {
		tree, ds, err := source.Open(context.Background(), "../examples/"+e+"/repo", source.Options{})
		fmt.Println(ds, err)
		r, err := load.New(tree, load.Options{}).Load(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		ds = append(ds, r.Diagnostics...)
		tn, fs := tenancy.Resolve(r.Documents, tree, "2026-11-20")
		fs = append(fs, tenancy.Check(tn, "2026-11-20", map[string]bool{}, func(k schema.Kind, key, dir string) bool { return true })...)
		sites, pf := placement.Place(tn, &pins.Pins{}, "2026-11-20")
		fs = append(fs, pf...)
		for _, f := range fs {
			ds = append(ds, f.Diagnostic)
		}
		rep := diag.Report{Diagnostics: ds}
		rep.Write(os.Stdout, diag.Text, diag.WriteOptions{})
		fmt.Println(len(tn.LogicalClusters))
		for _, lc := range tn.LogicalClusters {
			if s := sites[lc.Key]; s != nil {
				fmt.Println(lc.Key, s.Cluster, s.Namespaces)
			}
		}
	}
}
