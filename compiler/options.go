package compiler

import (
	"fmt"
	"regexp"
	"time"

	"github.com/tenantry/tenantry/compiler/load"
	"github.com/tenantry/tenantry/compiler/pins"
	"github.com/tenantry/tenantry/compiler/source"
	"github.com/tenantry/tenantry/internal/store"
	"github.com/tenantry/tenantry/render"
)

// Options say what to compile, and what decisions to go on from.
type Options struct {
	// Dir is the tenancy repo: a directory with a cue.mod, or with Revision a git
	// repository.
	Dir string
	// Revision is a git revision; empty means the files on disk.
	Revision string
	// Out is the output directory; empty means that nothing is written.
	Out string
	// Pins names the output whose pins hold: a directory, or REV:PATH in the
	// repository at Dir. Empty means Out.
	Pins string
	// Former are decisions to go on from that are at hand; then Pins is not read.
	Former *pins.Pins
	// AsOf is the date that sunsets and expiries are compared with. Empty means the
	// date in the pins, or today where there are none.
	AsOf string
	// Bootstrap allows an output without pins to be filled.
	Bootstrap bool
	// Strict writes nothing where any error was found.
	Strict bool
	// Release lets go of all documents before an output is written, whose files at
	// 100,000 logical clusters have better use for the memory. Then the result has no
	// Documents, and of its Tenancy only what is rendered; see tenancy.Tenancy.Released.
	Release bool
	// Targets are the backings and GitOps engines that there are; nil means those that
	// come with Tenantry.
	Targets *render.Targets
	// Unpromised does not hold API sets to what they promise: for those who compare
	// versions to see what a promise would say.
	Unpromised bool
	// Advise adds notes on how the source could be arranged.
	Advise bool
	// Workers is the number of directories evaluated at a time; 0 means one for
	// each processor.
	Workers int
	// Cache may be nil.
	Cache *store.Cache
	// Evaluated may be nil; compilations that are given the same share what they
	// evaluate.
	Evaluated *load.Evaluated
	// Build identifies the program, see [store.Build]. It keys the cache.
	Build string
	// Applied are the steps of removals that somebody saw on the physical clusters.
	Applied map[Applied]bool
	// Timeout bounds the evaluation of one directory; 0 means the loader's default.
	Timeout time.Duration
	// Opened is told the source before anything is made of it; nil means nobody listens.
	Opened func(*source.Tree)
	// Progress is told how far a stage has come; nil means nobody listens. The last
	// call has an empty stage.
	Progress func(stage string, done, total int)
}

func (o *Options) progress(stage string, done, total int) {
	if o.Progress != nil {
		o.Progress(stage, done, total)
	}
}

// check refuses options that no run can have.
func (o *Options) check() error {
	if o.AsOf != "" && !isDate(o.AsOf) {
		return fmt.Errorf("%q is not a date such as 2026-11-20", o.AsOf)
	}
	return nil
}

var datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

func isDate(s string) bool {
	_, err := time.Parse(time.DateOnly, s)
	return err == nil && datePattern.MatchString(s)
}
