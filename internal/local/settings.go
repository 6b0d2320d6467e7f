package local

import (
	"io"
	"time"

	"dozen/internal/local/rollout"
)

// Settings are what Up needs to run an environment.
type Settings struct {
	Assembly    string // directory that `cdk synth` wrote
	Environment string // its name in the assembly
	Checkout    string // directory with node_modules, which has PostgreSQL's binaries
	App         string // directory of the app's sources, which may have node_modules of its own
	Postgres    string // directory with other binaries of PostgreSQL; optional
	Home        Home

	Port       int               // of the load balancer; 0: 8080, or the next free port
	Scale      map[string]int    // number of tasks by process; default: the template's minimum
	Engine     string            // container engine: "" finds one, "none" uses processes, anything else is its command
	Values     map[string]string // values for Parameter Store and injected secrets
	ValuesFile string            // where the user writes the values
	Out        io.Writer
	Plain      bool // no colours

	// What AWS does not specify, for the proof that a release drops no request.
	RoutingLag time.Duration     // how long a target may get new requests after its deregistration; default 0
	StopOrder  rollout.StopOrder // whether a task is deregistered or gets SIGTERM first
}
