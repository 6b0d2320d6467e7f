package main

import (
	"fmt"
	"runtime/debug"
)

type version struct{}

// Run prints the commit that dozen was built from; a change that is not committed is marked.
func (*version) Run(s *session) error {
	commit, changed, compiler := "unknown commit", "", ""
	if info, ok := debug.ReadBuildInfo(); ok {
		compiler = info.GoVersion
		for _, setting := range info.Settings {
			switch {
			case setting.Key == "vcs.revision":
				commit = setting.Value
			case setting.Key == "vcs.modified" && setting.Value == "true":
				changed = " with changes"
			}
		}
	}
	_, err := fmt.Fprintf(s.out, "dozen %s%s, %s\n", commit, changed, compiler)
	return err
}
