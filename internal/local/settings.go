package local

import (
	"io"
	"time"

	"dozen/internal/local/rollout"
)

// Settings say what runs, and where.
type Settings struct {
	Assembly    string // the directory that `cdk synth` wrote
	Environment string // its name in the assembly
	Checkout    string // directory with node_modules, where PostgreSQL's binaries are
	Postgres    string // directory with PostgreSQL's binaries, if they are to be from elsewhere
	State       State

	Port       int               // of the load balancer; 0 is 8080, or the next free one
	Scale      map[string]int    // tasks by process name; the template's least where it says nothing
	Engine     string            // container engine: "" finds one, "none" uses processes, anything else is its command
	Values     map[string]string // what only the deployed environment's Parameter Store and injected secrets hold
	ValuesFile string            // where a person writes them
	Out        io.Writer
	Plain      bool // no colours

	// What AWS leaves open, for the proof that a release drops nothing.
	RoutingLag time.Duration     // how long after its deregistration a target may get new requests; 0 by default
	StopOrder  rollout.StopOrder // whether a task is deregistered or told to stop first
}
