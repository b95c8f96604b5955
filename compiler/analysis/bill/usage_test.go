package bill_test

import (
	"testing"

	"github.com/tenantry/tenantry/compiler/analysis/bill"
)

// Whatever a file of usage holds, reading it ends, and each record takes time.
func FuzzRead(f *testing.F) {
	f.Add("logicalCluster,resource,from,to,amount\na/b,cpu,2026-11-01,2026-11-02T03:04:05Z,250m\n")
	f.Add("logicalCluster,resource,from,to,amount\na/\",cpu,2026-11-01,2026-11-02,250m\n") // no field can be read
	f.Add("logicalCluster,resource,from,to,amount,cluster\n\"a\n,b\",x,1e9,,\n")
	f.Add(`{"status":"success","data":{"resultType":"matrix","result":[{"metric":{"namespace":"a","resource":"cpu"},"values":[[1793491200,"1"],[1793494800.5,"1e-7"]]}]}}`)
	f.Add(`{"data":{"result":[{"metric":{},"value":[1,"NaN"]}, ],"resultType":"vector"},"status":"success"}`)
	month, err := bill.ParseMonth("2026-11")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text string) {
		records, found, err := bill.Read("usage", []byte(text), month)
		if err != nil && (records != nil || found != nil) {
			t.Error("a file that can't be read has records")
		}
		for _, r := range records {
			if !r.From.Before(r.To) || r.Amount.Sign() < 0 {
				t.Errorf("%+v", r)
			}
		}
	})
}
