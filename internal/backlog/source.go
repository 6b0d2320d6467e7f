package backlog

import (
	"encoding/json"
	"fmt"
	"slices"
)

// Source is where the jobs of a worker wait.
type Source struct {
	Process string   // the worker's name in the Procfile
	Kind    string   // "sql" or the name of a library, see Kinds
	Queues  []string // the queues that count; none: all that the library knows
	Query   string   // of kind "sql"
}

// count is the number of jobs that are due or running, and how long the oldest due one has waited.
type count struct {
	jobs float64
	age  float64 // in seconds
	aged bool    // reports whether the age is known
}

// Kinds returns the kinds of sources that Run knows, sorted.
func Kinds() []string {
	kinds := []string{ownQuery}
	for kind := range libraries {
		kinds = append(kinds, kind)
	}
	for kind := range lists {
		kinds = append(kinds, kind)
	}
	slices.Sort(kinds)
	return kinds
}

// Parse reads a JSON list of sources.
func Parse(text string) ([]Source, error) {
	var sources []Source
	if text == "" {
		return nil, nil
	}
	if err := json.Unmarshal([]byte(text), &sources); err != nil {
		return nil, err
	}
	for _, s := range sources {
		if !slices.Contains(Kinds(), s.Kind) {
			return nil, fmt.Errorf("the kind %q of %s is unknown; known are %q", s.Kind, s.Process, Kinds())
		}
	}
	return sources, nil
}

// inDatabase reports whether the jobs are rows.
func (s Source) inDatabase() bool {
	_, ok := lists[s.Kind]
	return !ok
}
