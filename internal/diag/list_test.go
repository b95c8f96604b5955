package diag

import (
	"fmt"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListGathersFromGoroutines(t *testing.T) {
	var l List
	var wg sync.WaitGroup
	for i := range 50 {
		wg.Go(func() {
			l.Add(Diagnostic{Code: "TEN9001", Message: fmt.Sprintf("%02d", 49-i)}, Diagnostic{Code: "TEN9000", Message: "all say this", Suggestion: fmt.Sprintf("%02d", i)})
		})
	}
	wg.Wait()
	want := []Diagnostic{{Code: "TEN9000", Message: "all say this", Suggestion: "00"}}
	for i := range 50 {
		want = append(want, Diagnostic{Code: "TEN9001", Message: fmt.Sprintf("%02d", i)})
	}
	got := l.All()
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	got[0].Message = "changed"
	if diff := cmp.Diff(want, l.All()); diff != "" {
		t.Error("the copy is not the caller's own:", diff)
	}
	if got := new(List).All(); len(got) != 0 {
		t.Errorf("an empty list has %v", got)
	}
}

func TestWhatIsSaidWithAPlaceIsSaidOnce(t *testing.T) {
	at := Position{File: "a.cue", Line: 3, Column: 1}
	same := func(p Position, document string) Diagnostic {
		return New(FieldMissing, p, "it is missing").About(document)
	}
	got := Sort([]Diagnostic{same(at, "x"), same(Position{File: "a.cue"}, "x"), same(Position{File: "a.cue"}, "y"), same(Position{}, "")})
	if len(got) != 3 || got[0].Document != "" || got[1].Document != "y" || got[2].Position != at {
		t.Errorf("%v", got)
	}
}
